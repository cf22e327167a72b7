"""Suites and their options."""

import pytest

from tfdisco.metrics import registry


def test_a_suite_gets_its_options_and_writes_its_table(monkeypatch):
    def evaluate(one=1, two=2):
        return [one, two]

    monkeypatch.setitem(registry.SUITES, 'sum', registry.Suite(evaluate, lambda rows: str(rows)))
    assert registry.run('sum', two=5) == [1, 5]
    assert registry.table('sum', registry.run('sum')) == '[1, 2]'
    with pytest.raises(ValueError, match=r'three: expected an option of suite sum \(one, two\)'):
        registry.run('sum', three=3)


def test_options_of_one_suite_are_no_options_of_another():
    with pytest.raises(ValueError, match='photos: expected an option of suite vae '):
        registry.run('vae', photos='faces')
    with pytest.raises(ValueError, match='weights: expected an option of suite perception '):
        registry.run('perception', weights='x.npz')
    with pytest.raises(ValueError, match="suite: expected one of .* got 'hair'"):
        registry.run('hair')
