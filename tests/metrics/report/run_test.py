"""A report of suites that cost nothing: what is written, and that it goes on."""

import hashlib
import json
import pathlib

import numpy as np
import pytest

from tfdisco import images
from tfdisco.metrics import registry
from tfdisco.metrics.report import sources
from tfdisco.metrics.report.run import Report
from tfdisco.networks import trained

CELLS = {'a': 2.0, 'b': 3.0}


class Suites:
    """Two suites; the second may fail."""

    def __init__(self):
        self.measured, self.broken = [], False

    def first(self, snapshot='built-in', count=10, seed=0, features='x', progress=None):
        """A figure with an interval, texts and a picture."""
        self.measured.append(('first', snapshot, count, seed, features, progress))
        value = len(snapshot) / 7
        return {'part': {'figure': {'value': value, 'low': value - 1, 'high': value + 1}},
                'about': {'reference': 'nobody'}, 'shade': [count]}

    def second(self, snapshot='built-in', parsing='built-in'):
        """A matrix, without a picture."""
        self.measured.append(('second', snapshot, parsing))
        if self.broken:
            raise ValueError('count: expected more')
        return dict(CELLS)

    def report(self):
        """Of both."""
        return Report({
            'first': registry.Suite(self.first, str, lambda found: {
                'map': np.full((4, 5, 3), found['shade'][0], np.uint8)}),
            'second': registry.Suite(self.second, str)})


@pytest.fixture
def snapshots(tmp_path):
    paths = []
    for name in ('one', 'two'):
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / 'generator.npz')
        paths[-1].write_text(name)
    return ','.join(map(str, paths))


def test_all_suites_of_all_snapshots(tmp_path, snapshots):
    suites, out = Suites(), tmp_path / 'out'
    report = suites.report()
    result = report.evaluate(str(out), snapshots, count=9, seed=4, features='y', progress=iter)
    one, two = snapshots.split(',')
    assert suites.measured == [
        ('first', one, 9, 4, 'y', iter), ('second', one, 'built-in'),
        ('first', two, 9, 4, 'y', iter), ('second', two, 'built-in')]
    assert json.loads((out / 'report.json').read_text()) == result
    assert result['snapshots']['two'] == {
        'path': two, 'sha256': hashlib.sha256(b'two').hexdigest()}
    assert len(result['networks']['parsing']['sha256']) == 64
    assert result['results']['one']['second']['result'] == CELLS
    picture = images.Image.open(out / result['results']['two']['first']['pictures']['map'])
    assert np.asarray(picture).tolist() == np.full((4, 5, 3), 9).tolist()
    page = (out / 'report.md').read_text()
    value = len(one) / 7
    assert (f'| part figure | {value:.4f} [{value - 1:.4f}, {value + 1:.4f}] |') in page
    assert '| b | 3.0000 | 3.0000 |' in page and 'about reference: nobody.' in page
    assert '![map](two/first-map.png)' in page and 'seed 4.' in page
    assert result['snapshots']['one']['sha256'] in page
    rows = {line.split('  ')[0]: line.split() for line in report.table(result).splitlines()}
    assert rows['first'][1:] == ['one', 'two'] and rows['b'] == ['b', '3.0000', '3.0000']
    # Beside the snapshots, too.
    lines = (tmp_path / 'two' / 'evaluations.jsonl').read_text().splitlines()
    assert [json.loads(line)['suite'] for line in lines] == ['first', 'second']


def test_goes_on_from_the_finished_suites(tmp_path, snapshots):
    suites, out = Suites(), str(tmp_path / 'out')
    suites.broken = True
    with pytest.raises(ValueError, match='count: expected more'):
        suites.report().evaluate(out, snapshots)
    assert [measured[0] for measured in suites.measured] == ['first', 'second']
    suites.broken = False
    result = suites.report().evaluate(out, snapshots)
    assert [measured[0] for measured in suites.measured[2:]] == ['second', 'first', 'second']
    assert suites.report().evaluate(out, snapshots)['results'] == result['results']
    assert len(suites.measured) == 5
    (tmp_path / 'out' / 'one' / 'second.json').write_text('{"seconds"')
    with pytest.raises(ValueError, match='second.json: expected the result of a finished suite'):
        suites.report().evaluate(out, snapshots)


def test_a_folder_of_another_report_is_refused(tmp_path, snapshots):
    suites, out = Suites(), str(tmp_path / 'out')
    suites.report().evaluate(out, snapshots)
    with pytest.raises(ValueError, match='out holds what was made with options='):
        suites.report().evaluate(out, snapshots, seed=1)
    (tmp_path / 'one' / 'generator.npz').write_text('trained on')
    with pytest.raises(ValueError, match='holds what was made with snapshots='):
        suites.report().evaluate(out, snapshots)
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'letter.txt').write_text('')
    with pytest.raises(ValueError, match='out: expected an empty folder'):
        suites.report().evaluate(str(tmp_path / 'full'), snapshots)


@pytest.mark.parametrize('options, error, message', [
    ({}, ValueError, 'out: report needs --out=DIR'),
    ({'out': 'new', 'suites': 'first,third'}, ValueError, "suites: expected .* got 'third'"),
    ({'out': 'new', 'snapshot': ','}, ValueError, 'snapshot: expected built-in or paths'),
    ({'out': 'new', 'snapshot': 'nowhere.npz'}, FileNotFoundError, "file, got 'nowhere.npz'"),
    ({'out': 'new', 'parsing': 'nowhere.npz'}, FileNotFoundError, "file, got 'nowhere.npz'")])
def test_bad_options_end_before_anything_is_measured(tmp_path, monkeypatch, options, error,
                                                     message):
    monkeypatch.chdir(tmp_path)
    suites = Suites()
    with pytest.raises(error, match=message):
        suites.report().evaluate(**options)
    assert not suites.measured and not (tmp_path / 'new').exists()


def test_names_of_snapshots_differ(tmp_path):
    names = ('a/generator.npz', 'a/best.npz', 'b/a/generator.npz')
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    paths = [str(tmp_path / name) for name in names]
    found = Suites().report().evaluate(str(tmp_path / 'out'), ','.join(['built-in', *paths]),
                                       suites='second')
    assert list(found['results']) == ['built-in', 'a', 'best', 'a-2']
    assert found['snapshots']['built-in']['sha256'] == hashlib.sha256(
        pathlib.Path(trained.resolve(trained.BUILT_IN)).read_bytes()).hexdigest()


def test_networks_that_look_are_told_by_their_files(tmp_path):
    for name in ('graph.pb', 'other.npz'):
        (tmp_path / name).write_text(name)
    found = sources.networks(f'{tmp_path / "other.npz"}, mediapipe', str(tmp_path / 'graph.pb'),
                             parsing='built-in')
    assert list(found) == ['parsing', f'judge {tmp_path / "other.npz"}', 'inception']
    assert found['inception'] == {'path': str(tmp_path / 'graph.pb'),
                                  'sha256': hashlib.sha256(b'graph.pb').hexdigest()}
    with pytest.raises(FileNotFoundError, match='nowhere'):
        sources.networks('nowhere.npz')


def test_the_report_has_all_suites_of_generators():
    suites = registry.SUITES['report'].evaluate.__self__.suites
    assert {'control', 'quality'} <= set(suites) and 'vae' not in suites
    known = set(registry.known_options('report'))
    assert all(set(suite.options) - known <= {
        'values', 'contexts', 'slopes'} for suite in suites.values())
