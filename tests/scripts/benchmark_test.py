"""scripts/benchmark.py: what it refuses; its suites are tested in tests/benchmarks."""

from tests.scripts.command_line import run_all


def test_sizes_that_do_not_fit_are_refused_in_one_line(tmp_path):
    ended = run_all('benchmark.py', {
        'render: expected with --suite=train': ['--suite=render', '--batch=4'],
        'power of two from 32': ['--suite=train', '--resolution=48']}, tmp_path)
    for message, (status, stdout, stderr) in ended.items():
        last = stderr.strip().splitlines()[-1]
        assert status == 1 and last.startswith('benchmark: ') and not stdout
        assert message.split(': ')[-1] in last
