"""A folder belongs to the command that began it."""

import pytest

from tfdisco.data import output_folder


def test_a_folder_is_claimed_once(tmp_path):
    out = tmp_path / 'deep' / 'out'
    output_folder.claim(out, {'a': 1, 'b': [2]})
    output_folder.claim(out, {'a': 1, 'b': [2]})
    output_folder.claim(out, {'a': 3, 'b': [2]}, may_differ=['a'])
    with pytest.raises(ValueError, match=r'was made with a=1; pass the same flags'):
        output_folder.claim(out, {'a': 3, 'b': [2]})


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(ValueError, match=r"expected an empty folder.*notes\.txt"):
        output_folder.claim(tmp_path, {'a': 1})
    assert [path.name for path in tmp_path.iterdir()] == ['notes.txt']
