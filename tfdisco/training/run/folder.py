"""The folder of a training run: whose it is, its curves, its files."""

import json
import os

import numpy as np
import tensorflow as tf

from tfdisco import files

CONFIG, CURVES, SNAPSHOTS = 'config.json', 'metrics.jsonl', 'snapshots'


class RunFolder:
    """A folder that belongs to one run, which may be interrupted and go on.

    Attributes:
      path: of the folder.
    """

    def __init__(self, path, config):
        """Makes the folder and writes config.json, or checks that the one there is this run's.

        Args:
          path: the folder; made if need be.
          config: {name: value} as JSON gives it back (lists, no tuples).

        Raises:
          ValueError: if the folder holds another run; names what differs.
        """
        self.path = os.fspath(path)
        os.makedirs(self.path, exist_ok=True)
        self.check(self.path, config)
        if not os.path.exists(self.file(CONFIG)):
            files.write_json(self.file(CONFIG), config)

    @staticmethod
    def check(path, config):
        """Raises ValueError if the folder, which need not exist, holds another run."""
        path = os.fspath(path)
        try:
            there = files.read_json(os.path.join(path, CONFIG), 'pass another --logdir')
        except FileNotFoundError:
            return
        differ = {name: there.get(name) for name, value in config.items()
                  if there.get(name) != value}
        if differ:
            raise ValueError(f'logdir: {path} holds a run with '
                             + ', '.join(f'{name}={value}' for name, value in differ.items())
                             + '; pass the same flags to go on with it, or another --logdir')

    def file(self, name):
        """The path of a file in the folder."""
        return os.path.join(self.path, name)

    @staticmethod
    def snapshots_of(path):
        """Where the run in the folder `path` keeps its snapshots."""
        return os.path.join(path, SNAPSHOTS)

    def snapshots(self, source=None, **trackables):
        """A `tf.train.CheckpointManager` of the folder, restored to the last snapshot if any.

        Args:
          source: folder of the run to restore from, by default this one.
          **trackables: what a snapshot keeps.

        Raises:
          ValueError: if the snapshot is damaged or of something else; nothing is written.
        """
        manager = tf.train.CheckpointManager(tf.train.Checkpoint(**trackables),
                                             self.snapshots_of(self.path), max_to_keep=2)
        there = self.snapshots_of(source or self.path)
        last = tf.train.latest_checkpoint(there)
        if last is None and os.path.exists(os.path.join(there, 'checkpoint')):
            raise ValueError(f'snapshots: {there} lacks files of its last snapshot; restore them, '
                             'or move the folder away to begin anew')
        if last:
            try:
                manager.checkpoint.restore(last).assert_consumed()
            except (ValueError, IndexError, AssertionError, tf.errors.OpError) as error:
                raise ValueError(
                    f'snapshots: {last} is damaged or not of this run '
                    f'({str(error).splitlines()[0]}); remove its line from {there}/checkpoint to '
                    'go on from the one before, or move the folder away to begin anew') from error
        return manager

    def forget_after(self, step):
        """Drops points of the curves that an interrupted run wrote after its last snapshot."""
        if os.path.exists(self.file(CURVES)):
            lines = [json.dumps(point) + '\n' for point in self.points() if point['step'] <= step]
            with files.replacing(self.file(CURVES)) as file:
                file.write(''.join(lines).encode())

    def points(self):
        """The points of metrics.jsonl, dicts; what an interrupted run wrote by half is left out.

        Raises:
          FileNotFoundError: if there are none yet.
          ValueError: if the file is damaged.
        """
        path, points = self.file(CURVES), []
        try:
            with open(path, encoding='utf-8') as file:
                for line in file:
                    if line.endswith('}\n'):
                        points.append(json.loads(line))
                        if not isinstance(points[-1]['step'], int):
                            raise ValueError('a step that is no number')
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f'{path}: expected a JSON object with a step in each line, got '
                             f'another one behind {len(points)} ({error!r}); delete it') from error
        return points

    def log(self, writer, step, seconds, recent):
        """Adds a point to metrics.jsonl and to TensorBoard's curves.

        Args:
          writer: a `tf.summary` writer.
          step: steps done.
          seconds: of training so far.
          recent: [{name: value}], of which the means are logged; a name may be missing in
            some.
        """
        names = dict.fromkeys(name for terms in recent for name in terms)
        means = {name: float(np.mean([terms[name] for terms in recent if name in terms]))
                 for name in names}
        with open(self.file(CURVES), 'a', encoding='utf-8') as file:
            file.write(json.dumps({'step': step, 'seconds': round(seconds, 3), **means}) + '\n')
        with writer.as_default(step=step):
            for name, value in means.items():
                tf.summary.scalar(name, value)
        writer.flush()


def save(manager, step):
    """Writes a snapshot of a step.

    Args:
      manager: of `RunFolder.snapshots`.
      step: steps done.

    Raises:
      OSError: if it cannot be written; the snapshots before stay.
    """
    try:
        manager.save(checkpoint_number=step)
    except (IndexError, tf.errors.OpError) as error:
        raise OSError(f'snapshots: cannot write that of step {step} to {manager.directory} '
                      f'({str(error).splitlines()[0]}); make room, and start the same command '
                      'again to go on from the one before') from error


def write_weights(logdir, **networks):
    """Makes a folder that `restore_weights` reads, of networks that no run has trained.

    Args:
      logdir: the folder; made if need be.
      **networks: see `restore_weights`.

    Raises:
      ValueError: if the folder holds a run.
      OSError: if it cannot be written.
    """
    where = RunFolder.snapshots_of(logdir)
    if os.path.exists(os.path.join(logdir, CONFIG)) or tf.train.latest_checkpoint(where):
        raise ValueError(f'out: expected a folder without a run, got {logdir}; name another')
    weights = tf.train.Checkpoint(
        **{name: list(network.weights) for name, network in networks.items()})
    save(tf.train.CheckpointManager(tf.train.Checkpoint(trainer=weights), where, 1), 0)


def restore_weights(logdir, **networks):
    """Gives networks the weights, and nothing else, of the last snapshot of another run.

    Args:
      logdir: the folder of that run.
      **networks: Keras layers, by the names that its trainer's checkpoint has for them.

    Raises:
      ValueError: if it holds no snapshot of such networks.
    """
    path = tf.train.latest_checkpoint(RunFolder.snapshots_of(logdir))
    if path is None:
        raise ValueError(f'start: expected the folder of a run with snapshots, got {logdir}')
    weights = tf.train.Checkpoint(
        **{name: list(network.weights) for name, network in networks.items()})
    try:
        status = tf.train.Checkpoint(trainer=weights).restore(path)
        status.assert_existing_objects_matched().expect_partial()
    except (ValueError, IndexError, AssertionError, tf.errors.OpError) as error:
        raise ValueError(f'start: expected a run of the same networks, got {logdir}: '
                         f'{str(error).splitlines()[0]}') from error


def history(start, name):
    """Command and seconds of the run that another one starts from, for its card.

    Args:
      start: None or '', the folder of that run, or a file of weights with its card beside it.
      name: of the card in the folder, without ending.

    Returns:
      {'command', 'seconds', 'before'} of that card, or None if there is none.
    """
    if not start:
        return None
    path = (f'{os.path.splitext(start)[0]}.json' if os.path.isfile(start) else
            os.path.join(start, f'{name}.json'))
    if not os.path.exists(path):
        return None
    card = files.read_json(path, 'pass another --start, or delete it')
    return {name: card.get(name) for name in ('command', 'seconds', 'before')}
