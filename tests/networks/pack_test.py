"""A generator with all that belongs to it, moved."""

import json
import os
import shutil

import numpy as np
import pytest

from tests.training.gan import small
from tfdisco.networks import build, discriminator_file, generator_file, pack, trained
from tfdisco.networks.config import NetworkConfig


@pytest.fixture
def snapshot(tmp_path):
    """generator.npz with a discriminator and cards, whose VAEs lie elsewhere."""
    source = small.write(tmp_path / 'files')
    folder = tmp_path / 'run'
    folder.mkdir()
    small.write_generator(folder / 'generator.npz', source)
    config = NetworkConfig(resolution=32, fmap_base=128, fmap_max=4)
    discriminator_file.write(folder / 'discriminator.npz', build.build_discriminator(config))
    for name in ('generator', 'discriminator'):
        (folder / f'{name}.json').write_text(json.dumps(
            {'file': f'{name}.npz', 'bytes': 1, 'licence': 'any', 'images': 5}))
    return folder / 'generator.npz'


def test_a_packed_generator_is_the_same_from_anywhere(snapshot, tmp_path, monkeypatch):
    before = trained.load(snapshot)
    out = tmp_path / 'packed' / 'faces.npz'
    out.parent.mkdir()
    written = pack.pack(snapshot, out, 'terms')
    assert sorted(os.listdir(out.parent)) == sorted(map(os.path.basename, written)) == [
        'faces.json', 'faces.npz', 'faces_discriminator.json', 'faces_discriminator.npz',
        'faces_vaes.json', 'faces_vaes.npz']
    shutil.move(out.parent, tmp_path / 'moved')
    shutil.move(tmp_path / 'files' / 'vaes.npz', tmp_path / 'files' / 'gone.npz')
    monkeypatch.chdir(tmp_path / 'moved')
    after = trained.load('faces.npz')
    z = np.random.default_rng(0).standard_normal([3, before.inputs.latents], np.float32)
    wanted = before.generator(before.inputs(z))
    np.testing.assert_allclose(after.generator(after.inputs(z)), wanted,
                               atol=0.01 * np.abs(wanted).max())
    with np.load('faces.npz') as stored:
        assert {value.dtype for name, value in stored.items() if 'weights/' in name} == {
            np.dtype('float16')}
        assert str(stored['licence']) == 'terms'
    assert generator_file.read('faces.npz')[1].vaes == 'faces_vaes.npz'
    card = json.loads((tmp_path / 'moved' / 'faces.json').read_text())
    assert card == {'file': 'faces.npz', 'bytes': os.path.getsize('faces.npz'), 'images': 5,
                    'dtype': 'float16', 'licence': 'terms'}
    discriminator_file.read(discriminator_file.beside('faces.npz'))


def test_what_ships_packs_without_its_vaes(tmp_path):
    source = trained.resolve('built-in')
    written = pack.pack('built-in', tmp_path / 'ours.npz')
    assert not (tmp_path / 'ours_vaes.npz').exists() or generator_file.read(source)[1].vaes != (
        'built-in')
    assert str(tmp_path / 'ours.json') in written
    card, theirs = (json.loads(open(path, encoding='utf-8').read())
                    for path in (tmp_path / 'ours.json', f'{source[:-4]}.json'))
    assert card['licence'] == theirs['licence'] and card['figures'] == theirs['figures']


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match='out: expected a name that ends in .npz, got faces'):
        pack.pack('built-in', 'faces')
