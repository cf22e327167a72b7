"""Files of landmarks in the forms that people have."""

import json
import unicodedata

import numpy as np
import pytest

from tfdisco.data.photographs import points_file
from tfdisco.data.photographs.points import GivenPoints

FIVE = np.array([(142.84, 207.18), (222.02, 203.9), (159.24, 253.57), (146.59, 290.93),
                 (227.52, 284.74)])
LINES = ['142.84 207.18', '222.02\t203.9', '159.24  253.57', ' 146.59 290.93 ', '227.52 284.74']


@pytest.mark.parametrize('text', [
    '\n'.join(LINES).encode(),
    '\r\n'.join([*LINES, '', '']).encode(),  # Windows
    '\r'.join(LINES).encode(),  # old Macs
    b'\xef\xbb\xbf' + '\r\n'.join(LINES).encode(),
    '\r\n'.join(LINES).encode('utf-16'),
    '\n'.join(LINES).replace(' ', ',').replace('\t', ' , ').encode(),
    '\n'.join(f'{x};{y};' for x, y in FIVE).encode(),
    ' '.join(f'{x:.2f} {y:.2f}' for x, y in FIVE).encode(),
    (','.join(f'{x},{y}' for x, y in FIVE) + '\r\n').encode(),
    b'1.4284e2 207.18\n' + '\n'.join(LINES[1:]).encode()])
def test_five_points(tmp_path, text):
    (tmp_path / 'ann.txt').write_bytes(text)
    np.testing.assert_array_equal(GivenPoints(tmp_path)('ann.jpg'), FIVE[np.newaxis])


def test_five_of_68(tmp_path):
    points = np.random.default_rng(0).uniform(0, 200, [68, 2])
    np.savetxt(tmp_path / 'ann.txt', points)
    expected = [points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]]
    np.testing.assert_allclose(GivenPoints(tmp_path)('ann.png'), [expected], rtol=1e-12)


def test_json_of_mtcnn(tmp_path):
    names = ('left_eye', 'right_eye', 'nose', 'mouth_left', 'mouth_right')
    faces = [{'box': [1, 2, 3, 4], 'confidence': 0.9, 'keypoints': {
        name: list(point) for name, point in sorted(zip(names, (FIVE + shift).tolist()))}}
        for shift in (0, 5)]
    for content, expected in ((faces, [FIVE, FIVE + 5]), (faces[0], [FIVE]), ([], [])):
        (tmp_path / 'ann.json').write_bytes(b'\xef\xbb\xbf' + json.dumps(content).encode())
        found = GivenPoints(tmp_path)('ann.jpg')
        np.testing.assert_array_equal(found, np.reshape(expected, [-1, 5, 2]))
        assert found.shape == (len(expected), 5, 2)


def test_the_folder_of_deep3d(tmp_path):
    (tmp_path / 'people' / 'detections').mkdir(parents=True)
    (tmp_path / 'people' / 'detections' / 'a b.txt').write_text('\n'.join(LINES))
    np.testing.assert_array_equal(GivenPoints(tmp_path)('people/a b.jpg'), FIVE[np.newaxis])
    assert GivenPoints(tmp_path)('a b.jpg') is None
    # What lies beside the photograph comes first.
    np.savetxt(tmp_path / 'people' / 'a b.txt', FIVE + 1)
    np.testing.assert_array_equal(GivenPoints(tmp_path)('people/a b.jpg'), [FIVE + 1])


@pytest.mark.parametrize('stored', ['NFC', 'NFD'])
@pytest.mark.parametrize('asked', ['NFC', 'NFD'])
def test_names_with_blanks_and_accents(tmp_path, stored, asked):
    name = 'Zoë élève 1.b'
    assert unicodedata.normalize('NFC', name) != unicodedata.normalize('NFD', name)
    (tmp_path / unicodedata.normalize(stored, f'{name}.txt')).write_text('\n'.join(LINES))
    found = GivenPoints(tmp_path)(unicodedata.normalize(asked, f'{name}.JPG'))
    np.testing.assert_array_equal(found, FIVE[np.newaxis])


@pytest.mark.parametrize('name, text, message', [
    ('ann.txt', '1 2\n' * 4, 'expected five lines "x y", one line of ten numbers, or 68 lines'),
    ('ann.txt', '1 2\n' * 69, 'expected five lines'),
    ('ann.txt', '1 2 3 4 5 6 7 8 9', 'expected five'),
    ('ann.txt', '1,5 2,5\n' * 5, 'expected five lines'), ('ann.txt', '', 'expected five lines'),
    ('ann.txt', '1 nan\n' * 5, 'expected five lines'), ('ann.txt', '\xff\xfe', 'expected five'),
    ('ann.json', '[', 'expected a list of faces with keypoints left_eye, right_eye, nose'),
    ('ann.json', '[{"box": [1, 2]}]', 'expected a list of faces'),
    ('ann.json', '[' * 100000, 'expected a list of faces'),
    ('ann.json', '[{"keypoints": {"left_eye": 1}}]', 'expected a list of faces'),
    ('ann.json', '"text"', 'expected a list of faces')])
def test_other_files(tmp_path, name, text, message):
    (tmp_path / name).write_bytes(text.encode('latin-1'))
    with pytest.raises(ValueError, match=name + ': ' + message):
        points_file.read(points_file.find(tmp_path, 'ann.jpg'))
