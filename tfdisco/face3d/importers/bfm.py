"""Basel Face Model 2009 with Guo et al.'s expressions, cut as published.

The cut is the one of Deep3DFaceReconstruction and DiscoFaceGAN (Deng et al.), so
that their coefficients, camera and network outputs mean the same here: 35,709
vertices, 80 identity, 64 expression and 80 albedo modes.
"""

import os

import numpy as np

from tfdisco.face3d.importers import licences, matlab

BFM_VERTICES = 53490
BFM_MODES = 199
EXPRESSION_VERTICES = 53215  # BFM without the inside of nose and mouth
EXPRESSION_MODES = 79
VERTICES = 35709  # without ears and neck
FACE_VERTICES = 27742
IDENTITY_KEPT, EXPRESSION_KEPT, ALBEDO_KEPT = 80, 64, 80
UNITS_PER_DECIMETRE = 1e5  # both sources are in micrometres

_BASEL = ('apply at https://faces.dmi.unibas.ch/bfm/main.php?nav=1-1-0&id=details, then download '
          'the Basel Face Model 2009')
_GUO = 'CoarseData of https://github.com/Juyong/3DFace holds it'
_DEEP3D = 'the BFM folder of https://github.com/microsoft/Deep3DFaceReconstruction has it'
_DISCO = 'the renderer folder of https://github.com/microsoft/DiscoFaceGAN has it'
WHERE = {
    '01_MorphableModel.mat': _BASEL,
    'Exp_Pca.bin': _GUO,
    'std_exp.txt': _DEEP3D,
    'BFM_exp_idx.mat': _DEEP3D,
    'BFM_front_idx.mat': _DEEP3D,
    'facemodel_info.mat': _DEEP3D,
    'gan_mask.mat': _DISCO,
    'gan_tl.mat': _DISCO,
}


def load(source):
    """Converts the published files in the folder `source`.

    Orientation: the published renderer takes a triangle's outward normal as
    (v1 - v2) x (v2 - v3) = (v2 - v1) x (v3 - v2), which is the right-hand rule for
    the stored order; lit by spherical harmonics whose third term grows with n_z,
    towards the camera, it must point out of the face. So `tri` is already
    counter-clockwise from outside and kept as it is. (A smooth surface through
    the published 3-D landmarks agrees in 99.99 % of the triangles: see the test.)

    Returns:
      The arrays of `model_file`, bases in float32.

    Raises:
      FileNotFoundError: naming every missing file and where to get it.
      ValueError: if a file is not what its name says.
    """
    missing = [name for name in WHERE if not os.path.isfile(os.path.join(source, name))]
    if missing:
        raise FileNotFoundError(
            f'{source}: expected a folder with {", ".join(WHERE)}; missing: '
            + '; '.join(f'{name} ({WHERE[name]})' for name in missing))

    # 53,490 BFM vertices -> 53,215 with expressions -> 35,709 of the face.
    trim = _indices(source, 'BFM_exp_idx.mat', 'trimIndex', (EXPRESSION_VERTICES,), BFM_VERTICES)
    front = _indices(source, 'BFM_front_idx.mat', 'idx', (VERTICES,), EXPRESSION_VERTICES)
    kept = trim[front]
    triangles = _indices(source, 'facemodel_info.mat', 'tri', (None, 3), VERTICES)
    landmarks = _indices(source, 'facemodel_info.mat', 'keypoints', (68,), VERTICES)

    identity, mean_shape = _basel(source, 'shape', kept, IDENTITY_KEPT)
    albedo, mean_albedo = _basel(source, 'tex', kept, ALBEDO_KEPT)
    mean_shape /= UNITS_PER_DECIMETRE
    # The published renderer subtracts the mean vertex of the mean shape from every face it forms;
    # the camera and the coefficients were fitted to faces so centred.
    mean_shape -= mean_shape.mean(axis=0)
    return {
        'name': 'Basel Face Model 2009, Deep3D cut',
        'source': 'Basel Face Model 2009 (Paysan et al.), expressions by Guo et al., cut by the '
                  'tables of Deep3DFaceReconstruction and DiscoFaceGAN (Deng et al.)',
        'licence': licences.BFM09,
        'mean_shape': mean_shape.astype(np.float32),
        'identity_basis': (identity / UNITS_PER_DECIMETRE).astype(np.float32),
        'expression_basis': _expressions(source, front).astype(np.float32),
        'mean_albedo': mean_albedo.astype(np.float32),
        'albedo_basis': albedo.astype(np.float32),
        'triangles': triangles,
        'landmarks': landmarks,
        'face_mask': _face_mask(source, triangles),
        'expression_unit_names': np.zeros([0], '<U1'),  # statistical modes have no names
        'expression_units': np.zeros([0, EXPRESSION_KEPT], np.float32),
    }


