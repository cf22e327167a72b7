"""The progress of long jobs: a bar on a terminal, a line now and then in a file or a pipe."""

import sys

import tqdm

LINE_EVERY = 30.0  # seconds


def bar(iterable=None, stream=None, **options):
    """A `tqdm.tqdm` that does not fill logs.

    Texts beside it are to be set with `refresh=False`: they appear when it next does.

    Args:
      iterable: None, or what to count while it is gone through.
      stream: where it appears; None for sys.stderr.
      **options: of `tqdm.tqdm`.

    Returns:
      The bar, a context manager. Where `stream` is no terminal, its first and last state and,
      every `LINE_EVERY` seconds, the present one are lines of text.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        # tqdm's monitor would otherwise draw a slow job's bar every ten seconds.
        options.update(file=_Lines(stream), mininterval=LINE_EVERY, maxinterval=LINE_EVERY)
    return tqdm.tqdm(iterable, **{'file': stream, **options})


class _Lines:
    """A text stream on which what tqdm draws over the same line becomes lines."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        text = text.replace('\r', '').strip()
        if text:
            self._stream.write(text + '\n')

    def flush(self):
        self._stream.flush()
