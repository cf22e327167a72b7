"""Console commands of an installed tfdisco: `tfdisco-NAME` is scripts/NAME.py.

setup.py puts the scripts into the wheel as modules of `tfdisco.scripts`, and a command for each.
A command runs its script as `python scripts/NAME.py` does, as the main module: absl takes the
flags that `--help` lists, and the text above them, from that one.
"""

import functools
import importlib.util
import runpy

SCRIPTS = f'{__package__}.scripts'


def __getattr__(name):
    """The function of no arguments that runs scripts/NAME.py, for entry points."""
    module = f'{SCRIPTS}.{name}'
    if name.startswith('_') or not (importlib.util.find_spec(SCRIPTS)
                                    and importlib.util.find_spec(module)):
        raise AttributeError(f'{__name__}: no script is called {name!r}')
    return functools.partial(_run, module)


def _run(module):
    runpy.run_module(module, run_name='__main__', alter_sys=True)
