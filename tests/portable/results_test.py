"""What the runner leaves of networks that grow."""

import json
import types

import numpy as np
import pytest

pytest.importorskip('jax')

from tfdisco.portable import results  # noqa: E402, needs jax


def test_a_network_that_grows_says_how_far(tmp_path):
    texts = {'weights': 'average', 'config': json.dumps({'resolution': 64}), 'format_version': 1}
    package = types.SimpleNamespace(
        file=lambda name: str(tmp_path / name),
        card={'files': {'generator.npz': texts}, 'tensorflow': '2', 'card': {
            'command': 'c', 'licence': 'l', 'data': {}, 'before': {'generator': None}}})
    snapshot = types.SimpleNamespace(
        arrays={'average/lod': np.float32(0), 'average/w': np.ones(3), 'generator/w': np.zeros(3)},
        counters={'images_seen': 8}, seconds=1.0)
    results.write_networks(package, snapshot, {}, (16, 0.25))
    with np.load(tmp_path / 'generator.npz') as stored:
        # Two halvings are left, and three quarters of the one that fades in.
        assert float(stored['weights/lod']) == 2.75
        assert set(stored.files) == {'config', 'format_version', 'weights/lod', 'weights/w'}
    assert json.loads((tmp_path / 'generator.json').read_text())['images'] == 8
