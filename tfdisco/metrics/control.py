"""How well a generator obeys: what perception reads off its faces, and what holds when one
factor changes (Sec. 5.1 asks the same of directions in W)."""

import collections

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.metrics import face_errors
from tfdisco.shapes import check_positive

BATCH = 32
OTHERS = (factors.EXPRESSION, factors.ILLUMINATION, factors.POSE, factors.NOISE)


def control(generate, inputs, model, perception, resolution, count, seed):
    """{name: float}, the means of `control_of_faces`, which takes the same."""
    found = control_of_faces(generate, inputs, model, perception, resolution, count, seed)
    return {name: float(np.mean(values)) for name, values in found.items()}


def control_of_faces(generate, inputs, model, perception, resolution, count, seed):
    """Figures of random faces and of pairs that differ in one factor.

    Args:
      generate: inputs [B, inputs.size] to images [B, R, R, 3].
      inputs: `networks.inputs.GeneratorInputs`.
      model: `MorphableModel`.
      perception: `Perception`.
      resolution: pixels of the images.
      count: of faces.
      seed: of their latents.

    Returns:
      {name: [count] float array}:
        landmark_percent, pose_degrees, illumination_l1, expression_mm: of what is seen in
          the faces against the coefficients they were made of, see `face_errors`.
        identity_rendered: similarity to the rendered face of the same coefficients.
        identity_FACTOR: similarity of two faces that differ in this factor alone, for
          expression, illumination, pose and noise; and, to compare, in identity.

    Raises:
      ValueError: unless the count is positive.
    """
    check_positive('count', count)
    rng = np.random.default_rng(seed)
    render = FaceRenderer(model, resolution, resolution)
    found = collections.defaultdict(list)
    for start in range(0, count, BATCH):
        z, other = rng.standard_normal([2, min(BATCH, count - start), inputs.latents], np.float32)
        coefficients = inputs.coefficients(z)
        rendered, seen = render(coefficients), perception(generate(inputs(z)))
        parts, wanted = (model.layout.split(np.asarray(values))
                         for values in (seen.coefficients, coefficients))
        found['landmark_percent'].append(face_errors.landmark_percent(
            seen.landmarks, rendered.landmarks))
        found['pose_degrees'].append(face_errors.pose_degrees(parts.pose, wanted.pose))
        found['illumination_l1'].append(face_errors.illumination_l1(
            parts.illumination, wanted.illumination))
        found['expression_mm'].append(face_errors.expression_mm(
            model, parts.expression, wanted.expression))
        found['identity_rendered'].append(perception.similarity(
            seen.identity, perception.recognition(rendered.image)))
        for factor in (*OTHERS, factors.IDENTITY):
            changed = generate(inputs(inputs.replace(z, other, [factor])))
            found[f'identity_{factor}'].append(perception.similarity(
                seen.identity, perception.recognition(tf.convert_to_tensor(changed))))
    return {name: np.concatenate([np.asarray(part) for part in values])
            for name, values in found.items()}
