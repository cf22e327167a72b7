"""Builds the model file and its card from the wheel."""

import time
import typing

import numpy as np

from open_head import (
    activations,
    albedo_regions,
    complexion,
    expression,
    identity,
    landmarks,
    modes,
    occlusion,
    painting,
    regions,
    report,
    shaping,
    source,
    surface,
    topology,
)
from tfdisco.face3d import framing, model_file

SHAPE_MODES, ALBEDO_MODES, EXPRESSION_MODES = 80, 80, 64
# Smoothing of the identity and of the expression exemplars: a person is drawn
# near one exemplar, this many standard deviations around it.
BANDWIDTH = (0.20, 0.10)

# One stream of random numbers for each purpose, so that a change of one sample
# size does not change the others.
SEEDS = {'reference': 0, 'people': 1, 'unseen people': 2, 'expressions': 3,
         'expression exemplars': 4, 'mottle': 5, 'colours': 6, 'unseen colours': 7}

VECTOR, COLOUR = np.array([-1, 1, 1]), np.array([1, 1, 1])  # what the mirror does to components

NAME = 'open head'
SOURCE = ('MakeHuman base mesh, targets and masks (MakeHuman team, CC0 1.0) and ARKit face units '
          f'(Mika Suominen, CC0 1.0), from the wheel of {source.WHEEL_REQUIREMENT}')
LICENCE = 'CC0-1.0'


class Sizes(typing.NamedTuple):
    """How much the build draws at random; take less for a quick try.

    The first `coloured_people` of the people get colours, too, and the first
    `identity_exemplars` of those become exemplars.
    """

    people: int = 3000
    coloured_people: int = 2000
    unseen_people: int = 150
    identity_exemplars: int = 1500
    expressions: int = 6000
    expression_exemplars: int = 1500
    occlusion_views: int = 192


DEFAULT_SIZES = Sizes()


def build(wheel_path, output_path, progress, sizes=DEFAULT_SIZES):
    """Builds the model and its card; the same bytes on every run.

    Args:
      wheel_path: the wheel named by `source.WHEEL_REQUIREMENT`.
      output_path: the .npz to write; the card stands beside it, with the suffix .json.
      progress: wraps the stages' iterables, with a `desc`; for instance `tqdm.tqdm`.
      sizes: `Sizes`.

    Raises:
      FileNotFoundError: if there is no such wheel.
      ValueError: if it is another file.
    """
    started = time.time()
    with source.Wheel(wheel_path) as wheel:
        head = topology.build(wheel)
        weights = surface.error_weights(head)
        shaper = shaping.Shaper(wheel, head, weights.align, _generator('reference'))
        people = identity.sample_people(_generator('people'), sizes.people, shaper.sliders)
        unseen = identity.sample_people(_generator('unseen people'), sizes.unseen_people,
                                        shaper.sliders)
        shape_modes = modes.parity_modes(shaper(people, progress), weights.shape,
                                         head.control_mirror, VECTOR, SHAPE_MODES)
        unseen_shapes = shaper(unseen, progress)
        # The average of lids on different eyeballs is a little off the average eyeball.
        neutral = modes.symmetrized(shaper.lids.seat(shape_modes.mean), head.control_mirror, VECTOR)
        units = expression.load_units(wheel, head, neutral, shaper.lips, shaper.lids, shaper.scale)
    expression_modes = expression.find_modes(
        units, weights.expression, head.control_mirror, EXPRESSION_MODES,
        _generator('expressions'), sizes.expressions)
    mean_shape = modes.symmetrized(head.operator @ neutral, head.mirror_vertex, VECTOR)

    painter = _Painter(head, mean_shape, sizes.occlusion_views, progress)
    albedo_modes = modes.parity_modes(painter(people.rows(slice(sizes.coloured_people)), 'colours'),
                                      weights.albedo, head.mirror_vertex, COLOUR, ALBEDO_MODES)
    arrays = {'name': NAME, 'source': SOURCE, 'licence': LICENCE,
              'exemplar_bandwidth': np.array(BANDWIDTH, np.float32)}
    arrays.update(_topology_arrays(head, mean_shape))
    arrays.update(_mode_arrays(head, shape_modes, albedo_modes, expression_modes))
    _, offset = framing.fit(mean_shape[arrays['landmarks']], scale=1.0)
    # The offset is rounded to what the solver can be trusted with on any machine.
    arrays['mean_shape'] = _rounded(mean_shape + np.round(offset, 5), 6)
    arrays['expression_unit_names'] = np.array(units.names)
    exemplars = slice(sizes.identity_exemplars)
    arrays['identity_exemplars'] = np.concatenate(
        [shape_modes.coefficients[:sizes.coloured_people][exemplars],
         albedo_modes.coefficients[exemplars]], axis=1)
    worn = activations.sample(_generator('expression exemplars'), sizes.expression_exemplars,
                              units.names)
    arrays['expression_exemplars'] = worn @ expression_modes.units
    steps = {name: modes.steps_for(arrays[name]) for name in model_file.BASES}
    steps.update({name: modes.steps_for(arrays[name].T) for name in model_file.EXEMPLARS})
    model_file.write(output_path, arrays, steps)

    report.write_card(output_path, report.Truth(
        head=head, weights=weights, arrays=arrays, lips=shaper.lips, units=units,
        shape_modes=shape_modes, unseen_shapes=unseen_shapes, albedo_modes=albedo_modes,
        unseen_albedos=painter(unseen, 'unseen colours')), sizes, started)


