"""XLA lowers the steps of the generator and of the discriminator."""

import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.perception import small
from tests.training.gan import small as gan
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.training.gan import schedule
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.draws import Draws
from tfdisco.training.gan.trainer import GanTrainer

ALL = (*schedule.IMITATIVE, *schedule.PAIR_TERMS, schedule.ADVERSARIAL, schedule.PIXEL)
BATCH, SIDE = 4, 32
# TensorFlow 2.15 shows the same as HLO only.
STAGE = 'hlo' if tf.__version__.startswith('2.15.') else 'stablehlo'


@pytest.fixture(scope='module')
def trainer():
    model = toy.model()
    config = GanConfig.of(**gan.NETWORK, batch=BATCH, mapping='sum', identity_region='head')
    return GanTrainer(
        config.network, config.loss, config.schedule, model,
        GeneratorInputs(gan.vaes_of(model.layout), gan.NETWORK['noise']),
        Perception(Reconstruction(small.reconstruction(), model), Recognition(small.recognition()),
                   Parsing(small.parsing())))


def _lowered(step, *tensors):
    compiled = tf.function(step, jit_compile=True)
    return compiled.experimental_get_compiler_ir(*tensors)(stage=STAGE)


def _draws(trainer):
    return Draws(0, trainer.images_seen, BATCH, 1)


def test_generator_step_with_every_term_lowers(trainer):
    text = _lowered(lambda: trainer._train_generator(
        _draws(trainer), SIDE, 1.0, tuple((name, 1.0) for name in ALL)))
    assert 'while' in text  # the rasteriser's chunks
    assert 'tensor<?x' not in text and 'Tfdisco' not in text


@pytest.mark.parametrize('r1', [False, True])
def test_discriminator_step_lowers(trainer, r1):
    text = _lowered(lambda images: trainer._train_discriminator(
        images, _draws(trainer), SIDE, 1.0, r1), tf.zeros([BATCH, SIDE, SIDE, 3], tf.uint8))
    assert 'convolution' in text and 'tensor<?x' not in text and 'Tfdisco' not in text
