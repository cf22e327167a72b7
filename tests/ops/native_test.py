"""native: builds once, never loads a damaged library, and falls back with one clear line."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import warnings

import pytest

from tfdisco.ops import build, native, toolchain

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
GOOD = 'extern "C" int tfdisco_fake() { return 7; }\n'
COMPILES = shutil.which('g++') is not None
needs_compiler = pytest.mark.skipif(not COMPILES, reason='no g++ here')


class Tree:
    """A tiny source tree with a compiler that counts what it compiles."""

    def __init__(self, folder):
        self.root = folder / 'ops'
        self.log = folder / 'compiled'
        self.cache = folder / 'cache'
        self.cxx = script(folder / 'cxx', f'for a in "$@"; do [ "$a" = -c ] && '
                          f'echo x >> {self.log}; done; sleep ${{SLEEP:-0}}; exec g++ "$@"')
        self.write('fake/fake_op.cc', GOOD)
        self.write('fake/fake_cpu.cc', 'extern "C" int tfdisco_cpu() { return 8; }\n')
        self.write('common/fake.h', '// nothing\n')

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    @property
    def folders(self):
        return [path for path in (self.cache / 'native').glob('*') if path.is_dir()]

    @property
    def compiled(self):
        return len(self.log.read_text().split()) if self.log.exists() else 0


def script(path, text):
    path.write_text('#!/bin/sh\n' + text + '\n')
    path.chmod(0o755)
    return path


def forget(monkeypatch):
    """Lets `native` start as in a new process."""
    once = functools.lru_cache(maxsize=1)(native._library_once.__wrapped__)
    monkeypatch.setattr(native, '_library_once', once)
    monkeypatch.setattr(native, '_warned', set())


@pytest.fixture
def tree(tmp_path, monkeypatch):
    made = Tree(tmp_path)
    monkeypatch.setattr(toolchain, 'source_root', lambda: made.root)
    monkeypatch.setattr(native, 'OPS', {'fake': ()})
    for name in ('TFDISCO_OPS', 'TFDISCO_NVCC', 'TFDISCO_CUDA_ARCHS'):
        monkeypatch.delenv(name, raising=False)
    for name, value in {'TFDISCO_CACHE': made.cache, 'CXX': made.cxx, 'TFDISCO_CUDA': 0}.items():
        monkeypatch.setenv(name, str(value))
    forget(monkeypatch)
    return made


def falls_back(monkeypatch, expected):
    """Checks each mode when native ops cannot be had; `expected` is in every message."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        assert native.load() is None
        assert native.module_for('fake') is None
    ours = [str(item.message) for item in caught if item.category is RuntimeWarning]
    assert len(ours) == 1 and '\n' not in ours[0] and expected in ours[0], ours
    assert 'TFDISCO_OPS=reference' in ours[0] and 'tfdisco.doctor' in ours[0]
    with pytest.raises(RuntimeError, match=re.escape(expected)):
        native.module_for('fake', 'native')
    state = native.status()['fake']
    assert state['cpu'] == 'reference' and expected in state['why'], state
    monkeypatch.setenv('TFDISCO_OPS', 'native')
    with pytest.raises(RuntimeError, match=re.escape(expected)):
        native.load()
    with pytest.raises(RuntimeError, match=re.escape(expected)):
        native.module_for('fake')


@needs_compiler
def test_builds_once_and_loads(tree, monkeypatch):
    assert native.load() is not None and tree.compiled == 2
    assert native.module_for('fake') is native.module_for('fake', 'native') is native.load()
    assert native.status()['fake']['cpu'] == 'native'
    forget(monkeypatch)
    assert native.load() is not None and tree.compiled == 2
    folder, = tree.folders
    assert sorted(path.name for path in folder.iterdir()) == ['build.json', 'libtfdisco_ops.so']


