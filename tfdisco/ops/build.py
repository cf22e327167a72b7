"""Compiles the native ops once and keeps the library in a cache.

`python -m tfdisco.ops.build` builds up front; otherwise the first use does. A
library lives in `<cache>/<kind>/<key>/`, where the key covers everything that
decides its content: sources, flags, compilers, TensorFlow, platform. Beside it,
`build.json` holds its sha256, so that a truncated file is never loaded. The
cache is TFDISCO_CACHE, else $XDG_CACHE_HOME/tfdisco, else ~/.cache/tfdisco.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import warnings
from multiprocessing.pool import ThreadPool

from tfdisco.ops import toolchain
from tfdisco.ops.toolchain import BuildError

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None

LIBRARIES = {'native': 'libtfdisco_ops.so', 'capi': 'libtfdisco_capi.so',
             'emulated': 'libtfdisco_emulated.so'}
SIDECAR = 'build.json'
ROUGH_SECONDS_A_FILE = {'native': 12, 'capi': 2, 'emulated': 4}  # only for the progress line


@dataclasses.dataclass(frozen=True)
class Built:
    """A library and how it came to be."""

    path: pathlib.Path
    record: dict  # the content of build.json

    @property
    def cuda(self):
        """Whether CUDA kernels are in it."""
        return self.record['cuda']

    @property
    def why_no_cuda(self):
        """Why there are none, or ''."""
        return self.record['why_no_cuda']


def cache_root():
    """The folder that holds everything tfdisco compiled."""
    chosen = os.environ.get('TFDISCO_CACHE')
    if chosen:
        return pathlib.Path(os.path.expanduser(chosen))
    base = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
    return pathlib.Path(base) / 'tfdisco'


def ensure(kind='native', cuda=True, force=False):
    """Returns the library, compiling it first if the cache has none.

    Args:
      kind: 'native', the TensorFlow ops; 'capi', the C interface, which needs no
        TensorFlow; or 'emulated', the C interface whose CUDA kernels run on the CPU, for tests.
      cuda: whether to compile the CUDA kernels where that is possible.
      force: compile even if the cache has the library.

    Returns:
      `Built`.

    Raises:
      BuildError: with the compiler's message.
    """
    recipe = _Recipe.make(kind, cuda)
    folder = cache_root() / kind / recipe.key
    built = None if force else _read(folder, recipe)
    if built:
        return built
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.with_suffix('.lock')):
            built = None if force else _read(folder, recipe)  # another process was quicker
            return built or _build(recipe, folder)
    except OSError as error:
        raise BuildError(f'the cache {cache_root()} cannot be written ({error}): set '
                         'TFDISCO_CACHE to a folder that can') from error


@dataclasses.dataclass(frozen=True)
class _Recipe:
    """Everything that decides what a library contains."""

    kind: str
    root: pathlib.Path
    cxx: tuple
    compile_flags: tuple
    link_flags: tuple
    cuda_includes: tuple
    nvcc: object  # toolchain.Nvcc, or None
    why_no_cuda: str
    facts: dict  # what the key is made of

    @classmethod
    def make(cls, kind, cuda):
        if fcntl is None:
            raise BuildError(f'native ops are not built on {toolchain.system()}')
        root = toolchain.source_root()
        toolchain.sources(root, kind)
        cxx, cxx_version = toolchain.find_cxx()
        nvcc, why = None, 'not asked for'
        if cuda and kind != 'emulated':
            nvcc, why = toolchain.find_nvcc()
        flags = {'version': '', 'compile': (), 'link': (), 'cuda': True, 'cuda_include': ()}
        if kind == 'native':
            flags = toolchain.tensorflow_flags()
            if nvcc and not flags['cuda']:
                nvcc, why = None, 'this TensorFlow is built without CUDA'
        recipe = cls(kind, root, tuple(cxx), toolchain.CXX_FLAGS + flags['compile'],
                     flags['link'], flags['cuda_include'], nvcc, why, {})
        recipe.facts.update({
            'kind': kind,
            'tensorflow': flags['version'],
            'system': toolchain.system(),
            'compiler': [*cxx, cxx_version],
            'flags': [*recipe.compile_flags, *recipe.link_flags],
            'nvcc': [nvcc.command, nvcc.version, *nvcc.architectures, *toolchain.NVCC_FLAGS,
                     toolchain.NVCC_FLAGS_OF] if nvcc else [],
            'sources': toolchain.digest(root),
        })
        return recipe

    @property
    def key(self):
        text = json.dumps(self.facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def jobs(self, folder, cuda):
        """(command, object file) of every source."""
        cc, cu = toolchain.sources(self.root, self.kind)
        include = '-I' + str(self.root.parent)
        extra = ()
        if cuda:  # the C interface calls the CUDA runtime itself: nvcc's own headers
            extra = ('-DTFDISCO_CUDA=1', *(self.cuda_includes or self.nvcc.includes))
        if self.kind == 'emulated':
            extra = (*toolchain.EMULATION_FLAGS, f'-I{self.root / toolchain.EMULATION}')
            cc, cu = [*cc, *cu], []
        commands = [(path, [*self.cxx, *self.compile_flags, *extra, include]) for path in cc]
        if cuda:
            commands += [(path, [self.nvcc.command, *toolchain.NVCC_FLAGS,
                                 *toolchain.NVCC_FLAGS_OF.get(path.parent.name, ()),
                                 *self.nvcc.architectures, '-DTFDISCO_CUDA=1', include])
                         for path in cu]
        result = []
        for path, command in commands:
            output = folder / f'{path.parent.name}.{path.name}.o'
            result.append((path, output, [*command, '-c', str(path), '-o', str(output)]))
        return result


def _build(recipe, folder):
    started = time.time()
    for left in folder.parent.glob(folder.name + '.*'):  # by one that was killed: we have the lock
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=folder.name + '.', dir=folder.parent))
    try:
        library = work / LIBRARIES[recipe.kind]
        cuda, why = bool(recipe.nvcc), recipe.why_no_cuda
        try:
            _compile(recipe, library, cuda)
        except BuildError as error:
            if not cuda:
                raise
            cuda, why = False, error.summary
            _compile(recipe, library, cuda)
            warnings.warn(f'tfdisco: the CUDA kernels did not build ({why}); the library is for '
                          'the CPU only. `python -m tfdisco.ops.build --force` tries again.',
                          RuntimeWarning, stacklevel=2)
        record = {'key': recipe.key, 'sha256': _sha256(library), 'cuda': cuda,
                  'why_no_cuda': why, 'seconds': round(time.time() - started, 1),
                  **recipe.facts}
        (work / SIDECAR).write_text(json.dumps(record, indent=1) + '\n')
        if folder.exists():  # damaged, or replaced on request
            os.replace(folder, work / 'old')
        os.chmod(work, 0o755)
        shutil.rmtree(work / 'objects')
        os.replace(work, folder)
        shutil.rmtree(folder / 'old', ignore_errors=True)
        return Built(folder / library.name, record)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _compile(recipe, library, cuda):
    objects = library.parent / 'objects'
    objects.mkdir(exist_ok=True)
    jobs = recipe.jobs(objects, cuda)
    workers = max(1, min(len(jobs), len(os.sched_getaffinity(0))
                         if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1))
    seconds = -(-len(jobs) // workers) * ROUGH_SECONDS_A_FILE[recipe.kind]
    what = f'{recipe.kind} ops {"with" if cuda else "without"} CUDA'
    print(f'tfdisco: compiling {what} (once, about {seconds} s)...', file=sys.stderr, flush=True)
    failed = []

    def compile_one(job):
        source, _, command = job
        if failed:
            return
        try:
            toolchain.run(command, f'compiling {source.name}')
        except BuildError as error:
            failed.append(error)

    with ThreadPool(workers) as threads:
        threads.map(compile_one, jobs, chunksize=1)
    if failed:
        raise failed[0]
    link = [*recipe.cxx, '-shared', *(str(output) for _, output, _ in jobs), *recipe.link_flags]
    if cuda:
        link += [*recipe.nvcc.libraries, *toolchain.CUDA_LIBRARIES]
    toolchain.run([*link, '-o', str(library)], f'linking {library.name}')


def _read(folder, recipe):
    """Returns the library in `folder`, or None if it is missing, damaged or another's."""
    path = folder / LIBRARIES[recipe.kind]
    try:
        record = json.loads((folder / SIDECAR).read_text())
        if record['key'] == recipe.key and record['sha256'] == _sha256(path):
            if not recipe.nvcc:  # the reason may have changed since
                record['why_no_cuda'] = recipe.why_no_cuda
            return Built(path, record)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def _lock(path):
    with open(path, 'w', encoding='utf-8') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('tfdisco: waiting for another process that compiles the ops...',
                  file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file releases the lock


def main(arguments=None):
    """Builds from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog='python -m tfdisco.ops.build',
                                     description='Compiles the native ops.')
    parser.add_argument('--capi', action='store_true', help='the C interface as well')
    parser.add_argument('--force', action='store_true', help='compile even if it is there')
    options = parser.parse_args(arguments)
    for kind in ('native', 'capi') if options.capi else ('native',):
        started = time.time()
        try:
            built = ensure(kind, force=options.force)
        except BuildError as error:
            print(f'tfdisco: {error}', file=sys.stderr)
            return 1
        cuda = 'with CUDA' if built.cuda else f'CPU only: {built.why_no_cuda}'
        print(f'{built.path} ({cuda}; {time.time() - started:.1f} s)')
    return 0


if __name__ == '__main__':
    sys.exit(main())
