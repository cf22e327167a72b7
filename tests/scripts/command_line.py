"""Runs command lines of a script, each in a process of its own that starts with TensorFlow there.

What takes a script's processor time in a test is the import of TensorFlow. One process imports
it, and forks for each command line before TensorFlow has started any thread of its own.
"""

import json
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def run_all(script, commands, folder, variables=None):
    """{name: [flags]} -> {name: (status, stdout, stderr)}, run in `folder`, two at a time.

    `variables` are {name: {environment variable: value}} of some of them; those run all at
    once, as they may wait for each other.
    """
    task = json.dumps({'script': str(REPOSITORY / 'scripts' / script), 'variables': variables or {},
                       'commands': {name: list(map(str, flags))
                                    for name, flags in commands.items()}})
    done = subprocess.run([sys.executable, '-W', 'ignore', __file__], input=task, text=True,
                          cwd=folder, capture_output=True, check=False,
                          env={**os.environ, 'PYTHONPATH': str(REPOSITORY)})
    assert done.returncode == 0, done.stderr
    return {name: tuple(found) for name, found in json.loads(done.stdout).items()}


def _main():
    import runpy
    import tempfile

    import tensorflow  # noqa: F401, imported once for all

    task = json.load(sys.stdin)
    at_once = len(task['variables']) or 2
    results, running = {}, {}

    def wait():
        process, status = os.wait()
        name, out, err = running.pop(process)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        results[name] = os.waitstatus_to_exitcode(status), *texts

    for name, flags in task['commands'].items():
        while len(running) >= at_once:
            wait()
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        process = os.fork()
        if not process:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.environ.update(task['variables'].get(name, {}))
            sys.argv = [task['script'], *flags]
            sys.path[0] = os.path.dirname(task['script'])
            sys.stdout, sys.stderr = (os.fdopen(number, 'w', buffering=1) for number in (1, 2))
            try:
                runpy.run_path(task['script'], run_name='__main__')
                status = 0
            except SystemExit as ended:
                # As the interpreter does: a text is printed, and counts as 1.
                status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
                if not isinstance(ended.code, (int, type(None))):
                    print(ended.code, file=sys.stderr)
            except BaseException:
                import traceback
                traceback.print_exc()
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        running[process] = name, out, err
    while running:
        wait()
    json.dump(results, sys.stdout)


if __name__ == '__main__':
    _main()
