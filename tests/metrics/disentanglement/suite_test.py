"""The suite as a user calls it: files in, figures, text and a picture out."""

import json

import pytest

from tests.training.gan import small
from tfdisco import factors
from tfdisco.data.records import folder as records
from tfdisco.metrics import registry
from tfdisco.metrics.disentanglement import score

NETWORKS = ('reconstruction', 'recognition', 'parsing', 'data')


@pytest.fixture(scope='module')
def options(tmp_path_factory):
    folder = tmp_path_factory.mktemp('source')
    source = small.write(folder)
    small.write_generator(folder / 'g.npz', source)
    records.write_card(source['data'], {**records.read_card(source['data']), 'model': 'toy'})
    return {'snapshot': str(folder / 'g.npz'), 'judge': source['recognition'],
            **{name: source[name] for name in NETWORKS}}


def test_a_file_is_measured_and_shown(options):
    names = []

    def progress(iterable, desc):
        names.append(desc)
        return iterable

    result = registry.run('disentanglement', **options, count=3, values=2, progress=progress)
    assert names == ['training data', *(f'varied {factor}' for factor in score.VARIED), 'leakage']
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    for name in ('ds', 'ds_coefficients', 'ds_judge', 'ds_generated', 'ds_coefficients_generated',
                 'ds_judge_generated'):
        for factor in score.VARIED:
            found = result[name][factor]
            assert 0 < found['low'] <= found['value'] <= found['high']
    # The judge is the network itself, and sees what it sees.
    for factor in score.VARIED:
        assert result['ds_judge'][factor]['value'] == pytest.approx(
            result['ds'][factor]['value'], rel=1e-4)
    for row in factors.FACTORS:
        assert result['leakage'][row]['identity'] == pytest.approx(
            result['leakage'][row]['identity_judge'], rel=1e-4)
    text = registry.table('disentanglement', result)
    assert 'ds_judge_generated' in text and 'identity_judge' in text
    assert registry.SUITES['disentanglement'].pictures(result)['leakage'].ndim == 3


def test_columns_stay_apart(options):
    result = registry.run('disentanglement', **options, count=3, values=2)
    wide = {'value': 4.24e+03, 'low': 3.76e+03, 'high': -2.2e+04}
    result['ds'] = dict.fromkeys(score.VARIED, wide)
    row = next(line for line in registry.table('disentanglement', result).splitlines()
               if line.startswith('ds '))
    assert row.split() == ['ds', *['4.24e+03', '(3.76e+03', '..', '-2.2e+04)'] * 4]


def test_wrong_counts_and_files(options, tmp_path):
    for changes, message in (({'count': 0}, 'count: expected a positive integer, got 0'),
                             ({'values': 1}, 'values: expected 2 or more'),
                             ({'judge': options['parsing']}, "'recognition' or 'dlib' or 'mobi")):
        with pytest.raises(ValueError, match=message):
            registry.run('disentanglement', **{**options, **changes})
    with pytest.raises(FileNotFoundError):
        registry.run('disentanglement', **{**options, 'data': str(tmp_path / 'none')})
