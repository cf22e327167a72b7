"""The wish of the system that a long job end."""

import signal
import threading


class Signals:
    """Whether SIGTERM came; leaves the handler as it was.

    Example:
      with Signals() as signals:
          while not signals.asked:
              ...

    Attributes:
      asked: whether it came. Outside the main thread, which alone gets signals, it never does.
    """

    def __init__(self):
        """Nothing came."""
        self.asked = False

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, *_):
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._before)

    def _ask(self, *_):
        self.asked = True
