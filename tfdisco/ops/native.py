"""Loads the compiled ops and says which op runs natively.

TFDISCO_OPS chooses for the whole process:
  auto (default): native where it builds and loads, otherwise the reference, with
    one warning.
  native: native, or RuntimeError with the compiler's message.
  reference: the TensorFlow reference; no compiler is touched.

Where no native op can do what is asked, the reference does it whatever the mode: in a
function that XLA compiles, which knows TensorFlow's own ops only, and in graphs for programs
without tfdisco (`standard_ops`). (A tf.function that was traced outside keeps its native ops;
inside a compiled or exported one call its Python function.)

An op module asks `module_for(name, impl)`. TensorFlow is imported only when a
library is loaded, so `build_capi` works without it.
"""

import contextlib
import contextvars
import functools
import os
import re
import threading
import warnings

from tfdisco import shapes
from tfdisco.ops import build
from tfdisco.ops.toolchain import BuildError

MODES = ('auto', 'native', 'reference')

# {op: the names it registers with TensorFlow, gradients included}
OPS = {
    'rasterize_triangles': ('TfdiscoRasterizeTriangles', 'TfdiscoRasterizeTrianglesGrad'),
    'interpolate_attributes': ('TfdiscoInterpolateAttributes',
                               'TfdiscoInterpolateAttributesGrad'),
    'image_warp': ('TfdiscoImageWarp', 'TfdiscoImageWarpGrad'),
    'modulated_conv': ('TfdiscoModulate', 'TfdiscoModulateGrad', 'TfdiscoModulateGradGrad'),
    'bias_act': ('TfdiscoBiasAct', 'TfdiscoBiasActGrad', 'TfdiscoBiasActGradGrad'),
    'upfirdn2d': ('TfdiscoUpfirdn2d',),
}
_lock = threading.Lock()
_warned = set()
_standard = contextvars.ContextVar('standard', default=False)


@contextlib.contextmanager
def standard_ops():
    """Within it what is traced or computed uses TensorFlow's own ops: any TensorFlow loads it."""
    token = _standard.set(True)
    try:
        yield
    finally:
        _standard.reset(token)


def mode():
    """Returns TFDISCO_OPS; raises ValueError if it is not one of `MODES`."""
    value = os.environ.get('TFDISCO_OPS', '').strip() or 'auto'
    if value not in MODES:
        raise ValueError(f'TFDISCO_OPS: expected one of {list(MODES)}, got {value!r}; '
                         'set or unset the environment variable')
    return value


def load():
    """Builds if need be, and loads.

    Returns:
      The module of TensorFlow ops, or None when the reference is to be used.

    Raises:
      ValueError: if TFDISCO_OPS is unknown.
      RuntimeError: if TFDISCO_OPS=native and the library does not build or load.
    """
    chosen = mode()
    if chosen == 'reference':
        return None
    module, _, reason = _library()
    if module is None:
        _unavailable(reason, chosen == 'native')
    return module


def module_for(name, impl='auto'):
    """Resolves the `impl` argument of an op.

    Args:
      name: a key of `OPS`.
      impl: 'native', 'reference', or 'auto', which follows TFDISCO_OPS.

    Returns:
      The module whose functions are the native ops, or None for the reference.

    Raises:
      ValueError: if `name`, `impl` or TFDISCO_OPS is unknown.
      RuntimeError: if native is asked for, here or by TFDISCO_OPS, and not there; or
        here, where the native op cannot do what is asked (see above).
    """
    shapes.check_choice('name', name, OPS)
    shapes.check_choice('impl', impl, MODES)
    chosen = mode()
    if impl == 'reference' or (impl == 'auto' and chosen == 'reference'):
        return None
    obstacle = _obstacle()
    if obstacle:
        if impl == 'native':
            raise RuntimeError(f'impl="native" of {name}: {obstacle}; leave impl at "auto", '
                               'which takes the reference here')
        return None
    module, reason = _module_with(name, chosen)
    if module is None:
        _unavailable(reason, 'native' in (impl, chosen))
    return module


