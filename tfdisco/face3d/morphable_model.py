"""The linear face model of Eq. 1: S = S_mean + B_id a_s + B_exp b, T = T_mean + B_t a_t."""

import pathlib

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d import lighting, mesh, model_file
from tfdisco.shapes import check_shape

BUILT_IN = 'open_head'
_DATA = pathlib.Path(__file__).parent / 'data'
_POSE_PARITY = (1.0, -1.0, -1.0)  # mirrored, pitch stays, yaw and roll turn round


class MorphableModel:
    """A morphable model as TensorFlow constants.

    The bases are eager constants, made once: a `tf.function` captures them as inputs,
    so they stand neither in its graph nor in a checkpoint and exist once in memory on
    the device that made them. A variable would be saved with every checkpoint.

    Attributes:
      name, source, licence: texts about the model.
      layout: `factors.CoefficientLayout`, sizes of the coefficient vector's parts.
      vertex_count: V.
      triangles: [T, 3] int32 array; `face_triangles` [F, 3], those with all three
        vertices in the face mask.
      landmark_vertices: [68] int32 array, iBUG order.
      face_mask: [V] bool array.
      regions: {name: [V] bool array}.
      expression_names: names `expression` takes.
      arrays: the model file's arrays (see `model_file`).
    """

    def __init__(self, arrays):
        """Takes arrays as `model_file.read` returns them.

        Raises:
          ValueError: if they do not fit together.
        """
        model_file.check(arrays, arrays.get('name', 'model'))
        self.arrays = arrays
        self.name, self.source, self.licence = (arrays[key] for key in model_file.TEXTS)
        self.layout = factors.CoefficientLayout(
            identity_shape=len(arrays['identity_basis']),
            identity_texture=len(arrays['albedo_basis']),
            expression=len(arrays['expression_basis']))
        self.vertex_count = len(arrays['mean_shape'])
        self.triangles = np.asarray(arrays['triangles'], np.int32)
        self.face_mask = np.asarray(arrays['face_mask'])
        self.face_triangles = self.triangles[self.face_mask[self.triangles].all(axis=1)]
        self.landmark_vertices = np.asarray(arrays['landmarks'], np.int32)
        self.expression_names = tuple(str(name) for name in arrays['expression_unit_names'])
        self.regions = {str(name): arrays['vertex_regions'] == index
                        for index, name in enumerate(arrays.get('region_names', ()))}
        shape_basis = np.concatenate([arrays['identity_basis'], arrays['expression_basis']])
        with tf.init_scope():  # eager, even if a model is made inside a tf.function
            self._mean_shape = _row(arrays['mean_shape'])
            self._shape_basis = _rows(shape_basis)
            self._mean_albedo = _row(arrays['mean_albedo'])
            self._albedo_basis = _rows(arrays['albedo_basis'])
        self._normals = mesh.VertexNormals(self.triangles, self.vertex_count)

    @classmethod
    def load(cls, name):
        """Loads the built-in model ('open_head') or a model file.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is not a valid model file.
        """
        return cls(model_file.read(_DATA / 'open_head.npz' if name == BUILT_IN else name))

    def shape(self, identity_shape, expression):
        """Eq. 1, left: vertices in model space.

        Args:
          identity_shape: [B, Ks] standard deviations.
          expression: [B, Ke] standard deviations.

        Returns:
          [B, V, 3] decimetres.

        Raises:
          ValueError: on wrong shapes.
        """
        check_shape('identity_shape', identity_shape, ['B', self.layout.identity_shape])
        check_shape('expression', expression, [identity_shape.shape[0], self.layout.expression])
        coefficients = tf.concat([identity_shape, expression], axis=-1)
        return self._combine(self._mean_shape, self._shape_basis, coefficients)

    def albedo(self, identity_texture):
        """Eq. 1, right: [B, Kt] standard deviations -> [B, V, 3] albedo, about 0 to 255."""
        check_shape('identity_texture', identity_texture, [None, self.layout.identity_texture])
        return self._combine(self._mean_albedo, self._albedo_basis, identity_texture)

    def normals(self, vertices):
        """Unit vertex normals [B, V, 3] of vertices [B, V, 3], see `mesh.VertexNormals`."""
        return self._normals(vertices)

    def landmarks(self, vertices):
        """The 68 landmarks [B, 68, 3] among vertices [B, V, 3]."""
        check_shape('vertices', vertices, [None, self.vertex_count, 3])
        return tf.gather(vertices, tf.constant(self.landmark_vertices, tf.int64), axis=1)

    def expression(self, weights):
        """Expression coefficients of named units, added up.

        Args:
          weights: {name: weight}, names of `expression_names`, 1 is the full expression.

        Returns:
          float32 array [Ke].

        Raises:
          ValueError: if the model knows no such name.
        """
        unknown = sorted(set(weights) - set(self.expression_names))
        if unknown:
            raise ValueError(f'expression: expected names among {sorted(self.expression_names)}, '
                             f'got {unknown}')
        total = np.zeros(self.layout.expression, np.float32)
        for name, weight in weights.items():
            total += weight * self.arrays['expression_units'][self.expression_names.index(name)]
        return total

    def coefficients(self, count=1, **parts):
        """A float32 array [count, layout.size], zero but for `parts`.

        Args:
          count: number of rows.
          **parts: arrays broadcastable to [count, size of the part], by the part's name.
        """
        result = np.zeros((count, self.layout.size), np.float32)
        for part, values in parts.items():
            if part not in self.layout.slices:
                raise ValueError(f'parts: expected names among {list(self.layout.slices)}, got '
                                 f'{part!r}')
            result[:, self.layout.slices[part]] = values
        return result

    def mirror_signs(self):
        """[layout.size] of +1 and -1, what mirroring a picture does to its coefficients.

        Raises:
          ValueError: if the model does not say how its modes mirror.
        """
        signs = []
        for name in ('identity_parity', 'albedo_parity', 'expression_parity'):  # layout order
            modes = len(self.arrays[model_file.PARITIES[name]])
            if modes and name not in self.arrays:
                raise ValueError(f'{self.name}: expected {name} to mirror coefficients, got none')
            signs.append(self.arrays.get(name, np.zeros(0)))
        signs += [_POSE_PARITY, lighting.mirror_signs()]
        return np.concatenate(signs).astype(np.float32)

    def mirror(self, coefficients):
        """Coefficients [..., layout.size] of the picture mirrored left to right."""
        self.layout.split(coefficients)  # checks the size
        return coefficients * self.mirror_signs()

    def _combine(self, mean, basis, coefficients):
        flat = mean + tf.matmul(coefficients, basis)
        vertices = tf.reshape(flat, [tf.shape(flat)[0], self.vertex_count, 3])
        vertices.set_shape([coefficients.shape[0], self.vertex_count, 3])
        return vertices


def _row(values):
    return tf.constant(np.reshape(values, [1, -1]), tf.float32)


def _rows(basis):
    return tf.constant(np.reshape(basis, [len(basis), basis.shape[1] * 3]), tf.float32)
