"""Principal modes that are exactly symmetric or antisymmetric under the mirror.

If every sample came with its mirror image, the covariance would commute with
the mirror and its eigenvectors would be even or odd. The same modes come, at
half the size, from the even and the odd part of the samples separately.
"""

import typing

import numpy as np


class Modes(typing.NamedTuple):
    """Modes of samples [N, V, 3].

    mean: [V, 3]; symmetric.
    basis: [K, V, 3] a mode for a coefficient of one standard deviation.
    parity: [K] +1 or -1.
    coefficients: [N, K] of the samples.
    explained: share of the (weighted) variance.
    """

    mean: np.ndarray
    basis: np.ndarray
    parity: np.ndarray
    coefficients: np.ndarray
    explained: float


def mirrored(values, mirror_vertex, sign):
    """Mirrors [..., V, 3] values; `sign` is [-1, 1, 1] for vectors, [1, 1, 1] for colours."""
    return values[..., mirror_vertex, :] * np.asarray(sign, values.dtype)


def symmetrized(values, mirror_vertex, sign, parity=1):
    """The part of [..., V, 3] values with this parity; exact to the last bit.

    `parity` is +1, -1 or an array of them that broadcasts to the values.
    """
    return (values + parity * mirrored(values, mirror_vertex, sign)) / 2


def parity_modes(samples, weights, mirror_vertex, sign, count):
    """Principal modes of samples and their mirror images.

    Args:
      samples: [N, V, 3].
      weights: [V] positive; the weight of a vertex's squared error. Symmetric.
      mirror_vertex: [V].
      sign: [3] what the mirror does to the components, see `mirrored`.
      count: the number of modes K.

    Returns:
      `Modes`, by decreasing variance. A mode's sign makes its largest entry
      positive, so that the result does not depend on the eigensolver's choice.
    """
    number = len(samples)
    mean = symmetrized(samples.mean(axis=0), mirror_vertex, sign)
    root = np.sqrt(weights)[:, None]
    found = []
    for parity in (1, -1):
        part = symmetrized(samples - mean, mirror_vertex, sign, parity) * root
        # A vertex and its partner hold the same numbers: take one, count it twice.
        first = np.arange(len(mirror_vertex)) <= mirror_vertex
        double = np.where(mirror_vertex == np.arange(len(mirror_vertex)), 1, np.sqrt(2))
        half = (part * double[:, None])[:, first].reshape(number, -1)
        values, vectors = np.linalg.eigh(half @ half.T / number)
        found += [(value, parity, vector) for value, vector in zip(values, vectors.T)]
    total = sum(value for value, _, _ in found)
    found = sorted(found, key=lambda mode: -mode[0])[:count]
    parity = np.array([entry[1] for entry in found])
    unit = np.stack([vector for _, _, vector in found])  # [K, N], orthonormal per parity

    flat = (samples - mean).reshape(number, -1)
    basis = (unit @ flat / np.sqrt(number)).reshape(count, *mean.shape)
    basis = symmetrized(basis, mirror_vertex, sign, parity[:, None, None])
    coefficients = unit.T * np.sqrt(number)
    turn = signs(basis)
    return Modes(mean, basis * turn[:, None, None], parity, coefficients * turn,
                 sum(mode[0] for mode in found) / total)


def project(values, modes, weights):
    """Weighted least-squares coefficients [N, K] of values [N, V, 3]."""
    root = np.sqrt(weights)[:, None]
    basis = (modes.basis * root).reshape(len(modes.basis), -1)
    residual = ((values - modes.mean) * root).reshape(len(values), -1)
    return np.linalg.solve(basis @ basis.T, basis @ residual.T).T


def signs(basis):
    """[K] +1 or -1: what makes the largest entry of each mode positive."""
    flat = basis.reshape(len(basis), -1)
    # Rounded, because an odd mode has its largest entry twice, with either sign.
    largest = np.argmax(np.abs(flat).astype(np.float32), axis=1)
    return np.sign(flat[np.arange(len(flat)), largest])


def steps_for(basis, levels=127):
    """[K] quantisation steps that give each mode `levels` steps to its peak."""
    return (np.abs(basis).max(axis=tuple(range(1, basis.ndim))) / levels).astype(np.float32)
