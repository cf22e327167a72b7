"""scripts/pack_generator.py as a user calls it."""

import json

from tests.scripts.command_line import run_all


def test_packs_and_says_where_or_why_not(tmp_path):
    runs = run_all('pack_generator.py', {
        'packed': ['--out=faces.npz', '--licence=mine'], 'no file': [
            '--snapshot=nowhere.npz', '--out=other.npz'], 'no ending': ['--out=faces']}, tmp_path)
    status, stdout, stderr = runs['packed']
    assert status == 0 and 'faces.npz, faces.json' in stdout, stderr
    card = json.loads((tmp_path / 'faces.json').read_text())
    assert card['licence'] == 'mine' and card['bytes'] == (tmp_path / 'faces.npz').stat().st_size
    for name, message in (('no file', 'nowhere.npz'),
                          ('no ending', 'pack_generator: out: expected')):
        status, _, stderr = runs[name]
        assert status == 1 and message in stderr and 'Traceback' not in stderr
    assert not (tmp_path / 'other.npz').exists()
