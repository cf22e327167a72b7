"""Pictures of a run: random faces, one factor at a time, pairs as the losses see them."""

import numpy as np

from tfdisco import factors, images
from tfdisco.face3d.flow import surface_flow
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.ops.image_warp import image_warp

SAMPLES, PEOPLE, STEPS = 16, 4, 5
SMALLEST_TILE = 64  # pixels; smaller images are shown enlarged
REACH = 1.5  # deviations of the factor that is varied
PAIRS = 4


def samples(generate, inputs, model, resolution, seed):
    """Random faces, each above the rendered face of its coefficients: a sheet, uint8."""
    z = _latents(inputs, SAMPLES, seed)
    rendered = FaceRenderer(model, resolution, resolution)(inputs.coefficients(z)).image
    tiles = []
    half = SAMPLES // 2
    for part in (slice(0, half), slice(half, None)):
        tiles += [*_tiles(generate(inputs(z[part]))), *_tiles(rendered[part])]
    return images.contact_sheet(tiles, half, title='generated, and rendered from the same '
                                'coefficients')


def varied(generate, inputs, seed):
    """One factor a row, of one person: a sheet, uint8.

    Each row walks through N(0, 1) along a random line from -1.5 to 1.5 deviations, all else
    held.
    """
    base, line = _latents(inputs, 2, seed)[:, np.newaxis]
    walk = np.linspace(-REACH, REACH, 2 * STEPS - 1, dtype=np.float32)[:, np.newaxis]
    tiles, labels = [], []
    for factor in factors.FACTORS:
        parts = inputs.by_factor(line)[factor].numpy()
        scale = np.sqrt(parts.size) / max(float(np.linalg.norm(parts)), 1e-6)
        z = inputs.replace(np.repeat(base, len(walk), 0), walk * scale * line, [factor])
        tiles += _tiles(generate(inputs(z)))
        labels += [factor if step == 0 else '' for step in range(len(walk))]
    return images.contact_sheet(tiles, len(walk), labels)


def pairs(generate, inputs, model, resolution, seed):
    """Expression pairs: first, second, the first warped to the second, what is compared."""
    z, other = _latents(inputs, 2 * PAIRS, seed).reshape(2, PAIRS, -1)
    changed = inputs.replace(z, other, [factors.EXPRESSION])
    render = FaceRenderer(model, resolution, resolution)
    first, second = (generate(inputs(values)) for values in (z, changed))
    shown, target = (render(inputs.coefficients(values)) for values in (z, changed))
    flow = surface_flow(render, shown.vertices, target.vertices)
    compared = target.mask * flow.valid + (1.0 - target.mask) * (1.0 - shown.mask)
    warped = image_warp(first, flow.flow)
    columns = [_tiles(values) for values in (first, second, warped,
                                             2.0 * np.repeat(compared, 3, axis=-1) - 1.0)]
    tiles = [column[row] for row in range(PAIRS) for column in columns]
    return images.contact_sheet(tiles, len(columns), ['first', 'second', 'warped', 'compared']
                                * PAIRS)


def _latents(inputs, count, seed):
    return np.random.default_rng(seed).standard_normal([count, inputs.latents], np.float32)


def _tiles(values):
    tiles = images.to_uint8(values)
    factor = -(-SMALLEST_TILE // tiles.shape[1])
    return list(tiles.repeat(factor, axis=1).repeat(factor, axis=2))