def test_no_compiler(tree, monkeypatch, tmp_path):
    monkeypatch.delenv('CXX')
    monkeypatch.setenv('PATH', str(tmp_path / 'empty'))
    falls_back(monkeypatch, 'no C++ compiler found (g++, c++, clang++): install one')
    assert build.main([]) == 1


def test_compiler_that_fails(tree, monkeypatch):
    monkeypatch.setenv('CXX', '/bin/false')
    falls_back(monkeypatch, '/bin/false --version failed with exit status 1')


@needs_compiler
def test_source_that_does_not_compile(tree, monkeypatch, capsys):
    tree.write('fake/fake_op.cc', 'int broken = missing_name;\n')
    falls_back(monkeypatch, 'missing_name')  # only the compiler's own message has it
    capsys.readouterr()
    assert build.main([]) == 1
    assert 'compiling fake_op.cc failed' in capsys.readouterr().err
    assert not tree.folders, 'nothing half-built is left'


@pytest.mark.parametrize('below', ['', 'native'])
def test_cache_that_cannot_be_written(tree, monkeypatch, below):
    (tree.cache / below).parent.mkdir(parents=True, exist_ok=True)
    (tree.cache / below).write_text('a file where a folder should be')
    if not COMPILES:
        monkeypatch.setenv('CXX', 'echo')
    falls_back(monkeypatch, f'the cache {tree.cache} cannot be written')


@needs_compiler
def test_cache_that_cannot_be_written_but_has_the_library(tree, monkeypatch):
    first = build.ensure()

    def denied(path):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(build, '_lock', denied)
    assert build.ensure() == first and tree.compiled == 2
    with pytest.raises(build.BuildError, match='Permission denied'):
        build.ensure(force=True)