def _basel(source, kind, vertices, modes):
    """Modes times their standard deviation, [modes, V, 3], and mean, [V, 3], float64."""
    name = '01_MorphableModel.mat'

    def variable(suffix, shape):  # one at a time: the file holds 256 MB
        return matlab.read(os.path.join(source, name), kind + suffix, shape, WHERE[name])

    rows = 3 * BFM_VERTICES
    mean = variable('MU', (rows, 1)).astype(np.float64).reshape(-1, 3)
    deviation = variable('EV', (BFM_MODES, 1))[:modes, 0].astype(np.float64)
    basis = variable('PC', (rows, BFM_MODES))[:, :modes]
    basis = basis.reshape(BFM_VERTICES, 3, modes)[vertices].astype(np.float64)  # x, y, z in turn
    return np.moveaxis(basis * deviation, 2, 0), mean[vertices]


def _expressions(source, vertices):
    """Guo et al.'s modes for one standard deviation each, [64, V, 3] decimetres."""
    path = os.path.join(source, 'Exp_Pca.bin')
    size = 3 * EXPRESSION_VERTICES
    expected = 4 + 4 * size * (1 + EXPRESSION_MODES)
    if os.path.getsize(path) < expected:
        raise ValueError(f'{path}: expected at least {expected} bytes ({EXPRESSION_MODES} modes of '
                         f'{EXPRESSION_VERTICES} vertices), got {os.path.getsize(path)}; the '
                         f'download was cut short: {_GUO}')
    count = int(np.fromfile(path, '<i4', 1)[0])
    if count != EXPRESSION_MODES:
        raise ValueError(f'{path}: expected a mode count of {EXPRESSION_MODES}, got {count}; '
                         f'{_GUO}')
    # After the count comes a mean expression. The published transfer reads it and leaves it out,
    # so the mean face is BFM's own and coefficient 0 its neutral look.
    modes = np.fromfile(path, '<f4', size * EXPRESSION_KEPT, offset=4 + 4 * size)
    modes = modes.reshape(EXPRESSION_KEPT, EXPRESSION_VERTICES, 3)[:, vertices]
    if not np.isfinite(modes).all():
        raise ValueError(f'{path}: expected finite numbers, got NaN or infinity; {_GUO}')
    table = os.path.join(source, 'std_exp.txt')
    try:
        deviation = np.loadtxt(table).reshape(-1)
        if not np.isfinite(deviation).all():
            raise ValueError('NaN or infinity')
    except ValueError as error:
        raise ValueError(f'{table}: expected {EXPRESSION_MODES} numbers, got other text '
                         f'({error}); {_DEEP3D}') from error
    if deviation.shape != (EXPRESSION_MODES,):
        raise ValueError(f'{table}: expected {EXPRESSION_MODES} numbers, got {deviation.size}; '
                         f'{_DEEP3D}')
    return modes * (deviation[:EXPRESSION_KEPT, None, None] / UNITS_PER_DECIMETRE)


def _face_mask(source, triangles):
    """[V] bool, the vertices of gan_mask; checked against gan_tl.

    The project draws the triangles whose three vertices are in the mask. In the
    published tables these are exactly gan_tl's, 54,864, in the same orientation;
    gan_tl numbers them within gan_mask.
    """
    inside = _indices(source, 'gan_mask.mat', 'idx', (FACE_VERTICES,), VERTICES)
    listed = inside[_indices(source, 'gan_tl.mat', 'f', (None, 3), FACE_VERTICES)]
    mask = np.zeros(VERTICES, bool)
    mask[inside] = True
    by_rule = triangles[mask[triangles].all(axis=1)]
    if not np.array_equal(_canonical(by_rule), _canonical(listed)):
        raise ValueError(
            f'{os.path.join(source, "gan_tl.mat")}: expected the {len(by_rule)} triangles of '
            f'facemodel_info.mat within gan_mask.mat, got {len(listed)} that differ; take all '
            f'three tables from one release ({_DISCO})')
    return mask


def _canonical(triangles):
    """Triangles, each from its smallest vertex on, in lexical order: equal as oriented sets."""
    first = triangles.argmin(axis=1)[:, None]
    turned = np.take_along_axis(triangles, (first + np.arange(3)) % 3, axis=1)
    return turned[np.lexsort(turned.T[::-1])]


def _indices(source, name, variable, shape, limit):
    """A published table of indices from 1 to `limit`, as int32 from 0."""
    path = os.path.join(source, name)
    return matlab.read_indices(path, variable, shape, limit, WHERE[name])
