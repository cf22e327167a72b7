"""Points from files, and the detector's absence."""

import sys

import numpy as np
import pytest

from tfdisco.data.photographs import points as photo_points

FIVE = np.array([(142.84, 207.18), (222.02, 203.9), (159.24, 253.57), (146.59, 290.93),
                 (227.52, 284.74)])
TEXT = '142.84\t207.18\n222.02 203.9\n159.24  253.57\n146.59 290.93\n227.52 284.74\n\n'


def test_points_of_a_folder(tmp_path):
    (tmp_path / 'people').mkdir()
    (tmp_path / 'people' / 'ann.b.txt').write_text(TEXT)
    points = photo_points.GivenPoints(tmp_path)
    np.testing.assert_array_equal(points('people/ann.b.jpg'), FIVE[np.newaxis])
    assert points('ann.b.jpg') is None


@pytest.mark.parametrize('text', ['', '1 2\n3 4\n', '1 2 3\n' * 5, 'a b\n' * 5, '1 2\n' * 4 + '1',
                                  '1 2\n' * 4 + '1 nan', '\x00\xff'])
def test_a_text_that_is_no_five_points(tmp_path, text):
    (tmp_path / 'ann.txt').write_bytes(text.encode('latin-1'))
    with pytest.raises(ValueError, match='ann.txt: expected five lines "x y", one line of ten '
                       'numbers, or 68 lines, got another text'):
        photo_points.GivenPoints(tmp_path)('ann.jpg')


def test_points_of_an_npz(tmp_path):
    path = tmp_path / 'p.npz'
    np.savez(path, filename=np.array(['b.jpg', 'a.jpg', 'b.jpg']),
             points5=np.stack([FIVE, FIVE + 1, FIVE + 2]).astype(np.float32), other=np.zeros(2))
    points = photo_points.GivenPoints(path)
    np.testing.assert_allclose(points('b.jpg'), [FIVE, FIVE + 2], rtol=1e-6)
    np.testing.assert_allclose(points('a.jpg'), [FIVE + 1], rtol=1e-6)
    assert points('c.jpg') is None


@pytest.mark.parametrize('arrays, message', [
    ({'filename': np.array(['a'])}, r"got none called \['points5'\]"),
    ({'points5': np.zeros((1, 5, 2))}, r"got none called \['filename'\]"),
    ({'filename': np.array(['a']), 'points5': np.zeros((2, 5, 2))},
     r'points5: expected numbers \[1, 5, 2\], got float64 \[2, 5, 2\]'),
    ({'filename': np.array(['a']), 'points5': np.zeros((1, 68, 2))}, 'points5: expected numbers'),
    ({'filename': np.array(['a']), 'points5': np.full((1, 5, 2), np.nan)}, 'NaN or infinity'),
    ({'filename': np.array(['a']), 'points5': np.full((1, 5, 2), '1')}, 'points5: .* got <U1'),
    ({'filename': np.array(['a']), 'points5': np.ones((1, 5, 2), complex)}, 'got complex128')])
def test_an_npz_of_something_else(tmp_path, arrays, message):
    np.savez(tmp_path / 'p.npz', **arrays)
    with pytest.raises(ValueError, match=rf'p.npz: .*{message}.*pass a folder of NAME.txt, or'):
        photo_points.GivenPoints(tmp_path / 'p.npz')


def test_no_such_points(tmp_path):
    with pytest.raises(FileNotFoundError):
        photo_points.GivenPoints(tmp_path / 'nowhere')
    (tmp_path / 'p.npz').write_text(TEXT)
    with pytest.raises(ValueError, match='p.npz: expected a point .npz.*pass a folder'):
        photo_points.GivenPoints(tmp_path / 'p.npz')


def test_without_mtcnn_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mtcnn', None)
    with pytest.raises(ImportError, match=r"needs mtcnn .* pip install 'tfdisco\[photos\]'.*"
                       '--landmarks'):
        photo_points.require_detector()


class Detector:
    """Stands in for mtcnn: faces at fixed places of whatever picture it is shown."""

    def detect_faces(self, image, output_type, box_format):
        self.shown = image.shape
        assert (output_type, box_format) == ('numpy', 'xyxy')
        height, width = image.shape[:2]
        points = np.array([(0.3, 0.4), (0.6, 0.4), (0.45, 0.5), (0.35, 0.7), (0.55, 0.7)])
        points = points * [width, height]
        box = [0.2 * width, 0.2 * height, 0.7 * width, 0.8 * height]
        return np.array([[0, *box, confidence, *points[:, 0], *points[:, 1]]
                         for confidence in (0.95, 0.5)])


@pytest.mark.parametrize('height, width, shown', [
    (300, 200, (300, 200, 3)), (4000, 2560, (1280, 819, 3)), (1000, 100000, (24, 1280, 3))])
def test_large_pictures_are_detected_reduced(monkeypatch, height, width, shown):
    detector = Detector()
    monkeypatch.setattr(photo_points, '_detector', lambda: detector)
    points = photo_points.detect(np.zeros((height, width, 3), np.uint8), 0.9)
    assert detector.shown == shown
    np.testing.assert_allclose(points, [np.array([(0.3, 0.4), (0.6, 0.4), (0.45, 0.5), (0.35, 0.7),
                                                  (0.55, 0.7)]) * [width, height]], rtol=1e-6)
    both = photo_points.detect(np.zeros((height, width, 3), np.uint8), 0.5)
    assert both.shape == (2, 5, 2)


def test_a_picture_too_small_for_a_face(monkeypatch):
    monkeypatch.setattr(photo_points, '_detector', Detector)
    assert photo_points.detect(np.zeros((23, 500, 3), np.uint8), 0.0).shape == (0, 5, 2)


def test_mtcnn_itself_finds_no_face_in_noise():
    pytest.importorskip('mtcnn')
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    for image in (noise, np.zeros_like(noise)):
        assert photo_points.detect(image, 0.9).shape == (0, 5, 2)
