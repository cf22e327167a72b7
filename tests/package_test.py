"""The sdist, the wheel made from it, and the wheel in use, away from the repository."""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

import tfdisco

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
NOT_COPIED = shutil.ignore_patterns('.git', 'build', 'dist', '*.egg-info', '__pycache__', '.venv',
                                    '.pytest_cache', '.ruff_cache', 'faces', 'runs')

RENDER = """
import pathlib
import numpy as np
import tensorflow as tf
import tfdisco
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.ops import native, toolchain
home = pathlib.Path(tfdisco.__file__).parent
assert home in toolchain.source_root().parents, toolchain.source_root()
print('at', home)
print('ops', native.status()['rasterize_triangles']['cpu'])
model = MorphableModel.load('open_head')
face = FaceRenderer(model, 64, 64)(tf.zeros([1, model.layout.size]))
image, mask = face.image.numpy(), face.mask.numpy()
assert image.shape == (1, 64, 64, 3) and mask.shape == (1, 64, 64, 1)
assert np.isfinite(image).all() and -1 <= image.min() and image.max() <= 1
drawn = mask[0, :, :, 0] > 0.5
assert 0.15 < drawn.mean() < 0.8 and drawn[32, 32] and not drawn[0, 0], drawn.mean()
assert (image[0][~drawn] == -1).all()
skin = image[0][drawn].mean(axis=0)
assert -0.6 < skin.mean() < 0.9 and skin[0] > skin[1] > skin[2], f'skin is not {skin}'
assert image[0][drawn].std() > 0.05, 'flat'
print('rendered')
"""
# What each command runs, without running it.
COMMANDS = """
import importlib.metadata, importlib.util
for point in importlib.metadata.distribution('tfdisco').entry_points:
    if point.group == 'console_scripts':
        module, = point.load().args
        print(point.name, importlib.util.find_spec(module).origin)
"""


def run(*command, cwd, status=0):
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600)
    assert done.returncode == status, done.stdout[-4000:]
    return done.stdout


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """(sdist, wheel); the wheel is built from the sdist, so the sdist is complete."""
    folder = tmp_path_factory.mktemp('package')
    shutil.copytree(REPOSITORY, folder / 'tree', ignore=NOT_COPIED)  # building writes into it
    run(sys.executable, '-m', 'build', '--no-isolation', '--outdir', folder / 'out', cwd=folder
        / 'tree')
    sdist, = (folder / 'out').glob('*.tar.gz')
    wheel, = (folder / 'out').glob('*.whl')
    return sdist, wheel


def shipped(folder, pattern):
    return {path.relative_to(folder).as_posix() for path in folder.glob(pattern)
            if path.is_file() and '__pycache__' not in path.parts}


def test_sdist_is_the_whole_project(built):
    with tarfile.open(built[0]) as archive:
        names = {name.split('/', 1)[1] for name in archive.getnames() if '/' in name}
    top = {'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'CITATION.cff', 'LICENSE', 'mkdocs.yml',
           'setup.py', 'pyproject.toml'}
    assert top <= names
    for folder in ('ops', 'tfdisco', 'tests', 'scripts', 'configs', 'docs'):
        expected = {f'{folder}/{name}' for name in shipped(REPOSITORY / folder, '**/*')}
        assert expected <= names, sorted(expected - names)


def test_wheel_carries_sources_model_and_cards(built):
    wheel = built[1]
    assert wheel.name == f'tfdisco-{tfdisco.__version__}-py3-none-any.whl'
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f'tfdisco-{tfdisco.__version__}.dist-info'
        metadata = archive.read(f'{info}/METADATA').decode()
    sources = {f'tfdisco/ops/sources/ops/{name}' for end in ('h', 'cc', 'cu')
               for name in shipped(REPOSITORY / 'ops', f'*/*.{end}')}
    modules = {f'tfdisco/{name}' for name in shipped(REPOSITORY / 'tfdisco', '**/*.py')}
    data = {f'tfdisco/{name}' for pattern in ('face3d/data/*', 'pretrained/*')
            for name in shipped(REPOSITORY / 'tfdisco', pattern)}
    assert len(sources) > 8 and 'tfdisco/face3d/data/open_head.npz' in data
    scripts = {f'tfdisco/scripts/{name}' for name in shipped(REPOSITORY / 'scripts', '*.py')}
    expected = sources | modules | data | scripts
    assert {name for name in names if not name.startswith(info)} == expected
    assert 'Requires-Python: >=3.9,<3.14' in metadata or 'Requires-Python: <3.14,>=3.9' in metadata
    for requirement in ('tensorflow<2.16,>=2.15', 'tensorflow<2.22,>=2.21', 'mtcnn==1.0.0'):
        lines = [line.replace(' ', '').replace('(', '').replace(')', '')
                 for line in metadata.splitlines()]
        assert any(line.startswith('Requires-Dist:' + requirement) for line in lines), requirement


@pytest.fixture(scope='module')
def installed(built, tmp_path_factory):
    """(bin, site-packages) of an environment with the wheel, and a folder elsewhere."""
    folder = tmp_path_factory.mktemp('installed')
    environment, elsewhere = folder / 'environment', folder / 'elsewhere'
    elsewhere.mkdir()
    venv.create(environment, with_pip=False, symlinks=True)
    run(sys.executable, '-m', 'pip', '--python', environment / 'bin' / 'python', 'install',
        '--no-deps', '--no-index', built[1], cwd=elsewhere)
    # TensorFlow and the rest come from the environment that runs the tests. Its own .pth
    # files are not followed, so an editable tfdisco there does not shadow the wheel.
    site, = environment.glob('lib/python*/site-packages')
    folders = [path for path in sys.path if pathlib.Path(path).name == 'site-packages']
    (site / 'borrowed.pth').write_text('\n'.join(folders) + '\n')
    return environment / 'bin', site, elsewhere


def test_installed_wheel_renders_a_face(installed):
    binaries, site, elsewhere = installed
    printed = run(binaries / 'python', '-c', RENDER, cwd=elsewhere)
    assert f'at {site / "tfdisco"}' in printed and 'rendered' in printed
    if shutil.which('g++'):
        assert 'ops native' in printed, 'the wheel compiles the sources it carries'
    assert os.path.commonpath([REPOSITORY, site]) != str(REPOSITORY)


def test_every_script_is_a_command(installed):
    binaries, site, elsewhere = installed
    names = {path.stem for path in (REPOSITORY / 'scripts').glob('*.py')}
    assert {'train', 'generate', 'evaluate', 'export', 'demo', 'render', 'make_faces'} <= names
    assert {path.name for path in binaries.glob('tfdisco-*')} == {
        f'tfdisco-{name.replace("_", "-")}' for name in names}
    loaded = dict(line.split() for line in run(binaries / 'python', '-c', COMMANDS,
                                               cwd=elsewhere).splitlines())
    assert loaded == {f'tfdisco-{name.replace("_", "-")}': str(site / f'tfdisco/scripts/{name}.py')
                      for name in names}


def test_commands_do_what_scripts_do(installed):
    binaries, _, elsewhere = installed
    command = binaries / 'tfdisco-generate'
    assert 'wrote 42 files' in run(command, '--vary=all', '--out=x', cwd=elsewhere)
    assert len(list((elsewhere / 'x').glob('face-*.png'))) == 40
    listed = run(command, '--help', cwd=elsewhere, status=1)  # absl's
    assert 'Generates faces of people' in listed and '--truncation_psi' in listed
