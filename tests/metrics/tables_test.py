"""Nested results as rows."""

from tfdisco.metrics import tables

RESULT = {'a': {'value': 0.25, 'low': 0.125, 'high': 0.5, 'count': 7},
          'part': {'b': {'value': 12345.6, 'low': None, 'high': None}, 'c': 0.0, 'count': 3},
          'nothing': {'value': None, 'low': None, 'high': None, 'count': 0},
          'curve': [1.0, 2.0], 'map': [[1.0]], 'none': [], 'differ': [['pose', 'hair'], 'light'],
          'words': 'people', 'deep': {'more': 'words'}}


def test_leaves_are_figures_and_no_settings():
    assert dict(tables.leaves(RESULT)) == {
        ('a',): RESULT['a'], ('part', 'b'): RESULT['part']['b'], ('part', 'c'): {'value': 0.0},
        ('nothing',): RESULT['nothing']}
    assert list(tables.remarks(RESULT)) == [
        ('differ', 'pose hair, light'), ('words', 'people'), ('deep more', 'words')]


def test_a_line_for_each():
    lines = tables.figures(RESULT).splitlines()
    assert lines[0].split() == ['figure', 'value', '95', '%', 'interval', 'count']
    assert [line.split() for line in lines[1:]] == [
        ['a', '0.2500', '0.1250', '..', '0.5000', '7'], ['part', 'b', '1.235e+04'],
        ['part', 'c', '0.0000'], ['nothing', '-']]
    assert tables.number(-0.0004) == '-0.0004'
