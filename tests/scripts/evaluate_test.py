"""scripts/evaluate.py as a user calls it."""

import ast
import json

import pytest

from tests.scripts.command_line import REPOSITORY, run_all
from tfdisco.metrics import registry


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('evaluate')
    (folder / 'text.npz').write_text('no weights')
    return run_all('evaluate.py', {
        'json': ['--suite=vae', '--json', '--count=300'],
        'table': ['--count=300'],
        'bad weights': ['--weights=text.npz'],
        'no data': ['--data=nowhere.npz'],
        'bad suite': ['--suite=hair'],
        'bad option': ['--suite=vae', '--photos=faces'],
        'no photos': ['--suite=perception', '--photos=nowhere'],
        'bad records': ['--suite=vae', '--data=.'],
        'no snapshot': ['--suite=detail', '--snapshot=nowhere.npz'],
        'bad snapshot': ['--suite=directions', '--snapshot=text.npz'],
        'bad judge': ['--suite=disentanglement', '--judge=eyes.npz', '--count=2'],
        'bad features': ['--suite=quality', '--features=fur', '--count=300'],
        'no inception': ['--suite=quality', '--features=inception', '--count=300'],
        'one value': ['--suite=disentanglement', '--values=1'],
        'no images': ['--suite=images', '--images=nowhere'],
        'no out': ['--suite=report'],
        'bad suites': ['--suite=report', '--out=report', '--suites=stages,hair'],
    }, folder)


def test_prints_json_and_a_table_of_the_same(runs):
    status, stdout, stderr = runs['json']
    assert status == 0, stderr
    rows = json.loads(stdout)
    assert {row['factor'] for row in rows} == {'identity', 'expression', 'illumination', 'pose'}
    assert {row['count'] for row in rows} == {300}
    status, stdout, stderr = runs['table']
    assert status == 0, stderr
    lines = [line.split() for line in stdout.splitlines()[1:]]
    assert [(row['factor'], row['metric'], f'{row["value"]:.4f}') for row in rows] == [
        tuple(line[:3]) for line in lines]


@pytest.mark.parametrize('name, message', [
    ('bad weights', 'evaluate: text.npz: expected a coefficient VAE'),
    ('no data', 'nowhere.npz'), ('bad suite', '--suite=hair'),
    ('bad option', 'evaluate: photos: expected an option of suite vae (weights, model, data'),
    ('no photos', "of photographs, got 'nowhere'"), ('bad records', 'card.json'),
    ('no snapshot', 'nowhere.npz'), ('bad snapshot', 'text.npz: expected a generator'),
    ('bad judge', 'eyes.npz'), ('bad features', 'features: expected'),
    ('no inception', 'features: inception needs --inception=FILE'), ('one value', '--values=1'),
    ('no images', "nowhere"), ('no out', 'out: report needs --out=DIR'),
    ('bad suites', "suites: expected one of")])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr


def test_every_option_of_a_suite_is_a_flag():
    text = (REPOSITORY / 'scripts' / 'evaluate.py').read_text(encoding='utf-8')
    options = next(ast.literal_eval(node.value) for node in ast.parse(text).body
                   if isinstance(node, ast.Assign) and node.targets[0].id == 'OPTIONS')
    known = {name for suite in registry.SUITES for name in registry.known_options(suite)}
    assert known - {'progress'} == set(options)
