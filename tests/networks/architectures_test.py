"""What generators and discriminators of both architectures have to do."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.losses import adversarial
from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.stylegan import layers as stylegan_layers

BOTH = pytest.mark.parametrize('arch', ['stylegan2', 'stylegan'])
INPUT = 5
RNG = np.random.default_rng(0)


def config(arch, **changes):
    return NetworkConfig(arch=arch, **{'resolution': 32, 'fmap_base': 256, 'fmap_max': 8,
                                       'mapping_layers': 2, 'w_size': 6, **changes})


def generator_of(arch, **changes):
    """Its noise counts and its colours are visible, as after some training."""
    result = build.build_generator(config(arch, **changes), INPUT)
    for variable in result.trainable_variables:
        if len(variable.shape) < 2:
            variable.assign_add(0.3 * RNG.normal(size=variable.shape))
    return result


def draw(count):
    return tf.constant(RNG.normal(size=(count, INPUT)), tf.float32)


@BOTH
def test_images_and_logits(arch):
    generator, discriminator = generator_of(arch), build.build_discriminator(config(arch))
    images = generator(draw(4))
    assert images.shape == (4, 32, 32, 3) and images.dtype == tf.float32
    assert 0.05 < np.std(images) < 5
    logits = discriminator(images)
    assert logits.shape == (4, 1) and np.isfinite(logits).all()


@BOTH
def test_each_image_depends_on_its_own_input_alone(arch):
    generator, inputs = generator_of(arch), draw(3)
    images = generator(inputs).numpy()
    np.testing.assert_allclose(generator(inputs[1:2]), images[1:2], rtol=1e-4, atol=1e-5)
    assert np.abs(images[0] - images[1]).max() > 0.01


@BOTH
def test_noise_is_fixed_drawn_or_none(arch):
    generator = generator_of(arch)
    ws = generator.broadcast(generator.mapping(draw(2)))
    drawn = generator.random_noise(2, [0, 1])
    assert [values.shape[1] for values in drawn] == generator.noise_sides()
    images = {'const': generator.synthesis(ws), 'none': generator.synthesis(ws, 'none'),
              'drawn': generator.synthesis(ws, drawn)}
    for name, other in (('const', 'none'), ('none', 'drawn'), ('drawn', 'const')):
        assert np.abs(images[name] - images[other]).max() > 0.01
    np.testing.assert_array_equal(generator.synthesis(ws), images['const'])


@BOTH
def test_every_weight_learns(arch):
    generator, discriminator = generator_of(arch), build.build_discriminator(config(arch))
    inputs = draw(4)
    noise = generator.random_noise(4, [0, 1])
    with tf.GradientTape(persistent=True) as tape:
        logits = discriminator(generator(inputs, noise=noise))
        total = tf.reduce_sum(logits * tf.constant([[1.0], [2.0], [-1.0], [0.5]]))
    # The lower colours and inputs of what grows have their turn before.
    only_below = tuple(f'{name}{side}' for name in ('rgb', 'from') for side in (4, 8, 16))
    for network in (generator, discriminator):
        for variable in network.trainable_variables:
            gradient = tape.gradient(total, variable)
            if gradient is None:
                assert arch == 'stylegan' and _owner(network, variable) in only_below
            else:
                assert np.abs(gradient).max() > 0, _owner(network, variable)


def _owner(network, variable):
    return next((name for name, value in vars(network).items() if value is variable or isinstance(
        value, tf.keras.layers.Layer) and any(variable is each for each in value.weights)), None)


@BOTH
def test_both_regularisers_differentiate_it_twice(arch):
    generator, discriminator = generator_of(arch), build.build_discriminator(config(arch))
    # Far from the leaky ReLUs' kinks, where numbers would count jumps of the slope: what is
    # made of positive numbers alone is positive.
    for network in (generator, discriminator):
        for name, variable in generator_file.named_weights(network).items():
            if 'affine/weight' in name:
                variable.assign(0.1 * variable)
            elif 'norm/affine/bias' in name:  # scales, and then shifts
                variable.assign(np.repeat([0.0, 10.0], variable.shape[0] // 2))
            elif 'bias' in name:
                variable.assign(tf.abs(variable) + 1.0)
            elif 'strength' not in name:
                variable.assign(tf.abs(variable))
    images = tf.constant(RNG.uniform(0, 1, [2, 32, 32, 3]), tf.float32)
    ws = generator.broadcast(generator.mapping(draw(2)))
    direction = tf.constant(RNG.normal(size=images.shape), tf.float32)
    with tf.GradientTape() as tape:
        penalty, _ = adversarial.gradient_penalty(discriminator, images)
    _against_numbers(tape, penalty, discriminator.conv.weight,
                     lambda: adversarial.gradient_penalty(discriminator, images)[0])
    with tf.GradientTape() as tape:
        lengths = tf.reduce_mean(adversarial.path_lengths(generator.synthesis, ws, direction))
    # A kernel's length does not count, so that of stylegan hardly counts at all here.
    variable = (generator.conv8.epilogue.norm.affine if arch == 'stylegan'
                else generator.conv8).weight
    _against_numbers(tape, lengths, variable, lambda: tf.reduce_mean(
        adversarial.path_lengths(generator.synthesis, ws, direction)))


def _against_numbers(tape, value, variable, function, step=1e-2):
    """The derivative along the gradient itself is its length."""
    gradient = tape.gradient(value, variable)
    length = float(tf.norm(gradient))
    assert length > 0
    start, ends = tf.convert_to_tensor(variable), []
    for sign in (1, -1):
        variable.assign(start + sign * step * gradient / length)
        ends.append(float(function()))
    variable.assign(start)
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(length, rel=2e-2)


@BOTH
@pytest.mark.parametrize('precision', ['float16', 'bfloat16'])
def test_half_precision_is_close(arch, precision):
    whole = generator_of(arch)
    half = build.build_generator(config(arch, precision=precision, low_precision_resolutions=2),
                                 INPUT)
    for ours, theirs in zip(half.weights, whole.weights):
        ours.assign(theirs)
    inputs = draw(2)
    images = whole(inputs).numpy()
    assert half(inputs).dtype == tf.float32
    difference = np.abs(half(inputs) - images)
    assert 0 < difference.max() < (0.02 if precision == 'float16' else 0.15) * images.std()
    discriminator = build.build_discriminator(config(arch, precision=precision))
    assert np.isfinite(discriminator(images)).all()


def convolutions(function, *shape):
    """{bytes of a number: kinds of convolutions in the graph that compute so}."""
    operations = tf.function(function).get_concrete_function(tf.TensorSpec(shape)).graph
    found = {}
    for operation in operations.get_operations():
        if operation.type.startswith('Conv2D'):
            found.setdefault(operation.outputs[0].dtype.size, set()).add(operation.type)
    return found


@BOTH
def test_half_precision_reaches_the_convolutions(arch):
    def gradient(network, inputs):
        with tf.GradientTape() as tape:
            values = network(inputs)
        return tape.gradient(values, network.trainable_variables)

    for build_network, shape in (
            (lambda network: build.build_generator(network, INPUT), (2, INPUT)),
            (build.build_discriminator, (2, 32, 32, 3))):
        network = build_network(config(arch, precision='bfloat16', low_precision_resolutions=2))
        found = convolutions(lambda inputs, network=network: gradient(network, inputs), *shape)
        assert set(found) == {2, 4}
        assert found[2] == {'Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'}
        whole = build_network(config(arch))
        assert set(convolutions(whole, *shape)) == {4}


@BOTH
def test_a_checkpoint_keeps_every_weight(arch, tmp_path):
    first, second = generator_of(arch), generator_of(arch)
    path = tf.train.Checkpoint(weights=list(first.weights)).save(tmp_path / 'g')
    tf.train.Checkpoint(weights=list(second.weights)).restore(path).assert_consumed()
    inputs = draw(1)
    np.testing.assert_array_equal(first(inputs), second(inputs))


def test_grown_images_fade_in():
    generator = generator_of('stylegan')
    ws = generator.broadcast(generator.mapping(draw(2)))
    small = generator.synthesis(ws, resolution=8)
    assert small.shape == (2, 8, 8, 3) and len(generator.noise_sides(8)) == 4
    whole = generator.synthesis(ws, resolution=16).numpy()
    np.testing.assert_allclose(generator.synthesis(ws, resolution=16, fade=tf.constant(1.0)),
                               whole, atol=1e-6)
    faint = generator.synthesis(ws, resolution=16, fade=tf.constant(1e-7))
    np.testing.assert_allclose(faint, np.repeat(np.repeat(small, 2, 1), 2, 2), atol=1e-5)
    half = generator.synthesis(ws, resolution=16, fade=0.5)
    np.testing.assert_allclose(half, (whole + faint) / 2, atol=1e-5)


def test_grown_images_are_judged_as_they_fade_in():
    discriminator = build.build_discriminator(config('stylegan'))
    images = tf.constant(RNG.normal(size=[4, 16, 16, 3]), tf.float32)
    below = discriminator(stylegan_layers.reduce(images))
    np.testing.assert_allclose(discriminator(images, fade=1e-7), below, atol=1e-5)
    np.testing.assert_allclose(discriminator(images, fade=tf.constant(1.0)),
                               discriminator(images), atol=1e-6)
    assert np.abs(discriminator(images) - below).max() > 1e-3


def test_instance_norm_gives_each_map_its_mean_and_deviation():
    layer = stylegan_layers.AdaptiveInstanceNorm(3, 2)
    layer.affine.bias.assign([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    values = tf.constant(RNG.normal(size=[2, 8, 8, 3]) * [1, 10, 0.1] + 5, tf.float32)
    found = layer(values, tf.zeros([2, 2])).numpy()
    np.testing.assert_allclose(found.mean(axis=(1, 2)), [[4, 5, 6]] * 2, rtol=1e-4)
    np.testing.assert_allclose(found.std(axis=(1, 2)), [[2, 3, 4]] * 2, rtol=1e-3)


def test_enlarging_and_reducing():
    images = tf.constant(RNG.normal(size=[1, 2, 3, 1]), tf.float32)
    large = stylegan_layers.enlarge(images).numpy()
    np.testing.assert_array_equal(large[0, ..., 0], np.kron(images[0, ..., 0], np.ones([2, 2])))
    np.testing.assert_allclose(stylegan_layers.reduce(large), images, rtol=1e-6)


def test_instance_norm_of_constant_maps_is_the_shift_alone():
    layer = stylegan_layers.AdaptiveInstanceNorm(3, 2)
    layer.affine.bias.assign([1.0, 2.0, 3.0, 4.3, 5.4, 6.7])
    # Their means are exact, also in float32.
    values = tf.tile(tf.constant([[[[1.125, -20.25, 0.75]]]]), [2, 4, 4, 1])
    np.testing.assert_array_equal(layer(values, tf.zeros([2, 2])),
                                  np.tile(np.float32([4.3, 5.4, 6.7]), [2, 4, 4, 1]))


def test_real_images_fade_like_generated_ones():
    images = RNG.normal(size=[2, 8, 8, 3]).astype(np.float32)
    small = images.reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4)).repeat(2, 1).repeat(2, 2)
    for fade in (0.25, tf.constant(0.25)):
        np.testing.assert_allclose(stylegan_layers.faded(images, fade),
                                   0.75 * small + 0.25 * images, atol=1e-6)
    np.testing.assert_array_equal(stylegan_layers.faded(images, 1.0), images)


@pytest.mark.parametrize('resampled, size, out', [
    (stylegan_layers.enlarged_conv2d, 3, 6), (stylegan_layers.reduced_conv2d, 6, 3)])
def test_resampled_convolutions_of_no_or_unknown_many_images(resampled, size, out):
    weight = tf.constant(RNG.normal(size=[3, 3, 2, 5]), tf.float32)
    assert resampled(tf.zeros([0, size, size, 2]), weight).shape == (0, out, out, 5)
    images = tf.constant(RNG.normal(size=[2, size, size, 2]), tf.float32)
    graph = tf.function(lambda values: resampled(values, weight), input_signature=[
        tf.TensorSpec([None, size, size, 2])])
    assert graph.get_concrete_function().output_shapes.as_list() == [None, out, out, 5]
    np.testing.assert_allclose(graph(images), resampled(images, weight), atol=1e-6)


@pytest.mark.parametrize('arch, call, message', [
    ('stylegan2', {'resolution': 16}, 'stylegan2 does not grow, got 16'),
    ('stylegan2', {'fade': 0.5}, 'stylegan2 does not grow'),
    ('stylegan', {'resolution': 12}, '^resolution: expected one of'),
    ('stylegan', {'fade': 0.0}, '^fade: expected above 0'),
    ('stylegan', {'noise': 'some'}, '^noise: expected one of'),
    ('stylegan2', {'noise': [tf.zeros([1, 4, 4, 1])]}, '^noise: expected 7 maps, got 1')])
def test_wrong_arguments_are_refused(arch, call, message):
    generator = build.build_generator(config(arch), INPUT)
    with pytest.raises(ValueError, match=message):
        generator.synthesis(tf.zeros([1, generator.num_ws, 6]), **call)


@BOTH
def test_wrong_shapes_are_refused(arch):
    generator, discriminator = (build.build_generator(config(arch), INPUT),
                                build.build_discriminator(config(arch)))
    with pytest.raises(ValueError, match=r'ws: expected shape'):
        generator.synthesis(tf.zeros([1, 3, 6]))
    with pytest.raises(ValueError, match=r'inputs: expected shape'):
        generator(tf.zeros([1, INPUT + 1]))
    with pytest.raises(ValueError, match=r'w: expected shape'):
        generator.broadcast(tf.zeros([1, 7]))
    with pytest.raises(ValueError, match='images'):
        discriminator(tf.zeros([1, 24, 24, 3]))


def test_widths_follow_the_config():
    wide = dataclasses.replace(config('stylegan2'), fmap_max=16)
    generator = build.build_generator(wide, INPUT)
    assert [getattr(generator, f'conv{side}').weight.shape[-1] for side in (4, 8, 16, 32)] == [
        16, 16, 16, 8]
