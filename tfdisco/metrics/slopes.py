"""How much of what is asked for is there: a pose, expressions and lights, step by step.

Where a generator obeys, what is seen grows by one for each one that is asked for. Perception
has a slope of its own, which rendered faces of the same coefficients show.
"""

from typing import Callable, NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d import lighting
from tfdisco.metrics import face_errors, pictures, statistics
from tfdisco.shapes import check_positive

BATCH = 32
YAW, EXPRESSION, LIGHT = 'yaw', 'expression', 'light'
YAW_INDEX = 1  # in the pose
YAWS = tuple(range(-40, 41, 10))  # degrees
WEIGHTS = (0.0, 0.5, 1.0)  # of an expression
LIGHTS = (0.0, 0.35, 0.7)  # intensities, see `lighting.light_from_direction`
SIDES = ('front', 'left', 'right', 'top', 'bottom', 'back left')
LEAST = 0.1  # mm that an expression must move the face by on average, to be seen at all
ALL = 'all'


class Request(NamedTuple):
    """One attribute, asked for in steps.

    kind: YAW, EXPRESSION or LIGHT. name: of the expression or the side; '' for yaw.
    part: slice of the coefficients that is replaced.
    asked: [S] steps.
    values: [S, size of the part].
    read: coefficients seen [N, K] to [N], in the units of `asked`.
    """

    kind: str
    name: str
    part: slice
    asked: np.ndarray
    values: np.ndarray
    read: Callable


def requests(model):
    """The list of `Request`s that can be made of a `MorphableModel`."""
    pose = model.layout.factor_slice(factors.POSE).start + YAW_INDEX
    yaw = slice(pose, pose + 1)
    result = [Request(YAW, '', yaw, np.array(YAWS, np.float64), np.radians(YAWS)[:, np.newaxis],
                      lambda seen: np.degrees(seen[:, pose].astype(np.float64)))]
    part = model.layout.factor_slice(factors.EXPRESSION)
    basis = model.arrays['expression_basis'][:, model.face_mask].astype(np.float64)
    basis = basis.reshape(len(basis), -1)
    products = basis @ basis.T  # of movements of the face, all vertices alike
    for name in model.expression_names:
        full = model.expression({name: 1.0})
        if face_errors.expression_mm(model, full[np.newaxis], 0 * full[np.newaxis])[0] >= LEAST:
            result.append(_along(EXPRESSION, name, part, WEIGHTS, 0 * full, full, products))
    normals = lighting.basis(lighting.sphere(face_errors.SPHERE))
    products = np.kron(np.eye(3), normals.T @ normals)  # of shadings of a sphere, and of colours
    for side in SIDES:
        dark, light = (lighting.light_from_direction(side, intensity) for intensity in (0.0, 1.0))
        result.append(_along(LIGHT, side, model.layout.factor_slice(factors.ILLUMINATION), LIGHTS,
                             dark, light - dark, products))
    return result


def _along(kind, name, part, asked, start, direction, products):
    """A `Request` of start + asked * direction; what is seen is projected onto the direction."""
    start, direction = np.asarray(start, np.float64), np.asarray(direction, np.float64)
    along = products @ direction
    along /= direction @ along
    asked = np.array(asked, np.float64)
    return Request(kind, name, part, asked, start + asked[:, np.newaxis] * direction,
                   lambda seen: (seen[:, part].astype(np.float64) - start) @ along)


def measure(faces, count, seed, progress=None):
    """Asks every request of random faces.

    Args:
      faces: `generated.GeneratedFaces`.
      count: of faces that everything else comes from.
      seed: of those.
      progress: see `metrics.generated`.

    Returns:
      {'slopes', 'slopes_rendered': {'yaw': interval, 'expression', 'light': {NAME: interval,
      'all': that of the mean}}, 'slope_curves': {KIND: {NAME: {'asked': [S], 'seen', 'low',
      'high', 'rendered': [S]}}}}. A slope is that of the straight line of least squares through
      all faces, its interval the bootstrap over faces; a curve has means over faces, and the
      range of eight faces out of ten.

    Raises:
      ValueError: unless the count is positive.
    """
    check_positive('count', count)
    wanted = requests(faces.model)
    z = faces.latents(count, seed)
    noise = faces.inputs.split_noise(z)[1].numpy()
    draw = tf.function(lambda values: faces.generator(values), reduce_retracing=True)
    seen = {'generated': [], 'rendered': []}
    steps = range(count) if progress is None else progress(range(count), desc='slopes')
    for face in steps:
        rows, where = _rows(wanted, faces.inputs.coefficients(z[face:face + 1]).numpy())
        found = {name: [] for name in seen}
        for start in range(0, len(rows), BATCH):
            part = rows[start:start + BATCH]
            inputs = faces.inputs.join(part, np.repeat(noise[face:face + 1], len(part), 0))
            drawn = pictures.in_levels(draw(inputs))
            rendered = pictures.in_levels(faces.render(part, drawn.shape[1:3]).image)
            for name, images in (('generated', drawn), ('rendered', rendered)):
                found[name].append(faces.look(images, ('coefficients',)).coefficients)
        for name, parts in found.items():
            coefficients = np.concatenate(parts)
            seen[name].append([request.read(coefficients[index])
                               for request, index in zip(wanted, where)])
    # {name: for each request [faces, steps]}.
    seen = {name: [np.stack(values) for values in zip(*by_face)] for name, by_face in seen.items()}
    return {'slopes': _slopes(wanted, seen['generated'], seed),
            'slopes_rendered': _slopes(wanted, seen['rendered'], seed),
            'slope_curves': _curves(wanted, seen)}


def _rows(wanted, coefficients):
    """Coefficients [U, K], each once, and for each request the rows of its steps."""
    rows, numbers, where = [], {}, []
    for request in wanted:
        asked = np.repeat(coefficients, len(request.asked), 0)
        asked[:, request.part] = request.values + 0.0  # no zero with a minus, another in bytes
        for row in asked:
            if numbers.setdefault(row.tobytes(), len(rows)) == len(rows):
                rows.append(row)
        where.append([numbers[row.tobytes()] for row in asked])
    return np.stack(rows), where


def _slopes(wanted, seen, seed):
    result = {}
    for kind in (YAW, EXPRESSION, LIGHT):
        found = {request.name: _by_face(request.asked, values)
                 for request, values in zip(wanted, seen) if request.kind == kind}
        if kind == YAW:
            result[kind] = _estimate(found[''], seed)
        elif found:
            result[kind] = {ALL: _estimate(np.mean(list(found.values()), axis=0), seed),
                            **{name: _estimate(values, seed) for name, values in found.items()}}
    return result


def _by_face(asked, seen):
    """Slopes [F] of least squares of seen [F, S] over asked [S].

    As every face is asked for the same steps, the line through several faces has the mean of
    their slopes.
    """
    apart = asked - asked.mean()
    return seen @ apart / (apart @ apart)


def _estimate(values, seed):
    return statistics.mean(values, np.arange(len(values)), seed)._asdict()


def _curves(wanted, seen):
    result = {}
    for request, generated, rendered in zip(wanted, seen['generated'], seen['rendered']):
        low, high = np.percentile(generated, [10, 90], axis=0)
        result.setdefault(request.kind, {})[request.name] = {
            name: [round(float(value), 4) for value in values] for name, values in (
                ('asked', request.asked), ('seen', generated.mean(axis=0)), ('low', low),
                ('high', high), ('rendered', rendered.mean(axis=0)))}
    return result