def status():
    """What runs where, for the doctor; builds the library if TFDISCO_OPS allows.

    Returns:
      {op: {'cpu': 'native' or 'reference', 'cuda': 'built' or 'not built',
            'why': what keeps it from being native and built, or ''}}
    """
    result = {}
    for name, registered in OPS.items():
        try:
            chosen = mode()
            module, reason = _module_with(name, chosen)
        except ValueError as error:
            module, reason = None, str(error)
        cuda = False
        if module is not None:
            cuda = all('GPU' in _devices(op) for op in registered)
            reason = '' if cuda else _library()[1].why_no_cuda or 'no CUDA kernel registered'
        result[name] = {'cpu': 'reference' if module is None else 'native',
                        'cuda': 'built' if cuda else 'not built', 'why': _summary(reason)}
    return result


def build_capi(cuda=False, emulated=False):
    """Compiles the kernels behind their C interface; needs no TensorFlow.

    Args:
      cuda: whether to include the CUDA kernels.
      emulated: whether to include them for the CPU, see ops/emulation/cuda_runtime.h: what
        takes device pointers then takes the host's.

    Returns:
      The path of the shared library, for ctypes.

    Raises:
      RuntimeError: with the compiler's message, also if `cuda` cannot be had.
    """
    built = build.ensure('emulated' if emulated else 'capi', cuda)
    if cuda and not emulated and not built.cuda:
        raise RuntimeError(f'no CUDA kernels in the C interface: {built.why_no_cuda}')
    return str(built.path)


def _obstacle():
    """Why the op being built cannot be native although it may be there, or ''."""
    # TensorFlow has no public way to ask what is asked of it here.
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import control_flow_util
    if _standard.get():
        return "within standard_ops(), graphs hold TensorFlow's own ops only"
    if control_flow_util.GraphOrParentsInXlaContext(ops.get_default_graph()):
        return "XLA compiles TensorFlow's own ops only"
    return ''


def _module_with(name, chosen):
    """Returns (module, '') if it has every function of the op, else (None, why)."""
    if chosen == 'reference':
        return None, 'TFDISCO_OPS=reference'
    module, built, reason = _library()
    if module is None:
        return None, reason
    missing = [op for op in OPS[name] if not hasattr(module, _function(op))]
    if missing:
        return None, f'{built.path} registers no {", ".join(missing)}'
    return module, ''


def _library():
    with _lock:  # replicas may ask from several threads
        return _library_once()


@functools.lru_cache(maxsize=1)
def _library_once():
    """Returns (module, `build.Built`, ''), or (None, None, why)."""
    try:
        built = build.ensure()
    except BuildError as error:
        return None, None, error
    import tensorflow as tf  # late: see the docstring above
    try:
        return tf.load_op_library(str(built.path)), built, ''
    except (tf.errors.OpError, OSError, RuntimeError) as error:
        return None, None, BuildError(f'{built.path} does not load\nerror: {error}')


def _unavailable(reason, fatal):
    """Raises RuntimeError with the whole reason, or warns once with its first line."""
    if fatal:
        raise RuntimeError(f'native ops are not available: {reason}\n'
                           'TFDISCO_OPS=reference and impl="reference" do without them.')
    summary = _summary(reason)
    if summary not in _warned:
        _warned.add(summary)
        warnings.warn(f'tfdisco: native ops are not available ({summary}); the slower reference '
                      'is used. `python -m tfdisco.doctor` says what to do; TFDISCO_OPS=reference '
                      'silences this.', RuntimeWarning, stacklevel=4)


def _summary(reason):
    return getattr(reason, 'summary', str(reason))


def _function(op):
    """TensorFlow's Python name of a registered op: TfdiscoImageWarp -> tfdisco_image_warp."""
    return re.sub(r'(?<!^)(?=[A-Z])', '_', op).lower()


def _devices(op):
    from tensorflow.python.framework import kernels
    return {kernel.device_type for kernel in kernels.get_registered_kernels_for_op(op).kernel}
