"""The generator's and the discriminator's terms of one step."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.perception import small
from tests.training.gan import small as gan
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.losses import imitative
from tfdisco.networks import build
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.ops.blur import gaussian_blur
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.training.gan import schedule
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.objective import Draw, GeneratorObjective, discriminator_terms

SIDE, BATCH = 32, 5
MODEL = toy.model()
CONFIG = GanConfig.of(**gan.NETWORK)
INPUTS = GeneratorInputs(gan.vaes_of(MODEL.layout), 4)
ALL = (*schedule.IMITATIVE, *schedule.PAIR_TERMS, schedule.ADVERSARIAL, schedule.PIXEL)


class Watched:
    """A perception network that keeps what it saw."""

    def __init__(self, network):
        self.network, self.seen = network, []

    def __call__(self, images):
        self.seen.append(images)
        return self.network(images)

    def similarity(self, first, second):
        return self.network.similarity(first, second)


@pytest.fixture
def networks():
    tf.keras.utils.set_random_seed(0)  # of the weights: a margin may be kept by chance
    return build.build_generator(CONFIG.network, INPUTS.size), build.build_discriminator(
        CONFIG.network)


@pytest.fixture
def perception():
    return Perception(Watched(Reconstruction(small.reconstruction(), MODEL)),
                      Watched(Recognition(small.recognition())),
                      Watched(Parsing(small.parsing())))


def draw(generator, other=None, pairs=BATCH):
    z = tf.random.stateless_normal([BATCH, INPUTS.latents], [0, 0])
    return Draw(z, tf.random.stateless_normal([BATCH, INPUTS.latents], [0, 1])
                if other is None else z, generator.random_noise(BATCH, [0, 2]),
                tf.range(pairs, dtype=tf.int64))


def terms(networks, perception, names, region='face', **options):
    objective = GeneratorObjective(MODEL, INPUTS, perception, identity_region=region)
    found, w = objective.terms(*networks, draw(networks[0], **options), names, SIDE, 1.0)
    assert w.shape == (BATCH, CONFIG.network.w_size)
    return found


def test_every_term_is_there_when_wanted(networks, perception):
    found = terms(networks, perception, ALL)
    assert set(found) == set(ALL)
    assert all(np.isfinite(value) and value.shape == () for value in found.values())
    # Untrained networks draw hair that differs enough.
    assert {name for name, value in found.items() if not value > 0} <= {'contrastive/other_hair'}


def test_what_is_not_wanted_is_not_computed(networks):
    assert set(terms(networks, None, [schedule.ADVERSARIAL])) == {schedule.ADVERSARIAL}
    assert set(terms(networks, None, [schedule.ADVERSARIAL, schedule.PIXEL])) == {
        schedule.ADVERSARIAL, schedule.PIXEL}


def test_pictures_are_looked_at_once(networks, perception):
    terms(networks, perception, ALL, pairs=2)
    # The faces and two second faces; for who they are, the rendered faces as well; for hair and
    # background, both faces of the pairs.
    seen = [sorted(len(images) for images in network.seen) for network in (
        perception.reconstruction, perception.recognition, perception.parsing)]
    assert seen == [[BATCH + 2], [BATCH + 2, BATCH + 2], [2 + 2]]


def test_pairs_that_do_not_differ_cost_nothing(networks, perception):
    found = terms(networks, perception, ALL, other='same')
    wanted = {'contrastive/other_background': 1.0, 'contrastive/other_hair': 1.0}
    for name in schedule.PAIR_TERMS:
        assert float(found[name]) == pytest.approx(wanted.get(name, 0.0), abs=2e-6), name
    assert found['imitative/skin'] > 0


def test_who_is_imitated_is_whoever_the_region_shows(networks, perception):
    coefficients = INPUTS.coefficients(draw(networks[0]).z)
    for region in ('face', 'head'):
        del perception.recognition.seen[:]
        terms(networks, perception, ['imitative/identity'], region=region)
        rendered = FaceRenderer(MODEL, SIDE, SIDE, region)(coefficients).image
        np.testing.assert_allclose(perception.recognition.seen[1], rendered, atol=1e-5)


def test_pixels_are_compared_with_the_face_of_the_same_coefficients(networks):
    generator = networks[0]
    given = draw(generator)
    found = terms(networks, None, [schedule.PIXEL])
    rendered = FaceRenderer(MODEL, SIDE, SIDE)(INPUTS.coefficients(given.z))
    images = generator(INPUTS(given.z), noise=given.noise)
    assert float(found[schedule.PIXEL]) == pytest.approx(
        float(imitative.pixel_term(images, rendered)), rel=1e-5)


def test_second_faces_do_not_change_the_terms_of_the_first(networks, perception):
    alone = terms(networks, perception, schedule.IMITATIVE)
    beside = terms(networks, perception, ALL, pairs=2)
    for name in schedule.IMITATIVE:
        assert float(alone[name]) == pytest.approx(float(beside[name]), rel=1e-4), name


def test_perception_sees_both_faces_through_the_same_blur(networks, perception):
    objective = GeneratorObjective(MODEL, INPUTS, perception, blur=1.0)
    given = draw(networks[0])
    objective.terms(*networks, given, schedule.IMITATIVE, SIDE, 1.0)
    rendered = FaceRenderer(MODEL, SIDE, SIDE)(INPUTS.coefficients(given.z)).image
    images = networks[0](INPUTS(given.z), noise=given.noise)
    for ours, image in zip(perception.recognition.seen, (images, rendered)):
        for index, share in zip(range(len(ours)), (0.0, 1 / 3, 2 / 3, 1.0)):
            expected = (1 - share) * image + share * gaussian_blur(image, 1.0)
            np.testing.assert_allclose(ours[index], expected[index], atol=1e-5)


@pytest.mark.parametrize('name', ['r1', 'r2'])
def test_a_gradient_penalty_joins_when_wanted(networks, name):
    _, discriminator = networks
    reals, fakes = (tf.random.stateless_uniform([4, SIDE, SIDE, 3], [0, seed], -1.0, 1.0)
                    for seed in (3, 4))
    without = discriminator_terms(discriminator, reals, fakes, 1.0)
    found = discriminator_terms(discriminator, reals, fakes, 1.0, (name,))
    assert set(without) == {'real', 'fake', 'relative', 'sign'}
    assert set(found) == {*without, name}
    real, fake = discriminator(reals).numpy(), discriminator(fakes).numpy()
    assert float(found['sign']) == np.sign(real).mean()
    assert float(found['relative']) == pytest.approx(np.log1p(np.exp(fake - real)).mean(), rel=1e-5)
    for term, value in without.items():
        assert float(found[term]) == pytest.approx(float(value), rel=1e-5)
    images = {'r1': reals, 'r2': fakes}[name]
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(discriminator(images))
    gradient = tape.gradient(total, images)
    assert float(found[name]) == pytest.approx(float(tf.reduce_mean(
        tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]))), rel=1e-4)
