"""On a GPU, nothing of a step goes through the memory of the host but shapes."""

import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.perception import small
from tests.training.gan import placement
from tests.training.gan import small as gan
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.ops.image_warp import image_warp
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import Raster, _barycentrics_at
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.training.gan import schedule
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.trainer import (
    AVERAGE,
    DISCRIMINATOR,
    GENERATOR,
    PATH_LENGTH,
    GanTrainer,
    Part,
)

pytestmark = pytest.mark.skipif(not placement.known(),
                                reason='this TensorFlow has no kernels for GPUs')
BATCH, SIDE = 4, 32
ALL = (*schedule.IMITATIVE, *schedule.PAIR_TERMS, schedule.ADVERSARIAL, schedule.PIXEL)


def copies(function, *shapes):
    """[(type of op, where its input comes from)] of what a function of float32 moves."""
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    graph = tf.function(function).get_concrete_function(*specs).graph
    return [(kind, there) for _, kind, _, there, _ in placement.copies(graph)]


PIXELS = BATCH, SIDE, SIDE


def numbers(values):
    """int32 that a GPU has computed."""
    return tf.cast(values, tf.int32)


@pytest.mark.parametrize('function, expected', [
    # What kernels of int32 do with what a GPU has computed, and those of a GPU with constants.
    (lambda values: numbers(values) >= 0, ('GreaterEqual', 'device')),
    (lambda values: tf.maximum(numbers(values), 0), ('Maximum', 'device')),
    (lambda values: tf.gather(values, [0, 1]), ('GatherV2', 'host'))])
def test_the_check_itself(function, expected):
    assert expected in copies(function, PIXELS)


@pytest.mark.parametrize('function', [
    lambda values: tf.cast(numbers(values), tf.int64) >= 0,
    lambda values: tf.gather(values, tf.constant([0, 1], tf.int64)),
    lambda values: tf.reshape(values, [tf.shape(values)[0], -1]) + 1.0])
def test_the_check_lets_shapes_and_int64_pass(function):
    assert copies(function, PIXELS) == []


@pytest.mark.parametrize('impl', ['auto', 'reference'])
def test_faces_are_drawn_without(impl):
    model = toy.model()
    render = FaceRenderer(model, SIDE, SIDE, impl=impl)
    vertices = BATCH, model.vertex_count, 3
    for function, shapes in (
            (model.normals, [vertices]), (render.landmarks, [vertices]),
            (lambda ids: render.mask(Raster(numbers(ids), None, None)), [PIXELS]),
            (lambda image, flow: image_warp(image, flow, impl),
             [(*PIXELS, 3), (*PIXELS, 2)]),
            (lambda attributes, ids, barycentrics: interpolate_attributes(
                attributes, render.triangles, numbers(ids), barycentrics, impl),
             [vertices, PIXELS, (*PIXELS, 3)]),
            (lambda places, ids: _barycentrics_at(
                tf.cast(places, tf.float64), tf.cast(render.triangles, tf.int64), numbers(ids),
                SIDE, SIDE), [(BATCH, model.vertex_count, 4), PIXELS])):
        assert copies(function, *shapes) == []


@pytest.mark.slow  # the graph of every term
def test_a_step_moves_nothing():
    model = toy.model()
    config = GanConfig.of(**gan.NETWORK, batch=BATCH, mapping='sum', identity_region='head')
    trainer = GanTrainer(
        config.network, config.loss, config.schedule, model,
        GeneratorInputs(gan.vaes_of(model.layout), gan.NETWORK['noise']),
        Perception(Reconstruction(small.reconstruction(), model), Recognition(small.recognition()),
                   Parsing(small.parsing())))
    common = tf.constant(1.0), tf.constant(0, tf.int64)
    images = tf.zeros([*PIXELS, 3], tf.uint8)
    every = tuple((name, 1.0) for name in ALL)
    for part in (Part(DISCRIMINATOR, (True,), reals=True), Part(GENERATOR, (every,)),
                 Part(PATH_LENGTH), Part(AVERAGE)):
        trainer._run((images, *common) if part.reals else common, SIDE, BATCH, part)
    assert len(trainer.graphs) == 4
    for key, function in trainer.graphs.items():
        assert placement.copies(function.graph) == [], key[-1].name
