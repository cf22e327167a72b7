"""Training steps, and what they consist of.

All are timed in turn, so that their ratios hold on a noisy machine: an adversarial step
(one of the discriminator, one of the generator, without the penalties that are in few
steps), one with R1, a full imitative and a full contrastive step; the adversarial step
with the reference ops; the same with the networks, or perception alone, in bfloat16; the
generator, the discriminator, the renderer, perception and the data by themselves; and the
convolutions of the adversarial step by themselves.

The share of the convolution limit is the time that the convolutions of a step take, each
run alone on tensors of the same shapes, beside the time of the whole step.
"""

import dataclasses
import os
import tempfile
from unittest import mock

import tensorflow as tf

from tfdisco.benchmarks import timing
from tfdisco.benchmarks.convolutions import Convolutions
from tfdisco.data.records.stream import ImageStream
from tfdisco.data.synthetic import dataset as synthetic_set
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.perception.observe import Perception
from tfdisco.training.gan.config import LossConfig, ScheduleConfig
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.trainer import GanTrainer
from tfdisco.training.run.memory import peak_memory

BATCH, SEED, PEOPLE = 8, 0, 16
SIZE = 128  # pixels of the stored pictures, or as many as the network has
SIZES = ('resolution', 'fmap_base', 'fmap_max')  # fields of the network that one may choose
# Those of configs/faces64.cfg.
NETWORK = NetworkConfig(resolution=64, fmap_base=2048, fmap_max=64, mapping_layers=4,
                        mapping_speed=0.1)
# Without path lengths, which would fall on the same steps as R1.
STAGES = {'adversarial': LossConfig(imitative=False, contrastive=False, path_length_weight=0.0),
          'imitative': LossConfig(contrastive=False, path_length_weight=0.0),
          'contrastive': LossConfig(path_length_weight=0.0)}


def run(rounds=15, network=NETWORK, batch=BATCH):
    """Times everything.

    Args:
      rounds: timed runs of each; medians count.
      network: the `NetworkConfig`, in float32.
      batch: images of a step.

    Returns:
      {'adversarial', 'adversarial_r1', 'imitative', 'contrastive', 'adversarial_reference',
      'contrastive_half_perception', 'adversarial_half', 'contrastive_half',
      'adversarial_half_reference': {'seconds', 'images_per_second', 'over_adversarial': time
      beside the adversarial step's}, 'parts': {name: seconds for one batch}, 'convolutions':
      {'seconds', 'gflop', 'share_of_limit'}, each of `SIZES`, 'batch', 'rounds',
      'memory_gb': the most this process held}.
    """
    model = MorphableModel.load('open_head')
    inputs = GeneratorInputs(CoefficientVAEs.load('built-in', model.layout))
    perception = Perception.load(model)
    half_perception = Perception.load(model, precision='bfloat16')
    half_network = dataclasses.replace(network, precision='bfloat16', low_precision_resolutions=2)
    with tempfile.TemporaryDirectory() as folder:
        synthetic_set.make(synthetic_set.SyntheticSet(
            model='open_head', identities=max(PEOPLE, batch), per_identity=1,
            size=max(SIZE, network.resolution), seed=SEED), folder, 1)
        stream = ImageStream(folder, network.resolution, SEED)
        batches = iter(stream.dataset(0, batch))
        images = next(batches)
        trainer = _trainer(model, inputs, perception, network, batch)
        steps = {name: _step(trainer, images, name) for name in STAGES}
        steps['adversarial_r1'] = _step(trainer, images, 'adversarial', r1=True)
        steps['contrastive_half_perception'] = _step(
            _trainer(model, inputs, half_perception, network, batch), images, 'contrastive')
        half = _trainer(model, inputs, half_perception, half_network, batch)
        steps.update({f'{name}_half': _step(half, images, name)
                      for name in ('adversarial', 'contrastive')})
        for name, config in (('adversarial_reference', network),
                             ('adversarial_half_reference', half_network)):
            steps[name] = _with_reference(lambda config=config: _step(
                _trainer(model, inputs, None, config, batch), images, 'adversarial'))
        steps['adversarial']()  # its graphs are the only ones so far
        alone = Convolutions(trainer.graphs.values())
        parts = {**_parts(trainer, model, inputs, perception, batch), 'data': lambda: next(batches)}
        times = timing.in_turn({**steps, **parts, 'convolutions': alone.run}, rounds)
    base = times['adversarial']
    return {
        **{name: {'seconds': times[name], 'images_per_second': batch / times[name],
                  'over_adversarial': times[name] / base} for name in steps},
        'parts': {name: times[name] for name in parts},
        'convolutions': {'seconds': times['convolutions'], 'gflop': alone.flops / 1e9,
                         'share_of_limit': times['convolutions'] / base},
        **{name: getattr(network, name) for name in SIZES}, 'batch': batch, 'rounds': rounds,
        'memory_gb': peak_memory() / 1e9}


def _trainer(model, inputs, perception, network, batch):
    loss = STAGES['contrastive'] if perception else STAGES['adversarial']
    return GanTrainer(network, loss, ScheduleConfig(batch=batch), model, inputs, perception, SEED)


def _step(trainer, images, stage, r1=False):
    """A function that makes one step of a stage."""
    state = Schedule(trainer.generator.config, STAGES[stage], ScheduleConfig(
        batch=images.shape[0], pixel_kimg=0.0,
        imitative_kimg=0.0 if stage == 'contrastive' else 1e9)).at(0)
    loss = STAGES[stage]

    def step():
        # R1 is in the steps that its interval divides.
        trainer.steps.assign(0 if r1 else 1)
        trainer.step(images, state)

    assert state.stage == stage and loss.r1_every > 1 and not loss.path_length_weight
    return step


def _with_reference(make):
    """What `make` gives, its first call made with the reference ops, which it then keeps."""
    with mock.patch.dict(os.environ, TFDISCO_OPS='reference'):
        function = make()
        function()
    return function


def _parts(trainer, model, inputs, perception, batch):
    """Functions that do a part's work in an imitative step, for one batch."""
    side = trainer.generator.config.resolution
    z = tf.random.stateless_normal([batch, inputs.latents], [SEED, 0])
    images = tf.random.stateless_uniform([batch, side, side, 3], [SEED, 1], -1.0, 1.0)
    render = FaceRenderer(model, side, side)

    def gradient(function, sources, tensors=()):
        with tf.GradientTape() as tape:  # which knows variables by itself
            tape.watch(tensors)
            values = tf.nest.flatten(function())
            total = tf.add_n([tf.reduce_sum(value) for value in values])
        return tape.gradient(total, sources)

    def generator():  # draws fakes for the discriminator, and learns
        return trainer.generator(inputs(z)), gradient(lambda: trainer.generator(inputs(z)),
                                                      trainer.generator.trainable_variables)

    def discriminator():  # learns from fakes and reals, and teaches the generator
        own = trainer.discriminator.trainable_variables
        return (gradient(lambda: trainer.discriminator(images), own),
                gradient(lambda: trainer.discriminator(images), own),
                gradient(lambda: trainer.discriminator(images), [images], [images]))

    def observer():
        def look():
            face = perception.reconstruction(images)
            return face.coefficients, face.landmarks, perception.recognition(images)
        return gradient(look, [images], [images]), perception.recognition(images)

    return {'generator': tf.function(generator), 'discriminator': tf.function(discriminator),
            'renderer': tf.function(lambda: render(inputs.coefficients(z))),
            'perception': tf.function(observer)}
