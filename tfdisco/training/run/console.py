"""What the scripts that train a network step by step show and how they end."""

import sys

from tfdisco import progress
from tfdisco.training.run.loop import Interrupted


def train(program, make, training, logdir):
    """Trains behind a bar; ends with one line that says what is wrong and status 1.

    Args:
      program: the script's name, before its messages.
      make: () to the settings of a run, with `steps` and `log_every`; may raise ValueError.
      training: (settings, logdir, advance) trains, and calls advance(step, {term: value}) after
        each step.
      logdir: the folder of the run.
    """
    try:
        run = make()
        with progress.bar(total=run.steps, unit='step') as bar:
            def advance(step, terms):
                bar.update(step - bar.n)
                if step % run.log_every == 0:
                    bar.set_postfix(loss=f'{sum(terms.values()):.3f}', refresh=False)

            training(run, logdir, advance)
    except Interrupted as message:
        print(f'{program}: {message}')
        return
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f'{program}: {error}')
    print(f'wrote {logdir}')
