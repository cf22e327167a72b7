"""Settings of the page to pictures."""

import dataclasses
import functools
import math
from typing import NamedTuple, Optional

import numpy as np
import tensorflow as tf

from tfdisco import factors, images
from tfdisco.demo.settings import Expressions
from tfdisco.editing import settings_file
from tfdisco.editing.attributes import ANGLES
from tfdisco.face3d import lighting
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.networks.trained import MissingModel
from tfdisco.shapes import check_shape

KEPT = 256  # pairs of numbers whose latents are remembered
LARGEST_CHANGE = 64  # grey levels that are shown darkest
DARKEST = (8, 48, 107)


class Drawn(NamedTuple):
    """What the page shows of one face.

    face: uint8 [R, R, 3], generated.
    rendered: uint8 [R, R, 3], the 3D face of the same coefficients; None without face model.
    text: the face as `editing.settings_file` has it.
    """

    face: np.ndarray
    rendered: Optional[np.ndarray]
    text: str


class Studio:
    """Draws faces by `Settings`.

    Identity n is that of the first face of scripts/generate.py with --seed=n, and so is the
    noise. Expression, light and pose are those that are set, and neutral by default.

    Example:
      drawn = Studio(FaceGenerator.load())(Settings(identity=3, yaw=20))

    Attributes:
      faces: the `FaceGenerator`.
      expressions: `settings.Expressions` of its face model.
    """

    def __init__(self, faces):
        """See the class."""
        self.faces = faces
        self.expressions = Expressions.of(faces.model.expression_names)
        edge = faces.generator.config.resolution
        self._render = None
        if not isinstance(faces.model, MissingModel):
            renderer = FaceRenderer(faces.model, edge, edge)
            self._render = tf.function(lambda coefficients: renderer(coefficients).image,
                                       autograph=False, input_signature=[
                                           tf.TensorSpec([1, faces.model.layout.size])])
        self.latents = functools.lru_cache(KEPT)(self._latents)

    def __call__(self, settings):
        """`Drawn` of `Settings`; ValueError on an expression that the face model lacks."""
        z = self.latents(settings.identity, settings.other, settings.between, settings.noise)
        coefficients = self.coefficients(z, settings)
        face = self.faces(z, coefficients=coefficients)[0]
        rendered = images.to_uint8(self._render(coefficients))[0] if self._render else None
        return Drawn(face, rendered,
                     settings_file.text(z, coefficients, dataclasses.asdict(settings)))

    def coefficients(self, z, settings):
        """[1, K] of z [1, latents] for its identity, and of settings for all else."""
        model = self.faces.model
        result = np.array(self.faces.coefficients(z))
        units = {name: weight for name, weight in settings.expressions.items() if weight}
        parts = {
            factors.EXPRESSION: model.expression(units) if units else 0.0,
            factors.POSE: [math.radians(getattr(settings, angle)) for angle in ANGLES],
            factors.ILLUMINATION: lighting.light_from_direction(settings.direction,
                                                                settings.strength),
        }
        for factor, values in parts.items():
            result[:, model.layout.factor_slice(factor)] = values
        return result

    def _latents(self, identity, other, between, noise):
        one, two, rest = (self.faces.latents(1, seed) for seed in (identity, other, noise))
        z = one
        if between:
            z = self.faces.between(one[0], two[0], factors.IDENTITY, [between])
        plain = self.faces.inputs.replace(np.zeros_like(z), z, [factors.IDENTITY])
        return self.faces.inputs.replace(plain, rest, [factors.NOISE]).numpy()


def change(before, after):
    """Where a picture differs from one before: white where not, dark blue from 64 grey levels on.

    Args:
      before, after: uint8 [H, W, 3].

    Returns:
      uint8 [H, W, 3], and the mean difference in grey levels.
    """
    check_shape('after', after, before.shape)
    difference = np.abs(after.astype(np.float32) - before).mean(axis=-1)
    share = np.minimum(difference / LARGEST_CHANGE, 1.0)[..., np.newaxis]
    return (np.rint(255 + share * (np.float32(DARKEST) - 255)).astype(np.uint8),
            float(difference.mean()))
