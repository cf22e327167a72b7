"""What Eq. 2 imitates has to tell people apart and know one person in two poses."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import factors
from tfdisco.data.synthetic import dataset
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.perception.recognition import Recognition

PEOPLE, SIDE = 64, 64


@pytest.fixture(scope='module')
def model():
    return MorphableModel.load('open_head')


@pytest.fixture(scope='module')
def recognition():
    return Recognition.load('built-in')


def alike(first, second):
    """Mean cosine of each with its own, and with all others."""
    cosines = np.asarray(first) @ np.asarray(second).T
    strangers = ~np.eye(len(cosines), dtype=bool)
    return np.diag(cosines).mean(), cosines[strangers].mean()


@pytest.mark.parametrize('region, people, poses', [('head', (0.1, 0.3), (0.8, 0.9)),
                                                   ('face', (0.55, 0.8), (0.85, 1.0))])
def test_two_people_and_two_poses(model, recognition, region, people, poses):
    inputs = GeneratorInputs(CoefficientVAEs.load('built-in', model.layout))
    z, other = np.random.default_rng(0).standard_normal([2, PEOPLE, inputs.latents], np.float32)
    render = FaceRenderer(model, SIDE, SIDE, region)

    def seen(z):
        return recognition(render(inputs.coefficients(z)).image)

    found = {factor: alike(seen(z), seen(inputs.replace(z, other, [factor])))[0]
             for factor in (factors.IDENTITY, factors.POSE)}
    print(region, found)  # of docs/training.md
    assert people[0] < found[factors.IDENTITY] < people[1]
    assert poses[0] < found[factors.POSE] < poses[1]


def test_a_whole_picture_is_like_its_own_head(model, recognition):
    records = list(itertools.islice(dataset.stream(model, SIDE, seed=77, per_identity=1), 24))
    pictures = tf.constant(np.stack([record.image for record in records]) / 127.5 - 1, tf.float32)
    coefficients = np.stack([record.coefficients for record in records])
    found = {region: alike(recognition(pictures), recognition(
        FaceRenderer(model, SIDE, SIDE, region)(coefficients).image))
        for region in ('head', 'face')}
    print(found)  # of docs/training.md
    own, stranger = found['head']
    assert own > 0.7 > 0.55 > found['face'][0] and abs(stranger) < 0.1