@needs_compiler
@pytest.mark.parametrize('damage', ['truncated', 'replaced', 'sidecar', 'other key', 'missing'])
def test_damaged_library_is_built_again(tree, damage):
    built = build.ensure()
    (tree.cache / 'native' / f'{built.record["key"]}.killed' / 'objects').mkdir(parents=True)
    whole, sidecar = built.path.read_bytes(), built.path.with_name('build.json')
    if damage == 'truncated':
        built.path.write_bytes(whole[:len(whole) // 2])
    elif damage == 'replaced':
        built.path.write_bytes(whole[:-1] + b'!')
    elif damage == 'sidecar':
        sidecar.write_text(sidecar.read_text()[:20])
    elif damage == 'other key':
        sidecar.write_text(sidecar.read_text().replace(built.record['key'], 'f' * 16))
    else:
        built.path.unlink()
    again = build.ensure()
    assert tree.compiled == 4 and again.path == built.path
    assert json.loads(sidecar.read_text())['sha256'] == build._sha256(again.path)
    assert native.load() is not None
    assert tree.folders == [built.path.parent]


@needs_compiler
def test_library_of_another_tensorflow(tree, monkeypatch):
    # What a changed TensorFlow looks like to the loader: a symbol it no longer has.
    tree.write('fake/fake_op.cc', 'extern "C" int gone_since(); int value = gone_since();\n')
    falls_back(monkeypatch, 'undefined symbol: gone_since')


@needs_compiler
def test_library_without_the_op(tree, monkeypatch):
    monkeypatch.setattr(native, 'OPS', {'fake': ('TfdiscoFake',)})
    assert native.load() is not None
    with pytest.warns(RuntimeWarning, match='registers no TfdiscoFake'):
        assert native.module_for('fake') is None
    assert native._function('TfdiscoImageWarpGrad') == 'tfdisco_image_warp_grad'


CONCURRENT = """
import pathlib, sys
from tfdisco.ops import native, toolchain
toolchain.source_root = lambda: pathlib.Path(sys.argv[1])
print(native.build_capi())
assert 'tensorflow' not in sys.modules
"""


@needs_compiler
def test_two_processes_build_once_and_without_tensorflow(tree):
    environment = {**os.environ, 'SLEEP': '0.7', 'PYTHONPATH': str(REPOSITORY)}
    processes = [subprocess.Popen([sys.executable, '-c', CONCURRENT, str(tree.root)],
                                  env=environment, stdout=subprocess.PIPE, text=True)
                 for _ in range(2)]
    paths = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert paths[0] == paths[1] and pathlib.Path(paths[0]).is_file()
    assert tree.compiled == 1, 'the C interface leaves out fake_op.cc, and is built once'


@needs_compiler
def test_capi_needs_cuda_when_asked(tree):
    assert pathlib.Path(native.build_capi()).name == 'libtfdisco_capi.so'
    with pytest.raises(RuntimeError, match='TFDISCO_CUDA=0'):
        native.build_capi(cuda=True)


def test_mode_reference_touches_no_compiler(tree, monkeypatch):
    monkeypatch.setenv('TFDISCO_OPS', 'reference')
    monkeypatch.setattr(build, 'ensure', lambda: pytest.fail('compiled'))
    assert native.load() is None
    assert native.module_for('fake') is native.module_for('fake', 'reference') is None
    assert native.status()['fake'] == {'cpu': 'reference', 'cuda': 'not built',
                                       'why': 'TFDISCO_OPS=reference'}
    with pytest.raises(RuntimeError, match='TFDISCO_OPS=reference'):
        native.module_for('fake', 'native')


def test_graphs_for_others_take_the_reference():
    with pytest.raises(RuntimeError, match='within standard_ops'), native.standard_ops():
        assert native.module_for('bias_act') is None
        native.module_for('bias_act', 'native')
    assert not native._obstacle()


def test_unknown_values(tree, monkeypatch):
    with pytest.raises(ValueError, match="impl: expected one of .* got 'cuda'"):
        native.module_for('fake', 'cuda')
    monkeypatch.setenv('TFDISCO_OPS', 'reference')
    with pytest.raises(ValueError, match="name: expected one of .* got 'wrap'"):
        native.module_for('wrap')
    monkeypatch.setenv('TFDISCO_OPS', 'Native')
    for call in (native.load, lambda: native.module_for('fake')):
        with pytest.raises(ValueError, match="TFDISCO_OPS: expected one of .* got 'Native'"):
            call()
    assert "got 'Native'" in native.status()['fake']['why']


def fake_nvcc(folder, compiles):
    return script(folder / 'nvcc', 'case "$*" in --version) echo release 12.9;; '
                  '--list-gpu-arch) echo compute_75; echo compute_86; echo compute_90a;; '
                  '-dryrun*) echo "#\\$ INCLUDES=\\"-I/nvcc/include\\" "; '
                  'echo "#\\$ LIBRARIES=  \\"-L/nvcc/lib\\"";; '
                  f'*) echo "error: no device code"; {compiles};; esac')


def test_nvcc_is_asked_for_its_architectures(tree, tmp_path, monkeypatch):
    monkeypatch.delenv('TFDISCO_CUDA')
    monkeypatch.setenv('TFDISCO_NVCC', str(fake_nvcc(tmp_path, 'exit 1')))
    seen = {'smi': 'no devices were found'}
    monkeypatch.setattr(toolchain, 'nvidia_smi', lambda *_: seen['smi'])
    monkeypatch.delenv('TFDISCO_CUDA_ARCHS', raising=False)
    assert toolchain.find_nvcc() == (None, 'nvidia-smi sees no GPU to compile CUDA kernels for; '
                                     'TFDISCO_CUDA_ARCHS=all compiles them for others')
    seen['smi'] = '8.6\n7.5\n8.6\n'
    assert toolchain.find_nvcc()[0].architectures == (
        '-gencode=arch=compute_75,code=sm_75', '-gencode=arch=compute_86,code=sm_86',
        '-gencode=arch=compute_86,code=compute_86')
    seen['smi'] = '7.5\n'
    assert len(toolchain.find_nvcc()[0].architectures) == 2
    seen['smi'] = '12.0\n7.5\n'  # newer than this nvcc
    assert toolchain.find_nvcc()[0].architectures[-1] == (
        '-gencode=arch=compute_86,code=compute_86')
    monkeypatch.setenv('TFDISCO_CUDA_ARCHS', 'all')
    nvcc, why = toolchain.find_nvcc()
    assert why == '' and nvcc.version == 'release 12.9'
    assert nvcc.includes == ('-I/nvcc/include',) and nvcc.libraries == ('-L/nvcc/lib',)
    assert nvcc.architectures == ('-gencode=arch=compute_75,code=sm_75',
                                  '-gencode=arch=compute_86,code=sm_86',
                                  '-gencode=arch=compute_86,code=compute_86')
    monkeypatch.setenv('TFDISCO_CUDA_ARCHS', '80;90')
    assert toolchain.find_nvcc()[0].architectures[-1] == '-gencode=arch=compute_90,code=compute_90'
    monkeypatch.setenv('TFDISCO_NVCC', '/bin/false')
    assert '/bin/false does not work' in toolchain.find_nvcc()[1]
    monkeypatch.setenv('TFDISCO_NVCC', str(tmp_path / 'absent'))
    assert 'no CUDA compiler found' in toolchain.find_nvcc()[1]


@needs_compiler
def test_failing_cuda_compiler_leaves_a_cpu_library(tree, tmp_path, monkeypatch):
    flags = {**toolchain.tensorflow_flags(), 'cuda': True}
    monkeypatch.setattr(toolchain, 'tensorflow_flags', lambda: flags)
    monkeypatch.delenv('TFDISCO_CUDA')
    monkeypatch.setenv('TFDISCO_CUDA_ARCHS', '75')
    monkeypatch.setenv('TFDISCO_NVCC', str(fake_nvcc(tmp_path, 'exit 1')))
    tree.write('fake/fake_gpu.cu', '// device code\n')
    with pytest.warns(RuntimeWarning, match='CUDA kernels did not build .*no device code'):
        assert native.load() is not None
    assert not build.ensure().cuda and 'fake_gpu.cu failed' in build.ensure().why_no_cuda
    flags['cuda'] = False
    assert build.ensure().why_no_cuda == 'this TensorFlow is built without CUDA'


def test_key_covers_what_decides_the_library(tree, monkeypatch, tmp_path):
    if not COMPILES:
        monkeypatch.setenv('CXX', 'echo')
    flags = toolchain.tensorflow_flags()
    monkeypatch.setattr(toolchain, 'tensorflow_flags', lambda: flags)

    def key():
        return build._Recipe.make('native', True).key

    first = key()
    shutil.copytree(tree.root, tmp_path / 'elsewhere' / 'ops')
    monkeypatch.setattr(toolchain, 'source_root', lambda: tmp_path / 'elsewhere' / 'ops')
    assert key() == first, 'an installed package shares the cache with its repository'
    (tmp_path / 'elsewhere' / 'ops' / 'common' / 'fake.h').write_text('// changed\n')
    keys = {first, key()}
    for name, value in {'version': '0.0', 'compile': ('-DX',), 'link': ('-lX',)}.items():
        monkeypatch.setitem(flags, name, value)
        keys.add(key())
    monkeypatch.setattr(toolchain, 'CXX_FLAGS', ('-O0',))
    keys.add(key())
    assert len(keys) == 6


def test_table_names_what_the_sources_register():
    rooms = {path.parent.name: path.read_text() for path in (REPOSITORY / 'ops').glob('*/*_op.cc')}
    registered = {room: set(re.findall(r'REGISTER_OP\("(\w+)"\)', text))
                  for room, text in rooms.items()}
    assert registered == {name: set(ops) for name, ops in native.OPS.items()}
