"""Finds the native sources, the compilers and the flags.

Environment:
  CXX: the C++ compiler, with arguments if need be; g++ otherwise.
  TFDISCO_NVCC: the CUDA compiler; otherwise nvcc from PATH or /usr/local/cuda/bin.
  TFDISCO_CUDA: 0 leaves the CUDA kernels out.
  TFDISCO_CUDA_ARCHS: compute capabilities to compile for, such as '80;90', or 'all'; otherwise
    those of the GPUs that nvidia-smi sees, and no CUDA kernels where it sees none.
"""

import dataclasses
import hashlib
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess

# No contraction into fused multiply-adds: CPU and reference then round alike. And nobody asks
# for floating-point traps, without which a choice of values is vector code.
CXX_FLAGS = ('-O3', '-std=c++17', '-fPIC', '-ffp-contract=off', '-fno-trapping-math')
NVCC_FLAGS = ('-O3', '-std=c++17', '-Xcompiler', '-fPIC', '--expt-relaxed-constexpr')
# Where a product and a sum must round one by one on a GPU as well: triangles that share an edge
# decide by the sign of the same number to whom a pixel belongs.
NVCC_FLAGS_OF = {'rasterize_triangles': ('-fmad=false',)}
# CUDA sources for a CPU: ops/emulation has what they need of CUDA.
EMULATION = 'emulation'
EMULATION_FLAGS = ('-O1', '-x', 'c++', '-D__CUDACC__', '-DTFDISCO_CUDA=1')
CUDA_LIBRARIES = ('-lcudart_static', '-ldl', '-lrt', '-lpthread')
CUDA_ARCHS = ('70', '75', '80', '86', '89', '90', '100')
COMPILERS = ('g++', 'c++', 'clang++')
SUFFIXES = ('.h', '.cc', '.cu')


class BuildError(RuntimeError):
    """Native code could not be built: the first line says what failed, the rest why."""

    @property
    def summary(self):
        """The message on one line."""
        lines = [line.strip() for line in str(self).splitlines() if line.strip()]
        errors = [line for line in lines[1:] if re.search(r'\b(error|undefined)\b', line)]
        return ': '.join(lines[:1] + errors[:1])


@dataclasses.dataclass(frozen=True)
class Nvcc:
    """A CUDA compiler and what it needs."""

    command: str
    version: str
    includes: tuple  # compiler flags
    libraries: tuple  # linker flags
    architectures: tuple  # nvcc flags


def source_root():
    """The folder `ops`: inside an installed package, else that of the repository."""
    packaged = pathlib.Path(__file__).resolve().parent / 'sources' / 'ops'
    if packaged.is_dir():
        return packaged
    return pathlib.Path(__file__).resolve().parents[2] / 'ops'


def sources(root, kind):
    """Splits the source files by compiler.

    Args:
      root: the folder `ops`.
      kind: 'native', everything but the C interface; or 'capi' and 'emulated', the C
        interface and the kernels without their TensorFlow interface.

    Returns:
      (.cc files, .cu files), sorted.

    Raises:
      BuildError: if there is nothing to compile.
    """
    files = sorted(path for path in root.glob('*/*') if path.suffix in ('.cc', '.cu'))
    if kind == 'native':
        files = [path for path in files if path.parent.name != 'capi']
    else:
        files = [path for path in files if not path.stem.endswith('_op')]
    cc = [path for path in files if path.suffix == '.cc']
    if not cc:
        raise BuildError(f'no native sources in {root}: install tfdisco again')
    return cc, [path for path in files if path.suffix == '.cu']


def digest(root):
    """sha256 over the names and contents of all sources below `root`."""
    result = hashlib.sha256()
    for path in sorted(root.glob('*/*')):
        if path.suffix in SUFFIXES:
            content = path.read_bytes()
            result.update(f'{path.relative_to(root).as_posix()}\0{len(content)}\0'.encode())
            result.update(content)
    return result.hexdigest()


def find_cxx():
    """Returns (the C++ compiler's command as a list, its version line); raises BuildError."""
    wanted = os.environ.get('CXX', '')
    candidates = [shlex.split(wanted)] if wanted.strip() else [[name] for name in COMPILERS]
    for command in candidates:
        if shutil.which(command[0]):
            version = run(command + ['--version'], f'{command[0]} --version')
            return command, (version.splitlines() or [''])[0]
    asked = f'CXX={wanted}' if wanted.strip() else ', '.join(COMPILERS)
    raise BuildError(f'no C++ compiler found ({asked}): install one, such as g++, or set CXX')


