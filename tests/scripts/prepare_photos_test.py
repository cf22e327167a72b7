"""scripts/prepare_photos.py as a user calls it."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from tests.data.dotted import photograph, placed
from tests.face3d import toy
from tests.scripts.command_line import run_all
from tfdisco.data.records import folder as records
from tfdisco.face3d import model_file
from tfdisco.perception import weights_file
from tfdisco.perception.reconstruction import ReconstructionNetwork

# An untrained network answers with the mean face, and the toy's landmarks are anywhere.
SMALL = ['--photos=in', '--model=toy.npz', '--reconstruction=network.npz', '--size=64',
         '--landmarks=points.npz', '--max_misfit=9']


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('prepare')
    model_file.write(folder / 'toy.npz', toy.arrays())
    network = ReconstructionNetwork.for_model(toy.model(), widths=(4, 8), blocks=(1, 1),
                                              channels=2, hidden=8, input_size=32)
    weights_file.write(folder / 'network.npz', network.stored('test', 'none'))
    (folder / 'in').mkdir()
    where = placed(0.8, 10.0, (160, 150))
    for name in ('ann_1.png', 'ann_2.png', 'bob_1.png'):
        (folder / 'in' / name).write_bytes(photograph(where, 300, 320, 6.0))
    (folder / 'in' / 'cy_1.jpg').write_bytes(b'')
    names = ['ann_1.png', 'ann_2.png', 'bob_1.png', 'cy_1.jpg']
    np.savez(folder / 'points.npz', filename=np.array(names), points5=np.stack([where] * 4))
    return folder, run_all('prepare_photos.py', {
        'good': ['--out=deep/out', *SMALL, '--identity_pattern=(.*)_[0-9]+', '--processes=2',
                 '--shard_size=2'],
        'bad pattern': ['--out=out', *SMALL, '--identity_pattern=.*'],
        'no photos': ['--out=out', *SMALL, '--photos=nowhere'],
        'no out': SMALL,
        'stray': ['--out=out', *SMALL, 'stray'],
    }, folder)


def test_prepares_and_says_where(runs):
    folder, results = runs
    status, stdout, stderr = results['good']
    assert status == 0, stderr
    assert 'wrote 3 faces of 4 files to deep/out' in stdout and '4/4' in stderr
    out = folder / 'deep' / 'out'
    card = records.read_card(out)
    assert (card['kind'], card['count'], card['size'], card['model']) == (
        'photographs', 3, 64, 'toy')
    assert card == json.loads((out / 'card.json').read_text())
    assert len(records.shards(out)) == 2
    assert records.coefficients(out).shape == (3, toy.model().layout.size)
    with open(out / 'report.csv', newline='', encoding='utf-8') as file:
        assert [(row['file'], row['status'], row['reason']) for row in csv.DictReader(file)] == [
            ('ann_1.png', 'written', ''), ('ann_2.png', 'written', ''),
            ('bob_1.png', 'written', ''), ('cy_1.jpg', 'skipped', 'empty file')]
    assert Image.open(out / 'faces.png').size[0] > 1000


@pytest.mark.parametrize('name, message', [
    ('bad pattern', 'prepare_photos: identity_pattern: expected one group'),
    ('no photos', 'nowhere'), ('no out', '--out'), ('stray', 'expected flags only')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
