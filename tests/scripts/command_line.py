"""Starts several command lines at once, as most of the time is TensorFlow's import."""

import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def run_all(script, commands, folder, variables=None):
    """{name: [flags]} -> {name: (status, stdout, stderr)}, run in `folder`.

    `variables` are {name: {environment variable: value}} of some of them.
    """
    environment = {**os.environ, 'PYTHONPATH': str(REPOSITORY)}
    started = {name: subprocess.Popen(
        [sys.executable, REPOSITORY / 'scripts' / script, *flags], text=True, cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environment, **(variables or {}).get(name, {})})
        for name, flags in commands.items()}
    ended = {name: (process, *process.communicate()) for name, process in started.items()}
    return {name: (process.returncode, stdout, stderr)
            for name, (process, stdout, stderr) in ended.items()}