class _Painter:
    """Paints people: calls give [N, V, 3] albedos."""

    def __init__(self, head, mean_shape, views, progress):
        normals = surface.vertex_normals(mean_shape, head.triangles)
        open_sky = occlusion.ambient_occlusion(
            mean_shape, head.triangles, normals, views,
            lambda directions: progress(directions, desc='occlusion'))
        open_sky = (open_sky + open_sky[head.mirror_vertex]) / 2
        self._regions = albedo_regions.build(head, open_sky, _generator('mottle'))
        self._progress = progress

    def __call__(self, people, purpose):
        rng = _generator(purpose)
        return np.stack([
            painting.paint(self._regions, complexion.sample(rng, people, index))
            for index in self._progress(range(len(people.age)), desc='albedo')])


def _generator(purpose):
    return np.random.default_rng(SEEDS[purpose])


def _topology_arrays(head, mean_shape):
    """What the model file says about vertices."""
    normals = surface.vertex_normals(mean_shape, head.triangles)
    return {'triangles': head.triangles.astype(np.uint16),
            'mirror_vertex': head.mirror_vertex.astype(np.uint16),
            'landmarks': landmarks.find(head, mean_shape, normals).astype(np.uint16),
            'face_mask': regions.face_mask(head),
            'region_names': np.array(regions.NAMES),
            'vertex_regions': regions.vertex_regions(head)}


def _mode_arrays(head, shape_modes, albedo_modes, expression_modes):
    """Means, bases and parities, exactly symmetric; the mean shape is not framed yet."""
    def on_vertices(found):
        basis = np.stack([head.operator @ mode for mode in found.basis])
        return modes.symmetrized(basis, head.mirror_vertex, VECTOR, found.parity[:, None, None])

    return {'identity_basis': on_vertices(shape_modes),
            'identity_parity': shape_modes.parity.astype(np.int8),
            'expression_basis': on_vertices(expression_modes),
            'expression_parity': expression_modes.parity.astype(np.int8),
            'expression_units': _rounded(expression_modes.units, 5),
            'mean_albedo': _rounded(albedo_modes.mean, 3),
            'albedo_basis': albedo_modes.basis,
            'albedo_parity': albedo_modes.parity.astype(np.int8)}


def _rounded(values, decimals):
    """float32 without the last digits, in which two computers may differ."""
    return np.round(values, decimals).astype(np.float32) + np.float32(0)  # no negative zeros
