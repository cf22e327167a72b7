"""scripts/demo.py as a user calls it."""

import importlib.util
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.scripts.command_line import REPOSITORY, run_all
from tests.training.gan import small

HAS_GRADIO = importlib.util.find_spec('gradio') is not None


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('demo')
    small.write_generator(folder / 'g.npz', small.write(folder))
    return folder


@pytest.mark.skipif(not HAS_GRADIO, reason='the extra demo is not installed')
def test_serves_until_it_is_told_to_end(folder):
    process = subprocess.Popen(
        [sys.executable, REPOSITORY / 'scripts/demo.py', '--snapshot=g.npz', '--port=0'],
        cwd=folder, env={**os.environ, 'PYTHONPATH': str(REPOSITORY)}, stdout=subprocess.PIPE,
        text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith('demo: open http://127.0.0.1:')
        with urllib.request.urlopen(line.split()[-1], timeout=60) as answer:
            assert b'Faces of people who do not exist' in answer.read()
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0 and process.stdout.read() == ''


def test_errors_end_with_status_1_and_a_reason(folder):
    results = run_all('demo.py', {'no file': ['--snapshot=none.npz'], 'port': ['--port=70000'],
                                  'stray': ['stray']}, folder)
    for name, message in (('no file', 'none.npz' if HAS_GRADIO else 'demo: '),
                          ('port', '--port'), ('stray', 'expected flags only')):
        status, stdout, stderr = results[name]
        assert status == 1 and message in stderr + stdout and 'Traceback' not in stderr, name
