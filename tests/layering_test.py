"""The order of rooms: a room imports only rooms before it; kernels know no TensorFlow."""

import ast
import pathlib
import re

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]

# From the ground up. Rooms of one set stand side by side and do not import each other;
# those of the ground floor may.
GROUND = {'factors', 'shapes', 'files', 'images', 'keras_layer', 'progress'}
FLOORS = (GROUND, {'ops'}, {'face3d'}, {'networks', 'perception', 'data'}, {'losses'},
          {'editing'}, {'metrics'}, {'training'},
          {'commands', 'demo', 'doctor', 'export', 'portable'}, {'benchmarks'}, {'scripts'})


def floor_of(room):
    return next((index for index, rooms in enumerate(FLOORS) if room in rooms), None)


def imports(path, package):
    """(line, dotted name) of every import of a file in `package`, however deep it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split('.') if node.module else [])]
            for alias in node.names:
                yield node.lineno, '.'.join([*base, alias.name])


def violations(root):
    """One line for each import in root/tfdisco and root/scripts that goes the wrong way."""
    files = [*sorted((root / 'tfdisco').rglob('*.py')), *sorted((root / 'scripts').rglob('*.py'))]
    for path in files:
        where = path.relative_to(root)
        parts = where.with_suffix('').parts
        room = parts[1] if parts[0] == 'tfdisco' else 'scripts'
        if room == '__init__':
            room = None  # the package itself, below every room
        elif floor_of(room) is None:
            yield f'{where}: {room} is no room of the house'
            continue
        for line, name in imports(path, list(parts[:-1])):
            target = name.split('.')
            if target[0] == 'scripts':
                yield f'{where}:{line}: imports {name}, an entry point'
            if target[0] != 'tfdisco' or len(target) < 2 or target[1] == room:
                continue
            there = floor_of(target[1])
            if there is None:
                if not target[1].startswith('__'):
                    yield f'{where}:{line}: imports {name}, which is no room of the house'
            elif room is None or there > floor_of(room) or (
                    there == floor_of(room) and room not in GROUND):
                yield f'{where}:{line}: {room or "tfdisco"} imports {name}'


def test_every_import_goes_down():
    assert list((REPOSITORY / 'tfdisco').rglob('*.py'))
    assert list(violations(REPOSITORY)) == []


@pytest.mark.parametrize('file, line, wrong', [
    ('tfdisco/ops/warp.py', 'from tfdisco import shapes', False),
    ('tfdisco/images.py', 'from tfdisco import factors', False),
    ('tfdisco/training/loop.py', 'import tfdisco.losses.vae', False),
    ('tfdisco/doctor.py', 'from tfdisco.ops import native', False),
    ('scripts/render.py', 'from tfdisco.training import loop', False),
    ('tfdisco/data/records.py', 'from tfdisco import __version__', False),
    ('tfdisco/face3d/mesh.py', 'from . import camera', False),
    ('tfdisco/ops/warp.py', 'from tfdisco.face3d import mesh', True),
    ('tfdisco/ops/warp.py', 'from tfdisco import face3d', True),
    ('tfdisco/ops/warp.py', 'import tfdisco.face3d.mesh', True),
    ('tfdisco/ops/warp.py', 'def f():\n    from tfdisco.face3d.mesh import normals', True),
    ('tfdisco/face3d/mesh.py', 'from ..training import loop', True),
    ('tfdisco/face3d/deep/mesh.py', 'from ...losses import vae', True),
    ('tfdisco/networks/vae.py', 'from tfdisco.data import records', True),
    ('tfdisco/metrics/fid.py', 'from tfdisco import export', True),
    ('tfdisco/shapes.py', 'from tfdisco import ops', True),
    ('tfdisco/training/loop.py', 'from tfdisco import doctor', True),
    ('tfdisco/export/saved_model.py', 'from tfdisco import editing', False),
    ('tfdisco/editing/edits.py', 'from tfdisco import export', True),
    ('tfdisco/metrics/editing/suite.py', 'from tfdisco.editing import loop', False),
    ('tfdisco/editing/loop.py', 'from tfdisco.metrics import judge', True),
    ('tfdisco/training/loop.py', 'from scripts import render', True),
    ('tfdisco/__init__.py', 'from tfdisco.ops import native', True),
    ('tfdisco/helpers.py', 'import os', True),
])
def test_the_check_itself(tmp_path, file, line, wrong):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line + '\n')
    found = list(violations(tmp_path))
    assert len(found) == wrong, found
    if wrong:
        assert found[0].startswith(file)


def kernel_rooms():
    return sorted(path for path in (REPOSITORY / 'ops').iterdir()
                  if path.is_dir() and path.name not in ('common', 'capi', 'emulation'))


@pytest.mark.parametrize('room', kernel_rooms(), ids=lambda path: path.name)
def test_an_op_is_four_files_of_one_stem(room):
    files = {path.name for path in room.iterdir()}
    assert files == {room.name + end for end in ('.h', '_cpu.cc', '_gpu.cu', '_op.cc')}
    assert (REPOSITORY / 'tfdisco' / 'ops' / f'{room.name}.py').is_file()
    assert (REPOSITORY / 'tests' / 'ops' / f'{room.name}_test.py').is_file()
    for path in room.iterdir():
        if not path.name.endswith('_op.cc'):
            included = re.findall(r'#include ["<]((?:tensorflow|absl|third_party)/[^">]*|[^">]*'
                                  r'tensorflow_helpers[^">]*)', path.read_text())
            assert not included, f'{path.name} is compiled without TensorFlow: {included}'
