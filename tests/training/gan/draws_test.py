"""Numbers of pairs: the same ones however a batch is split."""

import pytest
import tensorflow as tf

from tfdisco.training.gan.draws import Draws


def turns(images_seen, batch, share, replicas=1):
    return Draws(0, tf.constant(images_seen, tf.int64), batch, replicas).turns(share)


def test_pairs_go_on_counting_from_step_to_step():
    assert turns(0, 8, 0.5).numpy().tolist() == [0, 1, 2, 3]
    assert turns(16, 8, 0.5).numpy().tolist() == [8, 9, 10, 11]
    assert turns(16, 8, 1.0, replicas=2).numpy().tolist() == [16, 17, 18, 19]  # the first's


@pytest.mark.parametrize('batch, share, replicas', [(8, 0.3, 1), (8, 0.25, 4), (2, 0.1, 1)])
def test_replicas_share_whole_pairs(batch, share, replicas):
    with pytest.raises(ValueError, match='pair_share: expected a whole number of pairs on each'):
        turns(0, batch, share, replicas)
