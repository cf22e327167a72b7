"""The loop of every training: what happens when, what a resumed run does, how one ends."""

import json
import os
import signal

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.training.run import loop


class Training(loop.Upkeep):
    """Counts, and writes down what the loop asks of it."""

    def __init__(self, path, total, every, **config):
        self.steps = tf.Variable(0, dtype=tf.int64)
        self.asked, self._total = [], total
        self.loop = loop.Loop(path, {'total': total, **config}, every, self.steps,
                              count=self.steps)

    def train(self, progress=None):
        self.loop.run(self._step, lambda: self.loop.step >= self._total, self, progress)
        return self

    def _step(self):
        self.steps.assign_add(1)
        return {'term': float(self.steps)}

    def row(self, terms):
        return {**terms, 'square': terms['term'] ** 2}

    def measure(self):
        self.asked.append(('measure', int(self.steps)))
        return {'figure': 10.0 * float(self.steps)}

    def beside(self):
        return {'rate': 0.5}

    def keep(self, step, figures):
        there = tf.train.latest_checkpoint(self.loop.folder.snapshots_of(self.loop.folder.path))
        assert there.endswith(f'ckpt-{step}')  # written before what stands beside it
        self.asked.append(('keep', step, figures))

    def draw(self, step):
        self.asked.append(('draw', step))


def curves(path):
    lines = [json.loads(line) for line in (path / 'metrics.jsonl').read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != 'seconds'} for line in lines]


EVERY = loop.Every(log=2, snapshot=4, picture=6)


def test_points_snapshots_and_pictures_come_when_due_and_at_the_end(tmp_path):
    seen = []
    training = Training(tmp_path, 9, EVERY).train(lambda step, terms: seen.append((step, terms)))
    assert seen == [(step, {'term': step}) for step in range(1, 10)]
    assert training.asked == [
        ('measure', 4), ('keep', 4, {'figure': 40.0}), ('draw', 6), ('measure', 8),
        ('keep', 8, {'figure': 80.0}), ('measure', 9), ('keep', 9, {'figure': 90.0}),
        ('draw', 9)]
    lines = curves(tmp_path)
    assert [line['step'] for line in lines] == [2, 4, 6, 8, 9]
    assert [line['term'] for line in lines] == [1.5, 3.5, 5.5, 7.5, 9.0]  # since the line before
    assert lines[0] == {'step': 2, 'term': 1.5, 'square': 2.5, 'rate': 0.5}
    assert [line.get('figure') for line in lines] == [None, 40.0, None, 80.0, 90.0]
    assert float(training.loop.seconds) > 0
    tags = {value.tag for path in tmp_path.glob('events.*')
            for event in tf.compat.v1.train.summary_iterator(str(path))
            for value in event.summary.value}
    assert {'term', 'square', 'rate', 'figure'} <= tags


def test_without_pictures_they_are_drawn_in_the_end(tmp_path):
    training = Training(tmp_path, 4, loop.Every(log=1, snapshot=4)).train()
    assert [asked for asked in training.asked if asked[0] == 'draw'] == [('draw', 4)]


def test_goes_on_from_the_last_snapshot_as_if_never_interrupted(tmp_path):
    Training(tmp_path / 'whole', 9, EVERY).train()

    def kill(step, terms):
        if step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Training(tmp_path / 'killed', 9, EVERY).train(kill)
    assert [line['step'] for line in curves(tmp_path / 'killed')] == [2, 4, 6]
    resumed = Training(tmp_path / 'killed', 9, EVERY)
    assert resumed.loop.step == int(resumed.steps) == 4 and float(resumed.loop.seconds) > 0
    assert [line['step'] for line in curves(tmp_path / 'killed')] == [2, 4]
    resumed.train()
    assert curves(tmp_path / 'killed') == curves(tmp_path / 'whole')
    assert Training(tmp_path / 'killed', 9, EVERY).train().asked == []  # nothing left to do


def test_sigterm_between_two_points_loses_no_term(tmp_path):
    Training(tmp_path / 'whole', 9, EVERY).train()

    def terminate(step, terms):
        if step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(loop.Interrupted, match='ended after 5 steps, as asked; the same command'):
        Training(tmp_path / 'ended', 9, EVERY).train(terminate)
    assert signal.getsignal(signal.SIGTERM) is before
    resumed = Training(tmp_path / 'ended', 9, EVERY)
    assert resumed.loop.step == 5
    resumed.train()
    assert curves(tmp_path / 'ended') == curves(tmp_path / 'whole')


def test_sigterm_in_the_last_step_changes_nothing(tmp_path):
    training = Training(tmp_path, 3, EVERY).train(
        lambda step, terms: step == 3 and os.kill(os.getpid(), signal.SIGTERM))
    assert training.asked[-1] == ('draw', 3)


def test_another_run_is_refused(tmp_path):
    Training(tmp_path, 2, EVERY, seed=1).train()
    with pytest.raises(ValueError, match='logdir: .* holds a run with seed=1; pass the same'):
        Training(tmp_path, 2, EVERY, seed=2)


def test_what_is_no_number_is_named():
    loop.check_finite({'good': 1.0, 'zero': 0.0}, 3)
    with pytest.raises(FloatingPointError, match=r'^step 3: expected finite losses, got a = nan, '
                                                 r'b = -inf; rest$'):
        loop.check_finite({'a': np.nan, 'good': 1.0, 'b': -np.inf}, 3, 'rest')
