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
        what `errors` returns.
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
        for name, values in errors(model, perception, seen, rendered, coefficients).items():
            found[name].append(values)
        for factor in (*OTHERS, factors.IDENTITY):
            changed = generate(inputs(inputs.replace(z, other, [factor])))
            found[f'identity_{factor}'].append(perception.similarity(
                seen.identity, perception.recognition(tf.convert_to_tensor(changed))))
    return {name: np.concatenate([np.asarray(part) for part in values])
            for name, values in found.items()}


def errors(model, perception, seen, rendered, coefficients):
    """What is seen in faces against what they were made of.

    Args:
      model: `MorphableModel`.
      perception: `Perception`.
      seen: `Observation` of the faces.
      rendered: `RenderedFace` of the same coefficients, of the same size.
      coefficients: [B, K] that the faces were made of.

    Returns:
      {name: [B] array}: landmark_percent, pose_degrees, illumination_l1, expression_mm, see
      `face_errors`; identity_rendered and identity_head, similarity to the rendered face and to
      the whole rendered head, by which people are told apart better.
    """
    parts, wanted = (model.layout.split(np.asarray(values))
                     for values in (seen.coefficients, coefficients))
    head = FaceRenderer(model, *rendered.image.shape[1:3], 'head')(coefficients).image
    return {
        'landmark_percent': face_errors.landmark_percent(seen.landmarks, rendered.landmarks),
        'pose_degrees': face_errors.pose_degrees(parts.pose, wanted.pose),
        'illumination_l1': face_errors.illumination_l1(parts.illumination, wanted.illumination),
        'expression_mm': face_errors.expression_mm(model, parts.expression, wanted.expression),
        'identity_rendered': perception.similarity(
            seen.identity, perception.recognition(rendered.image)),
        'identity_head': perception.similarity(seen.identity, perception.recognition(head))}
