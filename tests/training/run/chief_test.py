"""Who writes what all workers share."""

from types import SimpleNamespace

import pytest
import tensorflow as tf

from tfdisco.training.run import distribution


@pytest.mark.parametrize('jobs, task, index, writes', [
    ({}, None, None, True), ({'worker': ['a:1', 'b:1']}, 'worker', 0, True),
    ({'worker': ['a:1', 'b:1']}, 'worker', 1, False),
    ({'chief': ['a:1'], 'worker': ['b:1']}, 'chief', 0, True),
    ({'chief': ['a:1'], 'worker': ['b:1']}, 'worker', 0, False)])
def test_one_writes(jobs, task, index, writes):
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(jobs), task_type=task, task_id=index)
    assert distribution.is_chief(SimpleNamespace(cluster_resolver=resolver)) is writes


def test_without_a_cluster_one_writes():
    assert distribution.is_chief(SimpleNamespace(cluster_resolver=None))
