"""BFM_model_front.mat, the cut of `bfm` as Deep3D's and DiscoFaceGAN's code writes it."""

import os

import numpy as np

from tfdisco.face3d.importers import bfm, licences, matlab

NAMES = ('BFM_model_front.mat', 'BFM_model_front_gan.mat')
# DiscoFaceGAN's face region, and Deep3D's, which is a little different.
REGIONS = ('gan_mask', 'frontmask2_idx')
_WHERE = ('the code of Deep3DFaceReconstruction, Deep3DFaceRecon_pytorch or DiscoFaceGAN makes it '
          'at its first run')


def load(source):
    """Converts the file, whose bases are already scaled and cut.

    The face region is `gan_mask` if the file is DiscoFaceGAN's; of Deep3D's file, which has
    none, it is `frontmask2_idx`, by which its training compares pictures. All else is equal
    to `bfm.load` of the files that it was made from.

    Args:
      source: BFM_model_front.mat or BFM_model_front_gan.mat, or the folder with one.

    Returns:
      The arrays of `model_file`, bases in float32.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not what its name says.
    """
    path = _file(source)

    def matrix(name, shape):
        return matlab.read(path, name, shape, _WHERE)

    def indices(name, shape, limit):
        return matlab.read_indices(path, name, shape, limit, _WHERE)

    def points(name):
        values = matrix(name, (1, 3 * bfm.VERTICES)).astype(np.float64)
        return values.reshape(-1, 3)  # x, y, z in turn

    def basis(name, modes):
        values = matrix(name, (3 * bfm.VERTICES, modes))
        return np.ascontiguousarray(np.moveaxis(values.reshape(-1, 3, modes), 2, 0), np.float32)

    mean_shape = points('meanshape')
    mean_shape -= mean_shape.mean(axis=0)  # as `bfm.load` says
    known = matlab.names(path, _WHERE)
    region = next((name for name in REGIONS if name in known), REGIONS[-1])
    face_mask = np.zeros(bfm.VERTICES, bool)
    face_mask[indices(region, (None, 1), bfm.VERTICES)[:, 0]] = True
    return {
        'name': 'Basel Face Model 2009, Deep3D cut',
        'source': 'Basel Face Model 2009 (Paysan et al.), expressions by Guo et al., from '
                  f'{os.path.basename(path)} (Deng et al.), face region {region}',
        'licence': licences.BFM09,
        'mean_shape': mean_shape.astype(np.float32),
        'identity_basis': basis('idBase', bfm.IDENTITY_KEPT),
        'expression_basis': basis('exBase', bfm.EXPRESSION_KEPT),
        'mean_albedo': points('meantex').astype(np.float32),
        'albedo_basis': basis('texBase', bfm.ALBEDO_KEPT),
        'triangles': indices('tri', (None, 3), bfm.VERTICES),
        'landmarks': indices('keypoints', (68,), bfm.VERTICES),
        'face_mask': face_mask,
        'expression_unit_names': np.zeros([0], '<U1'),  # statistical modes have no names
        'expression_units': np.zeros([0, bfm.EXPRESSION_KEPT], np.float32),
    }


def _file(source):
    if os.path.isfile(source):
        return str(source)
    for name in NAMES:
        if os.path.isfile(os.path.join(source, name)):
            return os.path.join(source, name)
    raise FileNotFoundError(f'{source}: expected {" or ".join(NAMES)}, or the folder with it, got '
                            f'neither; {_WHERE}')
