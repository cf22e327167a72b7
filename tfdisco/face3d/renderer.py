"""Coefficients to a picture of the face: the paper's rendered face x^ (Sec. 3.1)."""

from typing import NamedTuple

import tensorflow as tf

from tfdisco.face3d import camera, lighting, transforms
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import rasterize_triangles
from tfdisco.shapes import check_choice, check_positive, check_shape

REGIONS = ('face', 'head')


class RenderedFace(NamedTuple):
    """A rendered batch.

    Attributes:
      image: [B, H, W, 3] in [-1, 1], -1 where there is no surface. Differentiable in the
        coefficients through the colours and through the motion of the surface under the
        pixels; that the silhouette moves gives no gradient.
      mask: [B, H, W, 1], 1 on the surface and 0 elsewhere. Carries no gradient.
      landmarks: [B, 68, 2] pixels (x, y), differentiable; they may lie outside the image.
      vertices: [B, V, 3] posed, in camera space (decimetres), differentiable.
    """

    image: tf.Tensor
    mask: tf.Tensor
    landmarks: tf.Tensor
    vertices: tf.Tensor


class FaceRenderer:
    """Renders a morphable model at one size.

    Example:
      render = FaceRenderer(MorphableModel.load('open_head'), 256, 256)
      face = render(coefficients)  # RenderedFace

    Attributes:
      model: the `MorphableModel`.
      height, width: of the image, pixels.
      region: 'face' draws only triangles whose vertices all lie in the face mask, as
        if the rest of the head were not there; 'head' draws all.
      triangles: [T, 3] int32, those drawn; made where it is asked for, of what devices hold.
      impl: 'auto', 'native' or 'reference', passed on to the ops.
    """

    def __init__(self, model, height, width, region='face', impl='auto'):
        """See the class; raises ValueError on wrong arguments."""
        check_positive('height', height)
        check_positive('width', width)
        check_choice('region', region, REGIONS)
        self.model, self.region, self.impl = model, region, impl
        self.height, self.width = int(height), int(width)
        # As int32, TensorFlow would keep it in the memory of the host, and copy it each time.
        with tf.init_scope():
            self._triangles = tf.constant(
                model.face_triangles if region == 'face' else model.triangles, tf.int64)

    @property
    def triangles(self):
        """See the class."""
        return tf.cast(self._triangles, tf.int32)

    def __call__(self, coefficients, translation=None):
        """Renders a batch.

        Args:
          coefficients: [B, model.layout.size], see `factors.Coefficients`.
          translation: None or [B, 3] decimetres, added after the rotation.

        Returns:
          `RenderedFace`.

        Raises:
          ValueError: on wrong shapes.
        """
        coefficients = tf.convert_to_tensor(coefficients, tf.float32)
        check_shape('coefficients', coefficients, ['B', self.model.layout.size])
        parts = self.model.layout.split(coefficients)
        vertices = self.vertices(coefficients, translation)
        shading = lighting.shading(self.model.normals(vertices), parts.illumination)
        image, mask = self.draw(vertices, self.model.albedo(parts.identity_texture) * shading)
        return RenderedFace(image, mask, self.landmarks(vertices), vertices)

    def vertices(self, coefficients, translation=None):
        """Posed vertices [B, V, 3] only, see `__call__`."""
        coefficients = tf.convert_to_tensor(coefficients, tf.float32)
        check_shape('coefficients', coefficients, ['B', self.model.layout.size])
        parts = self.model.layout.split(coefficients)
        shape = self.model.shape(parts.identity_shape, parts.expression)
        if translation is not None:
            translation = tf.convert_to_tensor(translation, tf.float32)
        return transforms.pose_vertices(shape, parts.pose, translation)

    def landmarks(self, vertices):
        """Landmarks [B, 68, 2] in pixels of posed vertices [B, V, 3]."""
        return camera.project(self.model.landmarks(vertices), self.height, self.width)

    def draw(self, vertices, colors):
        """Draws posed vertices in given colours.

        Args:
          vertices: [B, V, 3] in camera space.
          colors: [B, V, 3]; clipped to 0..255 after interpolation, pixel by pixel.

        Returns:
          image [B, H, W, 3] in [-1, 1] and mask [B, H, W, 1], as in `RenderedFace`.
        """
        raster = self.rasterize(vertices)
        # The background is zero, hence -1 in the image.
        return _to_image(self.interpolate(colors, raster)), self.mask(raster)

    def rasterize(self, vertices):
        """The op's `Raster` of posed vertices [B, V, 3]: the nearest triangle at each pixel."""
        clip = camera.to_clip(vertices, self.height, self.width)
        return rasterize_triangles(clip, self.triangles, self.height, self.width, impl=self.impl)

    def interpolate(self, attributes, raster):
        """Vertex attributes [B, V, C] at each pixel: [B, H, W, C], zero on the background."""
        return interpolate_attributes(attributes, self.triangles, raster.triangle_ids,
                                      raster.barycentrics, impl=self.impl)

    def mask(self, raster):
        """[B, H, W, 1], 1 where `raster` has a surface."""
        # A GPU compares int64 itself, while int32 would go through the memory of the host.
        drawn = tf.cast(raster.triangle_ids, tf.int64) >= 0
        return tf.cast(drawn, tf.float32)[..., tf.newaxis]


@tf.custom_gradient
def _to_image(colors):
    """Colours clipped to 0..255 -> [-1, 1]; no gradient where clipped.

    The gradient is written out because that of `tf.clip_by_value` costs half as much
    as rasterising.
    """
    clipped = tf.clip_by_value(colors, 0.0, 255.0)

    def gradient(upstream):
        return tf.where(tf.equal(clipped, colors), upstream / 127.5, 0.0)

    return clipped / 127.5 - 1.0, gradient
