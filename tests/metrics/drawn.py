"""A generator that is the renderer itself: it obeys, and its pictures are known."""

from tests.face3d import toy
from tests.perception import small
from tests.training.gan import small as gan
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.networks.inputs import GeneratorInputs

SIDE, NOISE = 32, 4


def faces():
    """`GeneratedFaces` of `SIDE` pixels, looked at by networks of random weights."""
    model = toy.model()
    render = FaceRenderer(model, SIDE, SIDE)
    return GeneratedFaces(lambda values: render(values[:, :model.layout.size]).image,
                          GeneratorInputs(gan.vaes_of(model.layout), NOISE), model,
                          small.perception())
