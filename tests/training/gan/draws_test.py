"""The random numbers of a step: whose they are, and that they are the same on replicas."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.training.gan.draws import STREAMS, Draws


def philox(counter, key):
    """[4] uint32 of Philox 4x32-10 (Salmon et al. 2011, Sec. 3.3) for integers."""
    counter = [counter >> shift & 0xffffffff for shift in (0, 32, 64, 96)]
    key = [key & 0xffffffff, key >> 32]
    for _ in range(10):
        low, high = 0xd2511f53 * counter[0], 0xcd9e8d57 * counter[2]
        counter = [high >> 32 ^ counter[1] ^ key[0], high & 0xffffffff,
                   low >> 32 ^ counter[3] ^ key[1], low & 0xffffffff]
        key = [(key[0] + 0x9e3779b9) & 0xffffffff, (key[1] + 0xbb67ae85) & 0xffffffff]
    return counter


def normal(bits):
    """Two numbers of N(0, 1) for each two of `philox` (Box & Muller 1958)."""
    uniform = [(value & 0x7fffff) / 2 ** 23 for value in bits]
    result = []
    for radius, angle in (uniform[:2], uniform[2:]):
        radius = np.sqrt(-2 * np.log(max(radius, 1e-7)))
        result += [radius * np.sin(2 * np.pi * angle), radius * np.cos(2 * np.pi * angle)]
    return result


def reference(seed, stream, images_seen, batch, size):
    """[batch, size] of a step."""
    blocks = -(-size // 4)
    rows = [sum((normal(philox((images_seen << 64) + image * blocks + block,
                               len(STREAMS) * seed + STREAMS.index(stream)))
                 for block in range(blocks)), []) for image in range(batch)]
    return np.array(rows)[:, :size]


def draws(images_seen=12, replicas=1, replica=0, seed=5, batch=4):
    return Draws(seed, tf.constant(images_seen, tf.int64), batch, replicas, replica)


@pytest.mark.parametrize('seed, images_seen, stream, size', [
    (5, 12, 'faces', 7), (5, 12, 'path_noise', 8), (2 ** 40, 25 * 10 ** 6, 'direction', 1)])
def test_numbers_are_philoxs(seed, images_seen, stream, size):
    found = draws(images_seen, seed=seed).normal(stream, [size])
    np.testing.assert_allclose(found, reference(seed, stream, images_seen, 4, size), atol=2e-5)


@pytest.mark.parametrize('replicas', [2, 4])
def test_replicas_draw_their_parts_of_what_one_draws(replicas):
    whole = draws().faces('faces', 5, [4, 8])
    parts = [draws(replicas=replicas, replica=index).faces('faces', 5, [4, 8])
             for index in range(replicas)]
    assert [part[0].shape[0] for part in parts] == [4 // replicas] * replicas
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), whole[0])
    for index in range(2):
        np.testing.assert_array_equal(np.concatenate([part[1][index] for part in parts]),
                                      whole[1][index])


def test_a_replica_draws_its_own_images_alone():
    graph = tf.function(lambda seen: Draws(0, seen, 8, 4, 1).faces(
        'faces', 5, [4, 8])).get_concrete_function(tf.TensorSpec([], tf.int64)).graph
    drawn = [operation.outputs[0].shape.as_list() for operation in graph.get_operations()
             if 'Random' in operation.type]
    assert sorted(drawn) == [[2, 8], [2, 80]]


def test_no_number_comes_twice():
    # Of many steps, images, streams and seeds; float32 has 2^-24 between many of them.
    values = np.concatenate([np.ravel(draws(seen, seed=seed).normal(stream, [3]))
                             for seen in (0, 4, 8) for seed in (0, 1) for stream in STREAMS])
    assert len(values) == 3 * 2 * len(STREAMS) * 12 and len(np.unique(values)) == len(values)


def test_unknown_streams_are_refused():
    with pytest.raises(ValueError, match="stream: expected one of .*, got 'hair'"):
        draws().normal('hair', [1])


def turns(images_seen, batch, share, replicas=1, replica=0):
    return draws(images_seen, replicas, replica, batch=batch).turns(share)


def test_pairs_go_on_counting_from_step_to_step_and_from_replica_to_replica():
    assert turns(0, 8, 0.5).numpy().tolist() == [0, 1, 2, 3]
    assert turns(16, 8, 0.5).numpy().tolist() == [8, 9, 10, 11]
    assert [turns(16, 8, 1.0, 2, index).numpy().tolist() for index in range(2)] == [
        [16, 17, 18, 19], [20, 21, 22, 23]]


@pytest.mark.parametrize('batch, share, replicas', [(8, 0.3, 1), (8, 0.25, 4), (2, 0.1, 1)])
def test_replicas_share_whole_pairs(batch, share, replicas):
    with pytest.raises(ValueError, match='pair_share: expected a whole number of pairs on each'):
        turns(0, batch, share, replicas)
