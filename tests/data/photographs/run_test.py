"""Flags of a set of photographs, and who is who."""

import pytest

from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.data.photographs.run import FACES_PER_FILE, PhotoRun


def test_each_file_is_a_person_of_its_own():
    assert PhotoRun('in').identities(['b', 'a']) == {'b': 0, 'a': 1}
    every = PhotoRun('in', all_faces=True).identities(['b', 'a'])
    assert every == {'b': 0, 'a': FACES_PER_FILE}


@pytest.mark.parametrize('pattern, expected', [
    (r'(.*)_\d+', {'Zoe_1.jpg': 1, 'Ann_B_2.x.jpg': None, 'Ann_B_10.png': 0, 'Zoe.jpg': None,
                   'of/Zoe_3.jpg': 2}),
    ('(?:of/)?([A-Z][a-z]+).*', {'Zoe_1.jpg': 1, 'Ann_B_2.x.jpg': 0, 'Ann_B_10.png': 0,
                                'Zoe.jpg': 1, 'of/Zoe_3.jpg': 1})])
def test_a_pattern_tells_people_by_name(pattern, expected):
    assert PhotoRun('in', identity_pattern=pattern).identities(list(expected)) == expected
    # Whatever else is there, in whatever order, numbers follow the names.
    assert PhotoRun('in', identity_pattern=pattern).identities(
        list(reversed(list(expected)))) == expected


def test_a_pattern_that_fits_no_name():
    with pytest.raises(ValueError, match="names such as 'ann_1.png' without the ending, got"):
        PhotoRun('in', identity_pattern='(x)').identities(['ann_1.png'])


@pytest.mark.parametrize('changes, message', [
    ({'shard_size': 0}, 'shard_size: expected a positive integer'),
    ({'refinements': -1}, 'refinements: expected 0 or more, got -1'),
    ({'max_misfit': 0.0}, 'max_misfit: expected above 0'),
    ({'identity_pattern': '('}, r"identity_pattern: expected a regular expression, got '\('"),
    ({'identity_pattern': '.*'}, r"identity_pattern: expected one group, .* got 0 in '.\*'"),
    ({'identity_pattern': '(.*)_.*', 'all_faces': True}, 'expected none together with all_faces'),
])
def test_flags_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        PhotoRun('in', **changes)


def test_settings_are_those_of_the_flags():
    settings = PhotoRun('in', size=64, min_face=10.0, all_faces=True).settings(toy.model())
    assert (settings.size, settings.min_face, settings.all_faces) == (64, 10.0, True)
    assert settings.standard == tuple(map(tuple, alignment.standard_points(toy.model()).tolist()))
    with pytest.raises(ValueError, match='max_border: expected 0 to 1, got 2'):
        PhotoRun('in', max_border=2).settings(toy.model())
