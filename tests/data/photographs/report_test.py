"""The table of what became of every file."""

import pytest

from tfdisco.data.photographs import report
from tfdisco.data.photographs.report import Row


def rows():
    good, several, broken, small = Row('a.jpg'), Row('b, "c".jpg'), Row('d.jpg'), Row('e\n.jpg')
    good.wrote(0.25, 0.031)
    for border, misfit in ((0.1, 0.2), (0.3, 0.1)):
        several.wrote(border, misfit)
    several.because('largest of 3 faces')
    broken.because('first of 2 frames')
    broken.because('broken GIF file: cut')
    broken.because('broken GIF file: cut')
    small.because('small face: its square has 50 pixels, expected 64 or more')
    small.because('')
    return [good, several, broken, small]


def test_the_table(tmp_path):
    path = tmp_path / 'report.csv'
    report.write(path, rows())
    assert path.read_text() == '''\
file,status,reason,faces,border,misfit
a.jpg,written,,1,0.2500,0.0310
"b, ""c"".jpg",written,largest of 3 faces,2,0.3000,0.2000
d.jpg,skipped,first of 2 frames; broken GIF file: cut,0,,
"e\n.jpg",skipped,"small face: its square has 50 pixels, expected 64 or more",0,,
'''


def test_reading_and_writing_again_gives_the_same(tmp_path):
    first, second = tmp_path / 'a.csv', tmp_path / 'b.csv'
    report.write(first, rows())
    report.write(second, report.read(first))
    assert first.read_bytes() == second.read_bytes()
    first.write_text('something else\n')
    with pytest.raises(ValueError, match='a.csv: expected a table of'):
        report.read(first)


def test_summary():
    assert report.summary(rows()) == {
        'files': 4, 'written': 2, 'faces': 3,
        'skipped': {'broken GIF file': 1, 'small face': 1}}
