"""Hair lattice, styles, noise, accessories, backgrounds and camera."""

import numpy as np
import pytest

from tfdisco.data.synthetic.scene import accessories, hair, lattice, noise, style, surroundings
from tfdisco.face3d.morphable_model import MorphableModel


@pytest.fixture(scope='module')
def model():
    return MorphableModel.load('open_head')


@pytest.fixture(scope='module')
def scalp(model):
    return lattice.ScalpLattice(model)


def test_the_lattice_lies_on_the_head(model, scalp):
    shape = model.arrays['mean_shape']
    over = scalp.base[:, 3:lattice.OVER_CAP - 6].reshape(-1, 3)
    behind = over[over[:, 2] < scalp.centre[2]]
    skin = shape[model.regions['scalp'] | model.regions['skin']]
    nearest = np.linalg.norm(behind[:, None] - skin[None], axis=-1).min(axis=1)
    assert np.median(nearest) < 0.08 and nearest.max() < 0.25
    np.testing.assert_allclose(scalp.base[0], scalp.base[-1], atol=0.03)  # it closes behind
    outside = lattice.normals(scalp.base)[4:-4, 4:20]
    assert ((outside * scalp.outward[4:-4, 4:20]).sum(axis=-1) > 0.5).mean() > 0.97


def test_the_lattice_moves_with_the_head(scalp, model):
    still = scalp.points(np.zeros((model.vertex_count, 3)))
    np.testing.assert_array_equal(still, scalp.base)
    moved = scalp.points(np.tile([0.1, -0.2, 0.3], (model.vertex_count, 1)))
    np.testing.assert_allclose(moved - still, np.broadcast_to([0.1, -0.2, 0.3], still.shape),
                               atol=1e-12)


def test_hair_ends_where_its_style_says(scalp):
    look = style.sample(np.random.default_rng(0))
    for name, value in {'cut': 'short', 'fringe': None, 'length': None, 'jitter': 0.0, 'dy': 0.0,
                        'temple': 0.0}.items():
        setattr(look, name, value)
    grown = hair.grow(scalp, scalp.base, look, np.random.default_rng(1))
    front = np.abs(scalp.azimuth) < 15
    lowest = [line[left > 0][-1, 1] for line, left in zip(scalp.base[front], grown.left[front])]
    np.testing.assert_allclose(lowest, 0.95, atol=0.08)
    look.length, look.sides_from = -1.2, 60.0
    long_hair = hair.grow(scalp, scalp.base, look, np.random.default_rng(1))
    side = np.abs(scalp.azimuth) > 90
    ends = [line[left > 0][-1, 1] for line, left in zip(scalp.base[side], long_hair.left[side])]
    np.testing.assert_allclose(ends, -1.2, atol=0.6)
    below = grown.points[grown.left <= 0] - scalp.base[grown.left <= 0]
    assert (np.linalg.norm(below, axis=-1) < 0.03).all()


def test_styles_are_drawn_from_the_seed_and_vary():
    looks = [style.sample(np.random.default_rng(seed)) for seed in range(400)]
    assert {look.cut for look in looks} == set(style.CUTS)
    assert {look.beard for look in looks} == set(style.BEARDS)
    for name, share in (('glasses', style.GLASSES_SHARE), ('cap', style.CAP_SHARE)):
        worn = np.mean([getattr(look, name) is not None for look in looks])
        assert abs(worn - share) < 0.06
    again = style.sample(np.random.default_rng(7))
    assert repr(again) == repr(looks[7])


def test_noise_is_even_and_periodic():
    tables = noise.NoiseTables()
    for table in (tables.fine, tables.soft, tables.strands):
        assert 0 <= table.min() and table.max() <= 1 and abs(table.mean() - 0.5) < 0.01
    places = np.random.default_rng(0).uniform(2, 4, (2, 50))
    np.testing.assert_array_equal(noise.lookup(tables.soft, *places),
                                  noise.lookup(tables.soft, places[0] + 3, places[1] - 1))
    along = np.abs(np.diff(tables.strands, axis=1)).mean()
    assert along < 0.3 * np.abs(np.diff(tables.strands, axis=0)).mean()


def test_only_what_is_worn_has_vertices(model, scalp):
    meshes = accessories.Accessories(model, scalp)
    look = style.sample(np.random.default_rng(0))
    look.glasses = look.cap = None
    rest = np.zeros((model.vertex_count, 3))
    assert np.isnan(meshes.vertices(look, rest, scalp.base)).all()
    look.glasses = {'width': 0.25, 'height': 0.2, 'square': 3.0, 'thick': 0.02, 'drop': 0.0,
                    'color': np.zeros(3), 'tint': np.zeros(3), 'alpha': 0.0}
    vertices = meshes.vertices(look, rest, scalp.base)
    drawn = vertices[np.unique(meshes.triangles[meshes.material == accessories.LENS])]
    eyes = model.arrays['mean_shape'][model.landmark_vertices[36:48]]
    assert (drawn.min(axis=0)[:2] < eyes.min(axis=0)[:2]).all()
    assert (drawn.max(axis=0)[:2] > eyes.max(axis=0)[:2]).all()
    assert drawn[:, 2].min() > eyes[:, 2].min()
    visor = meshes.triangles[meshes.material == accessories.VISOR]
    assert np.isnan(vertices[visor]).all()
    assert meshes.triangles.max() == meshes.size - 1


def test_backgrounds_and_camera():
    first, second = (surroundings.background(np.random.default_rng(seed), 40) for seed in (0, 1))
    assert first.shape == (40, 40, 3) and first.dtype == np.uint8
    assert np.abs(first.astype(int) - second).mean() > 5
    grey = np.full((40, 40, 3), 120, np.uint8)
    means = [surroundings.photograph(np.random.default_rng(seed), grey).mean()
             for seed in range(20)]
    assert np.abs(np.array(means) - 120).max() < 8 and np.std(means) > 0.3
    blurred = surroundings.blur(np.eye(20) > 0, 2.0)
    assert 0 < blurred.min() + 1e-6 and blurred.max() < 1


def test_a_model_without_regions_is_refused():
    from tests.face3d import toy
    with pytest.raises(ValueError, match='expected the regions'):
        lattice.ScalpLattice(toy.model())
