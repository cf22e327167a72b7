"""Progress bars on terminals and in files."""

import io

import pytest

from tfdisco import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def draw(stream, count=5000):
    with progress.bar(total=count, unit='step', stream=stream) as bar:
        for step in range(count):
            bar.update()
            bar.set_postfix(step=step, refresh=False)
    return stream.getvalue()


def test_a_file_gets_the_first_and_the_last_state_as_lines():
    lines = draw(io.StringIO()).splitlines()
    assert len(lines) == 2
    assert '0/5000' in lines[0] and '5000/5000' in lines[1]
    assert not any('\r' in line or '\x1b' in line for line in lines)


def test_a_file_gets_a_line_whenever_the_time_has_come(monkeypatch):
    monkeypatch.setattr(progress, 'LINE_EVERY', 0.0)
    lines = draw(io.StringIO(), 50).splitlines()
    assert len(lines) == 52  # the first, one a step, the last
    assert '25/50' in lines[25] and 'step=24' in lines[26]


def test_a_terminal_gets_a_bar_on_one_line():
    text = draw(Terminal())
    assert text.count('\n') == 1 and text.endswith('\n') and '\r' in text


@pytest.mark.parametrize('stream', [io.StringIO(), Terminal()])
def test_goes_through_what_it_counts(stream):
    assert list(progress.bar('abc', stream=stream)) == ['a', 'b', 'c']
    assert '3/3' in stream.getvalue()
