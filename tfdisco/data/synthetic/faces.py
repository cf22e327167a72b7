"""Pictures of people who do not exist, with exact labels.

Two domains from one description: the coefficients alone give the rendered face x^ of
`face3d.renderer`; here they become a picture y that holds more than the morphable model
says: hair, brows, beards, pores, glasses, caps, clothes, a background and a camera.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco import factors, images
from tfdisco.data.records.face_record import FaceRecord
from tfdisco.data.synthetic.scene import (
    accessories,
    hair,
    lattice,
    noise,
    skin,
    style,
    surroundings,
)
from tfdisco.face3d import camera, lighting, sampling, transforms
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import rasterize_triangles
from tfdisco.shapes import check_positive, check_shape

SCALE = 2  # drawn that much larger and averaged
# Wider than photographs: this share of people turn their heads by so much more.
WIDE_SHARE, WIDER = 0.25, 1.7
SHADOW = 0.28  # of hair on the skin below it


class Layer(NamedTuple):
    """One rasterised mesh of one picture: where it shows, and what of it.

    ids: [H, W] triangles, -1 for none. depth: [H, W]. values: [H, W, C] attributes.
    """

    ids: np.ndarray
    depth: np.ndarray
    values: np.ndarray


def draw_people(model, identities, per_identity, seed):
    """Coefficients of people, several pictures each.

    Args:
      model: a `MorphableModel`.
      identities: number of people.
      per_identity: pictures of each.
      seed: of `np.random.default_rng`.

    Returns:
      float32 [identities * per_identity, layout.size]; pictures of a person stand together.
    """
    check_positive('per_identity', per_identity)
    people = sampling.sample_coefficients(model, identities * per_identity, seed)
    layout = model.layout
    identity = layout.factor_slice(factors.IDENTITY)
    first = people[::per_identity, identity]
    people[:, identity] = np.repeat(first, per_identity, axis=0)
    rng = np.random.default_rng([*np.atleast_1d(seed), 1])
    wide = rng.random((len(people), 1)) < WIDE_SHARE
    people[:, layout.slices['pose']] *= np.where(wide, WIDER, 1.0)
    return people


class FaceMaker:
    """Makes pictures of one size.

    Attributes:
      model: the `MorphableModel`; it needs the regions of the built-in one.
      size: edge of a picture, pixels.
    """

    def __init__(self, model, size=128):
        """See the class; raises ValueError on wrong arguments."""
        check_positive('size', size)
        self.model, self.size = model, int(size)
        self._edge = self.size * SCALE
        self._render = FaceRenderer(model, self.size, self.size)
        self._lattice = lattice.ScalpLattice(model)
        self._maps = skin.SkinMaps(model, self._lattice)
        self._accessories = accessories.Accessories(model, self._lattice)
        self._tables = noise.NoiseTables()
        self._mean = np.asarray(model.arrays['mean_shape'], np.float64)

    def __call__(self, coefficients, identities, seeds):
        """Makes a batch of pictures.

        Args:
          coefficients: [B, layout.size] float32.
          identities: [B] numbers of the people, for the records.
          seeds: [B], each a seed of `np.random.default_rng`; everything that coefficients
            do not say follows from it.

        Returns:
          A list of B `FaceRecord`s.

        Raises:
          ValueError: on wrong shapes.
        """
        check_shape('coefficients', coefficients, ['B', self.model.layout.size])
        if not len(coefficients) == len(identities) == len(seeds):
            raise ValueError(f'seeds, identities: expected {len(coefficients)} of each, got '
                             f'{len(seeds)} and {len(identities)}')
        generators = [np.random.default_rng(seed) for seed in seeds]
        styles = [style.sample(rng) for rng in generators]
        parts = self.model.layout.split(np.asarray(coefficients, np.float32))
        shape = self.model.shape(parts.identity_shape, parts.expression).numpy()
        rotations = transforms.rotation_matrix(parts.pose).numpy()
        landmarks = self._render.landmarks(self._render.vertices(coefficients)).numpy()
        layers = self._layers(shape, rotations, parts, styles, generators)
        return [
            self._record(index, coefficients, identities, landmarks, parts, styles[index],
                         generators[index], [each[index] for each in layers])
            for index in range(len(seeds))]

    def _layers(self, shape, rotations, parts, styles, generators):
        """Head, hair outside, hair inside, cap, accessories: lists of `Layer`s."""
        albedo = self.model.albedo(parts.identity_texture).numpy()
        normals = self.model.normals(shape).numpy()
        channels = np.stack([self._maps.channels(each) for each in styles])
        cloth = np.stack([self._maps.thickness_of_clothes(each) for each in styles])
        dressed = shape + cloth[..., None] * normals
        turned = rotations.transpose(0, 2, 1)
        head = self._draw(dressed, rotations, self.model.triangles,
                          np.concatenate([albedo, normals @ turned, channels], axis=-1))
        grown, caps, worn = [], [], []
        for each, vertices, rng, rotation in zip(styles, shape, generators, turned):
            displacement = vertices - self._mean
            base = self._lattice.points(displacement)
            has_hair = each.cut not in ('bald', 'buzz')
            grown.append(self._strands(hair.grow(self._lattice, base, each, rng), rotation)
                         if has_hair else None)
            caps.append(self._strands(hair.cover(self._lattice, base, each.cap), rotation)
                        if each.cap is not None else None)
            worn.append(self._accessories.vertices(each, displacement, base))
        outside = self._draw_strands(grown, rotations, 'back')
        inside = self._draw_strands(grown, rotations, 'front')
        cap = self._draw_strands(caps, rotations, 'back')
        worn = self._draw(np.stack(worn), rotations, self._accessories.triangles, None)
        return head, outside, inside, cap, worn

    def _strands(self, strands, rotation):
        """Points [N, 3] of the lattice, and [N, 9]: normal, direction, around, arc, left."""
        around = np.broadcast_to((self._lattice.azimuth / 360 + 0.5)[:, None], strands.left.shape)
        values = np.concatenate([
            lattice.normals(strands.points) @ rotation, strands.along @ rotation,
            np.stack([around, self._lattice.arc, strands.left], axis=-1)], axis=-1)
        return strands.points.reshape(-1, 3), values.reshape(-1, values.shape[-1])

    def _draw_strands(self, strands, rotations, cull):
        """`Layer`s, None for who has none."""
        present = [index for index, each in enumerate(strands) if each is not None]
        result = [None] * len(strands)
        if present:
            points, values = (np.stack([strands[index][k] for index in present]) for k in (0, 1))
            drawn = self._draw(points, rotations[present], self._lattice.triangles, values, cull)
            for index, layer in zip(present, drawn):
                result[index] = layer
        return result

    def _draw(self, points, rotations, triangles, attributes, cull='none'):
        posed = (points @ rotations.transpose(0, 2, 1)).astype(np.float32)
        clip = camera.to_clip(tf.constant(posed), self._edge, self._edge)
        raster = rasterize_triangles(clip, triangles, self._edge, self._edge, cull=cull)
        values = [None] * len(points)
        if attributes is not None:
            values = interpolate_attributes(attributes.astype(np.float32), triangles,
                                            raster.triangle_ids, raster.barycentrics).numpy()
        return [Layer(*each) for each in zip(raster.triangle_ids.numpy(), raster.depth.numpy(),
                                             values)]

    def _record(self, index, coefficients, identities, landmarks, parts, look, rng, layers):
        gamma = parts.illumination[index].reshape(3, factors.SH_BANDS) + (
            lighting.AMBIENT * np.eye(factors.SH_BANDS, dtype=np.float32)[0])
        picture, face, grown = self._compose(look, gamma, rng, layers)
        image = surroundings.photograph(rng, np.rint(
            images.box_downsample(picture, SCALE)).astype(np.uint8))
        return FaceRecord(image=image, coefficients=coefficients[index],
                          landmarks=landmarks[index], face_mask=_share(face),
                          hair_mask=_share(grown), identity=int(identities[index]))

    def _compose(self, look, gamma, rng, layers):
        """Picture [H, W, 3] 0 to 255, face and hair [H, W] bool, at the drawn size."""
        head, outside, inside, cap, worn = layers
        light = lattice.unit(np.array([-gamma[:, 3].mean(), -gamma[:, 1].mean(),
                                        gamma[:, 2].mean()]))
        picture = surroundings.background(rng, self._edge).astype(np.float32)
        seen = head.ids >= 0
        color, scalp = self._skin(head, seen, look, gamma, light)
        picture[seen] = color
        depth = head.depth.copy()
        grown = np.zeros(seen.shape, bool)
        grown[seen] = scalp > 0.5
        skin_pixels = seen.copy()
        over = np.zeros(seen.shape, bool)
        for layer, inner in ((inside, True), (outside, False)):
            if layer is not None:
                shown = self._hair(layer, depth, picture, look, gamma, light, inner)
                grown |= shown
                over |= shown
        if cap is not None:
            shown = self._cap(cap, depth, picture, look, gamma)
            grown &= ~shown
            over |= shown
        bare = skin_pixels & ~over
        if over.any():
            picture[bare] *= (1.0 - SHADOW * _below(over, self._edge)[bare])[:, None]
        hidden = self._wear(worn, depth, picture, look, gamma)
        face = np.zeros(seen.shape, bool)
        face[seen] = self._maps.face_triangles[head.ids[seen]]
        # What grows short on the scalp hides the skin as well.
        return np.clip(picture, 0, 255), face & ~over & ~hidden & ~grown, grown & ~hidden

    def _skin(self, head, seen, look, gamma, light):
        ids, values = head.ids[seen], head.values[seen]
        albedo, normals, rest = values[:, :3], lattice.unit(values[:, 3:6]), values[:, 6:9]
        above, brow, beard = values[:, 9], values[:, 10], values[:, 11]
        shading = np.clip(lighting.basis(normals) @ gamma.T, 0.02, None)
        eyes = self._maps.eye_triangles[ids]
        is_skin = self._maps.skin_triangles[ids]
        painted, scalp = skin.paint(albedo, rest, above, brow, beard, look, self._tables)
        albedo = np.where(is_skin[:, None], painted, albedo)
        scalp *= is_skin
        neck = self._maps.neck_triangles[ids]
        dressed = neck & (rest[:, 1] < look.collar)
        albedo[dressed] = skin.clothes(rest[dressed], look, self._tables)
        color = albedo * shading
        gloss = skin.highlights(normals, light, shading, look, eyes)
        color += gloss * (is_skin | eyes)[:, None] * ~dressed[:, None]
        # The chin's shadow, which light without occlusion lacks.
        color *= np.where(neck, 0.62 + 0.3 * np.clip((-0.8 - rest[:, 1]) / 0.5, 0, 1),
                          1.0)[:, None]
        return color, scalp

    def _hair(self, layer, depth, picture, look, gamma, light, inner):
        """Draws one side of the hair; returns where it shows, and moves depth up."""
        shown = (layer.ids >= 0) & (layer.depth < depth)
        values = layer.values[shown]
        left, around, arc = values[:, 8], values[:, 6], values[:, 7]
        keep = hair.visible(left, around, arc, look, self._tables)
        shown[shown] = keep
        values, around, arc = values[keep], around[keep], arc[keep]
        normals = lattice.unit(values[:, :3]) * (-1.0 if inner else 1.0)
        shading = lighting.basis(normals) @ gamma.T
        picture[shown] = hair.color(look, normals, lattice.unit(values[:, 3:6]), arc=arc,
                                    around=around, shading=shading, light=light, inside=inner,
                                    tables=self._tables)
        depth[shown] = layer.depth[shown]
        return shown

    def _cap(self, layer, depth, picture, look, gamma):
        shown = (layer.ids >= 0) & (layer.depth < depth) & (layer.values[..., 8] > 0.0)
        values = layer.values[shown]
        normals = lattice.unit(values[:, :3])
        knit = np.sin(700 * values[:, 6]) * look.cap['knit'] * 0.4
        weave = noise.lookup(self._tables.fine, 4 * values[:, 6], 2 * values[:, 7]) - 0.5
        hem = np.where(values[:, 8] < 0.06, 0.8, 1.0)
        albedo = look.cap['color'] * ((1 + knit + 0.1 * weave) * hem)[:, None]
        picture[shown] = albedo * np.clip(lighting.basis(normals) @ gamma.T, 0.05, None)
        depth[shown] = layer.depth[shown]
        return shown

    def _wear(self, layer, depth, picture, look, gamma):
        shown = (layer.ids >= 0) & (layer.depth < depth)
        if not shown.any():
            return shown
        ids = layer.ids[shown]
        front = np.clip(gamma @ lighting.basis(np.array([0.0, 0.3, 0.954])), 0.1, None)
        color = self._accessories.colors(look)[ids] * front
        lens = self._accessories.material[ids] == accessories.LENS
        alpha = np.where(lens, look.glasses['alpha'] if look.glasses else 0.0, 1.0)
        picture[shown] += alpha[:, None] * (color - picture[shown])
        hidden = shown.copy()
        hidden[shown] = alpha > 0.5
        return hidden


def _share(mask):
    """bool [H * SCALE, W * SCALE] -> uint8 [H, W], 255 times the share of True."""
    share = images.box_downsample(mask[..., None].astype(np.float32), SCALE)[..., 0]
    return np.rint(255 * share).astype(np.uint8)


def _below(mask, edge):
    """[H, W] 0 to 1: a soft shadow of `mask`, a little below it."""
    blurred = surroundings.blur(mask, 0.016 * edge)
    return np.roll(blurred, int(0.02 * edge), axis=0)