def find_nvcc():
    """Returns (`Nvcc` or None, why there is none)."""
    if os.environ.get('TFDISCO_CUDA', '').strip() == '0':
        return None, 'TFDISCO_CUDA=0'
    wanted = os.environ.get('TFDISCO_NVCC', '').strip()
    command = shutil.which(wanted or 'nvcc') or shutil.which('/usr/local/cuda/bin/nvcc')
    if wanted:
        command = shutil.which(wanted)
    if not command:
        return None, f'no CUDA compiler found ({"TFDISCO_NVCC=" + wanted if wanted else "nvcc"})'
    try:
        version = run([command, '--version'], 'nvcc --version')
        version = re.search(r'release .*|$', version).group() or version.strip()
        supported = run([command, '--list-gpu-arch'], 'nvcc --list-gpu-arch')
        # A dry run prints the folders of this nvcc's headers and libraries.
        plan = run([command, '-dryrun', 'none.cu'], 'nvcc -dryrun')
    except BuildError as error:
        return None, f'{command} does not work ({error})'.replace('\n', ' ')
    architectures = _architectures(re.findall(r'compute_(\w+)', supported))
    if not architectures:
        return None, ('nvidia-smi sees no GPU to compile CUDA kernels for; TFDISCO_CUDA_ARCHS=all '
                      'compiles them for others')
    folders = {key: tuple(shlex.split(value)) for key, value
               in re.findall(r'^#\$ (INCLUDES|LIBRARIES)=(.*)$', plan, re.MULTILINE)}
    return Nvcc(command, version, folders.get('INCLUDES', ()), folders.get('LIBRARIES', ()),
                architectures), ''


def _architectures(supported):
    wanted = os.environ.get('TFDISCO_CUDA_ARCHS', '').replace(',', ';').split(';')
    wanted = [arch.strip() for arch in wanted if arch.strip()]
    known, present = [arch for arch in CUDA_ARCHS if arch in supported], _present()
    if wanted == ['all']:
        chosen = known
    elif wanted:
        chosen = wanted
    else:  # a GPU newer than this nvcc runs the machine-independent code of all that it knows
        chosen = present if set(present) <= set(supported) else known
    flags = [f'-gencode=arch=compute_{arch},code=sm_{arch}' for arch in chosen]
    if chosen:  # machine-independent code of the newest, for GPUs that are newer still
        newest = max(chosen, key=lambda arch: int(re.match(r'\d*', arch).group() or 0))
        flags.append(f'-gencode=arch=compute_{newest},code=compute_{newest}')
    return tuple(flags)


def _present():
    """Compute capabilities of the GPUs of this machine, such as ['90']."""
    found = nvidia_smi('--query-gpu=compute_cap', '--format=csv,noheader')
    return sorted({f'{major}{minor}' for major, minor in re.findall(r'^(\d+)\.(\d)\s*$', found,
                                                                   re.MULTILINE)}, key=int)


def nvidia_smi(*arguments):
    """What nvidia-smi prints, or '' where there is none or it fails."""
    if not shutil.which('nvidia-smi'):
        return ''
    try:
        return run(['nvidia-smi', *arguments], 'nvidia-smi')
    except BuildError:
        return ''


def tensorflow_flags():
    """Returns {'version', 'compile', 'link', 'cuda': is TensorFlow built with CUDA}."""
    import tensorflow as tf  # late: slow, and not for the C interface
    include = os.path.join(tf.sysconfig.get_include(), 'third_party', 'gpus', 'cuda', 'include')
    return {
        'version': tf.__version__,
        'compile': tuple(tf.sysconfig.get_compile_flags()),
        'link': tuple(tf.sysconfig.get_link_flags()),
        'cuda': bool(tf.test.is_built_with_cuda()),
        'cuda_include': ('-I' + include,),  # of the CUDA release TensorFlow was built with
    }


def system():
    """The platform a library runs on."""
    return f'{platform.system()} {platform.machine()}'


def run(command, label):
    """Runs a tool and returns all it printed; raises BuildError with that if it fails."""
    try:
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, 'LC_ALL': 'C'})  # messages as `summary` reads
    except OSError as error:
        raise BuildError(f'{label} failed\n{error}') from error
    output = done.stdout.decode('utf-8', 'replace')
    if done.returncode:
        raise BuildError(f'{label} failed with exit status {done.returncode}\n{output}'.rstrip())
    return output
