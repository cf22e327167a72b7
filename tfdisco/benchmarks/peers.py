"""Other people's implementations of what our ops do, to be timed beside ours."""

import importlib
import pathlib
import sys

import tensorflow as tf

from tfdisco.ops import build, toolchain

_KERNELS = 'tensorflow_graphics.rendering.kernels'
# As the wheel's own BUILD file compiles it, in the C++ that current TensorFlow headers ask for.
_FLAGS = ('-O2', '-std=c++17', '-fPIC')


def graphics_cpu_backend():
    """tensorflow-graphics' own CPU rasterisation backend.

    Its wheel ships the library compiled against an old TensorFlow, which does not
    load, and the sources, which are compiled here into tfdisco's cache.

    Returns:
      The module `tensorflow_graphics.rendering.kernels.rasterization_backend`.

    Raises:
      toolchain.BuildError: if there is no compiler or it fails.
    """
    package = importlib.import_module(_KERNELS)
    folder = pathlib.Path(package.__file__).parent
    flags = toolchain.tensorflow_flags()
    target = build.cache_root() / 'peers' / f'tensorflow_graphics-{flags["version"]}-O2.so'
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        command, _ = toolchain.find_cxx()
        partial = target.with_suffix('.part')
        toolchain.run([*command, *_FLAGS, '-shared', *flags['compile'], f'-I{folder}',
                       *sorted(folder.glob('*.cc')), *flags['link'], '-o', partial],
                      'compiling the kernel of tensorflow-graphics')
        partial.replace(target)
    # The backend looks for generated bindings first, and finds these.
    sys.modules[f'{_KERNELS}.gen_rasterizer_op'] = tf.load_op_library(str(target))
    sys.modules.pop(f'{_KERNELS}.rasterization_backend', None)  # ours, where installed
    return importlib.import_module(f'{_KERNELS}.rasterization_backend')


def addons_image_warp():
    """`dense_image_warp` of tensorflow-addons, or None where it does not exist."""
    try:
        return importlib.import_module('tensorflow_addons').image.dense_image_warp
    except ImportError:
        return None
