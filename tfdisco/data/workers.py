"""Work on several cores, in order, without ever holding more than a few results."""

import collections
import concurrent.futures
import concurrent.futures.process
import multiprocessing
import os

from tfdisco.shapes import check_positive

AHEAD = 4  # tasks a process that may wait, done or not


class Workers:
    """Processes that run picklable functions, with one thread each.

    Example:
      with Workers(4) as workers:
          for result in workers.in_order(function, tasks):
              ...
    """

    def __init__(self, processes, apart=False):
        """See the class.

        Args:
          processes: their number.
          apart: whether a single process is another one as well, and not this one, whose
            threads are the caller's: for results that do not depend on their number.

        Raises:
          ValueError: unless processes is above 0.
        """
        check_positive('processes', processes)
        self._processes, self._pool = int(processes), None
        self._here = self._processes == 1 and not apart

    def __enter__(self):
        """Starts the processes."""
        if not self._here:
            # A forked TensorFlow hangs.
            self._pool = concurrent.futures.ProcessPoolExecutor(
                self._processes, multiprocessing.get_context('spawn'), _start)
        return self

    def __exit__(self, *_):
        """Drops tasks that have not begun, and waits for the others."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def in_order(self, function, tasks):
        """Yields function(*task) of each task, in the order of the tasks.

        Raises:
          OSError: if a process died, as they do when memory runs out.
        """
        if not self._pool:
            for task in tasks:
                yield function(*task)
            return
        waiting = collections.deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(function, *task))
                if len(waiting) > AHEAD * self._processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise OSError('a process was ended from outside, perhaps for lack of memory; run '
                          'again, with fewer processes if need be') from error
        finally:
            for future in waiting:
                future.cancel()


def _start():
    """One thread a process, and no GPU memory; TensorFlow reads these at its first op."""
    os.environ.update(CUDA_VISIBLE_DEVICES='-1', TF_NUM_INTRAOP_THREADS='1',
                      TF_NUM_INTEROP_THREADS='1')
