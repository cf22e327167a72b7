"""Trains a package on one device of any kind, with numpy, jax and Pillow alone.

    python -m tfdisco.portable.run DIR --minutes=10

In the folder of the package this works where tfdisco is not installed; DIR is . there. The
same command goes on where training was interrupted.
"""

import argparse
import concurrent.futures
import glob
import os
import signal
import sys
import time

import jax
import numpy as np

from tfdisco.portable import feed, results
from tfdisco.portable.package import (
    COUNTERS,
    IMAGES,
    LAST,
    STATE,
    Package,
    Snapshot,
    write_snapshot,
)
from tfdisco.portable.program import Program, on_device

# Products and sums a second in bfloat16, dense, by the device's name as jax has it: NVIDIA's
# data sheets of the SXM cards, Google's of TPUs.
PEAKS = {'H200': 989e12, 'H100': 989e12, 'A100': 312e12, 'TPU v4': 275e12, 'TPU v5p': 459e12,
         'TPU v5 lite': 197e12, 'TPU v6 lite': 918e12}


class Runner:
    """A training on a device.

    Attributes:
      counters: {name of `package.COUNTERS`: int}.
    """

    def __init__(self, package, threads=None, say=print):
        """Reads the last state.

        Args:
          package: `package.Package`.
          threads: that decode images; None for one a processor.
          say: is called with lines of text.

        Raises:
          FileNotFoundError, ValueError: if the package lacks a file or one is damaged.
        """
        self._package, self._say = package, say
        for path in glob.glob(package.file('*.part')):
            os.remove(path)  # of a run that was killed while it wrote
        snapshot = package.snapshot()
        self.counters = dict(snapshot.counters)
        self._before, self._started = snapshot.seconds, time.monotonic()
        self._recent = dict(snapshot.recent)
        self._values = on_device(package, snapshot)
        images = package.card['images']
        self._feed = feed.Feed(package.file(IMAGES), images['count'], images['seed'],
                               images['mirror'], threads)
        self._curves = package.file(results.CURVES)
        self._last = results.forget_after(self._curves, self.counters['steps'])
        self._programs, self._waiting, self._row = {}, [], None
        self._logged, self._flops, self._asked = None, 0.0, False

    @property
    def done(self):
        """Whether that was the last step."""
        return self.counters['images_seen'] >= self._package.card['total_images']

    def run(self, minutes=None, steps=None):
        """Trains to the end, for so many minutes, or until it is told to end by SIGTERM.

        Args:
          minutes: of this call, or None.
          steps: of this call, or None.

        Returns:
          Whether training is done.

        Raises:
          FileNotFoundError, ValueError: if the package lacks a file or one is damaged.
          FloatingPointError: if a term is NaN or infinite; the last snapshot stays.
          OSError: if something cannot be written; the snapshot before stays.
        """
        until = None if minutes is None else time.monotonic() + 60 * minutes
        last = None if steps is None else self.counters['steps'] + steps
        before = signal.signal(signal.SIGTERM, self._ask)
        try:
            for row, end in self._rows():
                self._enter(row)
                start, batch = self.counters['images_seen'], row['batch']
                for images in self._feed.batches(start, batch, row['resolution'], end):
                    self._step(images)
                    if self._due('log_every') or self.done:
                        self._log()
                    if self._due('snapshot_every') or self.done:
                        self._keep()
                    if self._asked or (until and time.monotonic() >= until) or (
                            self.counters['steps'] == last):
                        self._keep()
                        return self.done
        finally:
            signal.signal(signal.SIGTERM, before)
        return self.done

    def _ask(self, *_):
        self._asked = True

    def _due(self, every):
        return self.counters['steps'] % self._package.card[every] == 0

    def _rows(self):
        """The rows that are left, and after how many images they end."""
        rows = self._package.card['rows']
        ends = [row['images'] for row in rows[1:]]
        ends.append(rows[-1]['images'] + rows[-1]['batch'] * -(
            (rows[-1]['images'] - self._package.card['total_images']) // rows[-1]['batch']))
        for row, end in zip(rows, ends):
            if self.counters['images_seen'] < end:
                yield row, end

    def _enter(self, row):
        """Makes ready for the steps of a row."""
        if row['growth'] != self.counters['growth']:
            for name in self._package.card['forget']:
                old = self._values[STATE + name]
                self._values[STATE + name] = jax.device_put(np.zeros(old.shape, old.dtype))
            self.counters['growth'] = row['growth']
        for name, rate in row['rates'].items():
            self._values[STATE + name] = jax.device_put(np.float32(rate))
        wanted = list(dict.fromkeys(name for parts in row['cycle'] for name in parts or ()))
        side, batch = row['resolution'], row['batch']
        given = {**self._values, 'fade': np.float32(1), 'seen': np.int64(0),
                 'images': jax.ShapeDtypeStruct([batch, side, side, 3], np.uint8)}
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            made = dict(zip(wanted, pool.map(
                lambda name: self._programs.get(name) or Program(self._package, name, given),
                wanted)))
        self._programs = {name: made[name] for name in wanted}  # of others, memory is freed
        self._row, self._logged, self._flops = row, None, 0.0
        self._say(f'{row["stage"]}: {len(wanted)} modules for {batch} images of {side} pixels '
                  f'compiled in {time.monotonic() - began:.1f} s')

    def _fade(self, behind=0):
        """Of the next step, or of one so many images before it, of this row."""
        first, growth = self._row['fade']
        images = max(self.counters['images_seen'] - self._row['images'] - behind, 0)
        return np.float32(first + growth * images)

    def _step(self, images):
        """Starts a step on the device, and does not wait for it."""
        cycle = self._row['cycle']
        self._values.update(images=jax.device_put(images), fade=self._fade(),
                            seen=np.int64(self.counters['images_seen']))
        for name in cycle[self.counters['steps'] % len(cycle)]:
            program = self._programs[name]
            self._waiting.append((program.terms, program(self._values)))
            self._flops += program.flops
        self.counters['images_seen'] += len(images)
        self.counters['steps'] += 1

    def _gather(self):
        """Waits for the terms of the last steps and adds them to those before."""
        for names, values in self._waiting:
            for name, value in zip(names, np.asarray(values).tolist()):
                if not np.isfinite(value):
                    raise FloatingPointError(
                        f'step {self.counters["steps"]} or before: expected finite losses, got '
                        f'{name} = {value}; go on from the last snapshot with a lower learning '
                        'rate, or look for outliers in the data')
                total, count = self._recent.get(name, (0.0, 0))
                self._recent[name] = total + value, count + 1
        self._waiting = []

    def _seconds(self):
        return self._before + time.monotonic() - self._started

    def _log(self):
        """Adds a line to the curves, and says how it goes."""
        self._gather()
        now, seen = time.monotonic(), self.counters['images_seen']
        means = {name: total / count for name, (total, count) in self._recent.items()}
        means['images'] = seen
        text = f'{seen} images, {self._row["stage"]}'
        if self._logged:  # else it holds the first call of programs
            then, before = self._logged
            rate = means['machine/images_per_second'] = (seen - before) / (now - then)
            text += f', {rate:.1f} images a second'
            kind = jax.devices()[0].device_kind
            peak = next((value for name, value in PEAKS.items() if name in kind), None)
            if peak:
                share = means['machine/share_of_peak'] = self._flops / (now - then) / peak
                text += f', {100 * share:.2f} % of the bfloat16 peak of {kind}'
        self._logged, self._flops, self._recent = (now, seen), 0.0, {}
        self._last = results.add_line(self._curves, self.counters['steps'], self._seconds(), means)
        self._say(text)

    def _keep(self):
        """Writes the state, the networks and a sheet of faces."""
        self._gather()
        snapshot = Snapshot(results.as_snapshot_arrays(self._kept()), dict(self.counters),
                            self._seconds(), self._recent)
        write_snapshot(self._package.file(LAST), snapshot)
        results.write_networks(self._package, snapshot, self._last,
                               (self._row['resolution'], self._fade(self._row['batch'])))
        name = self._package.card['sheets'][str(self._row['resolution'])]
        if name not in self._programs:
            self._programs[name] = Program(self._package, name,
                                           {**self._values, 'fade': np.float32(1)})
        self._values['fade'] = self._fade()
        results.write_sheet(self._package.file(results.SHEET),
                            np.asarray(self._programs[name](self._values)),
                            self._package.card['columns'])

    def _kept(self):
        return {STATE + name: self._values[STATE + name] for name in self._package.card['state']}


def main(arguments=None):
    """Trains, or ends with one line that says what is wrong and status 1."""
    parser = argparse.ArgumentParser(prog='python -m tfdisco.portable.run',
                                     description='Trains a package of scripts/train.py '
                                     '--portable on one device, or goes on with it.')
    parser.add_argument('dir', help='the package')
    parser.add_argument('--minutes', type=float, help='to stop after; by default, at the end')
    parser.add_argument('--steps', type=int, help='to stop after; by default, at the end')
    parser.add_argument('--threads', type=int, help='that decode images; by default, all')
    flags = parser.parse_args(arguments)
    try:
        device = jax.devices()[0]
        print(f'{device.platform}: {device.device_kind}, jax {jax.__version__}', flush=True)
        runner = Runner(Package(flags.dir), flags.threads, lambda text: print(text, flush=True))
        done = runner.run(flags.minutes, flags.steps)
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f'portable: {error}')
    seen = runner.counters[COUNTERS[0]]
    print(f'done: {seen} images' if done else
          f'stopped after {seen} images; the same command goes on from there')


if __name__ == '__main__':
    main()
