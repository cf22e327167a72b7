"""Contact sheets that show what a morphable model and the renderer do."""

import os

import numpy as np
import tensorflow as tf

from tfdisco import images
from tfdisco.face3d import flow, lighting, sampling
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.ops.image_warp import image_warp
from tfdisco.shapes import check_choice, check_positive

SUPERSAMPLING = 3  # rendered that much larger and averaged, against jagged edges
BACKGROUND = 0.7  # in [-1, 1]
BATCH = 8
MODES = 6  # modes shown of each basis
# The whole head: moved back from the framing of photographs.
WHOLE_HEAD = (0.0, 0.0, -7.0)
STUDIO = ((-0.5, 0.6, 1.0), 0.62, 0.45)  # direction, intensity, ambient of the default light


class Studio:
    """A model, a tile size and a seed: what every sheet is made from.

    Attributes:
      model: the `MorphableModel`.
      size: of a tile, pixels.
      seed: of everything random.
    """

    def __init__(self, model, size=256, seed=0):
        """See the class."""
        check_positive('size', size)
        self.model, self.size, self.seed = model, int(size), seed
        self._renderers = {}

    def coefficients(self, count=1, **parts):
        """[count, layout.size]: the mean face in studio light, but for `parts`."""
        parts.setdefault('illumination', lighting.light_from_direction(*STUDIO))
        return self.model.coefficients(count, **parts)

    def renderer(self, region='head', scale=SUPERSAMPLING):
        """The renderer of a region at `scale` times the tile size."""
        key = region, scale
        if key not in self._renderers:
            edge = self.size * scale
            self._renderers[key] = FaceRenderer(self.model, edge, edge, region)
        return self._renderers[key]

    def tiles(self, coefficients, region='head', translation=None):
        """Renders [N, layout.size] without jagged edges: N uint8 pictures."""
        result = []
        for start in range(0, len(coefficients), BATCH):
            batch = coefficients[start:start + BATCH]
            moved = None if translation is None else np.tile(translation, (len(batch), 1))
            face = self.renderer(region)(batch, moved)
            image = face.image * face.mask + BACKGROUND * (1.0 - face.mask)
            result.extend(images.to_uint8(images.box_downsample(image.numpy(), SUPERSAMPLING)))
        return result


def mean_sheet(studio):
    """The mean face, head and face region, from several sides."""
    yaws = (-75, -45, -20, 0, 20, 45, 75)
    poses = [[0.0, np.deg2rad(yaw), 0.0] for yaw in yaws]
    coefficients = studio.coefficients(len(yaws), pose=poses)
    tiles = studio.tiles(coefficients, 'head', WHOLE_HEAD) + studio.tiles(coefficients, 'face')
    labels = [f'yaw {yaw}' for yaw in yaws] + [f'face region, yaw {yaw}' for yaw in yaws]
    return images.contact_sheet(tiles, len(yaws), labels, f'{studio.model.name}: mean face')


def identity_sheet(studio):
    """The first modes of shape and texture at +-2 standard deviations, and random people."""
    rows, labels = [], []
    for part in ('identity_shape', 'identity_texture'):
        modes = min(MODES, getattr(studio.model.layout, part))
        for deviation in (-2, 2):
            values = deviation * np.eye(modes, getattr(studio.model.layout, part))
            if modes:
                rows.append(studio.coefficients(modes, **{part: values}))
            labels += [f'{part[9:]} mode {mode}: {deviation:+d}' for mode in range(modes)]
    people = sampling.sample_coefficients(studio.model, 2 * MODES, studio.seed)
    parts = studio.model.layout.split(people)
    rows.append(studio.coefficients(len(people), identity_shape=parts.identity_shape,
                                    identity_texture=parts.identity_texture))
    labels += [f'random {index}' for index in range(len(people))]
    return images.contact_sheet(studio.tiles(np.concatenate(rows)), MODES, labels,
                                f'{studio.model.name}: identity')


def expression_sheet(studio):
    """Every named expression at 1, after the neutral face.

    mouthClose by the ARKit convention undoes the lips' part of jawOpen, and is no
    face without it.
    """
    names = studio.model.expression_names
    units = [[name, 'jawOpen'] if name == 'mouthClose' else [name] for name in names]
    coefficients = studio.coefficients(1 + len(names))
    for row, together in zip(coefficients[1:], units):
        row[studio.model.layout.slices['expression']] = studio.model.expression(
            dict.fromkeys(together, 1.0))
    labels = ['neutral', *(' + '.join(together) for together in units)]
    return images.contact_sheet(studio.tiles(coefficients), 9, labels,
                                f'{studio.model.name}: named expressions at 1')


def illumination_sheet(studio):
    """Light from each named direction, and random light."""
    named = [lighting.light_from_direction(name) for name in lighting.DIRECTIONS]
    drawn = sampling.sample_illumination(len(named), np.random.default_rng(studio.seed))
    lights = [*named, *drawn]
    labels = [*lighting.DIRECTIONS, *(f'random {index}' for index in range(len(drawn)))]
    coefficients = studio.coefficients(len(lights), illumination=lights)
    return images.contact_sheet(studio.tiles(coefficients), len(named), labels,
                                f'{studio.model.name}: light from')


def pose_sheet(studio):
    """Each of the three angles in steps."""
    degrees = (-40, -20, -10, 0, 10, 20, 40)
    poses, labels = [], []
    for axis, name in enumerate(('pitch', 'yaw', 'roll')):
        poses += [np.deg2rad(angle) * np.eye(3)[axis] for angle in degrees]
        labels += [f'{name} {angle}' for angle in degrees]
    tiles = studio.tiles(studio.coefficients(len(poses), pose=poses), translation=WHOLE_HEAD)
    return images.contact_sheet(tiles, len(degrees), labels,
                                f'{studio.model.name}: pose, degrees')


def random_sheet(studio):
    """64 people drawn by `sampling`, framed as photographs are."""
    people = sampling.sample_coefficients(studio.model, 64, studio.seed)
    return images.contact_sheet(studio.tiles(people), 8,
                                title=f'{studio.model.name}: random people, seed {studio.seed}')


def landmarks_sheet(studio):
    """The numbered landmarks from the front and from the side, and the face region."""
    scale = SUPERSAMPLING
    large = Studio(studio.model, studio.size * scale, studio.seed)
    coefficients = studio.coefficients(2, pose=[[0, 0, 0], [0, np.deg2rad(30), 0]])
    tiles = large.tiles(coefficients)
    points = large.renderer('head', 1)(coefficients).landmarks.numpy()
    tiles = [images.numbered_dots(tile, dots) for tile, dots in zip(tiles, points)]
    masks = large.tiles(coefficients, 'face')
    return images.contact_sheet(
        tiles + masks, 2, ['landmarks', 'landmarks, yaw 30', 'face region', 'face region, yaw 30'],
        f'{studio.model.name}: landmarks')


def flow_sheet(studio):
    """A source warped onto a target: pictures, flow, result and where it is valid."""
    source, target = sampling.sample_coefficients(studio.model, 2, studio.seed)
    layout = studio.model.layout
    for part in ('identity_shape', 'identity_texture', 'illumination'):
        target[layout.slices[part]] = source[layout.slices[part]]
    render = studio.renderer('face', 1)
    faces = render(np.stack([source, target]))
    result = flow.surface_flow(render, faces.vertices[:1], faces.vertices[1:])
    warped = image_warp(faces.image[:1], result.flow)
    length = float(tf.reduce_max(tf.norm(result.flow, axis=-1)))
    tiles = [*images.to_uint8(faces.image), _flow_colors(result.flow[0].numpy(), length),
             images.to_uint8(warped[0]), images.to_uint8((warped * result.valid
                                                          + result.valid - 1)[0]),
             images.to_uint8(np.repeat(result.valid[0] * 2 - 1, 3, axis=-1))]
    labels = ['source', 'target', f'flow, up to {length:.0f} pixels', 'source warped',
              'warped, where valid', 'valid']
    return images.contact_sheet(tiles, len(tiles), labels, f'{studio.model.name}: flow')


SHEETS = {
    'mean': mean_sheet, 'identity': identity_sheet, 'expression': expression_sheet,
    'illumination': illumination_sheet, 'pose': pose_sheet, 'random': random_sheet,
    'landmarks': landmarks_sheet, 'flow': flow_sheet,
}


def write_sheets(studio, folder, names=tuple(SHEETS)):
    """Makes sheets and writes them, one after the other.

    Args:
      studio: a `Studio`.
      folder: where to; made if need be.
      names: some of `SHEETS`.

    Yields:
      The path of each PNG once it is written.
    """
    for name in names:
        check_choice('names', name, SHEETS)
    for name in names:
        path = os.path.join(folder, f'{name}.png')
        images.write_png(path, SHEETS[name](studio))
        yield path


def _flow_colors(vectors, length):
    """[H, W, 2] -> uint8 [H, W, 3]: hue is the direction, saturation the length."""
    hue = np.arctan2(vectors[..., 1], vectors[..., 0]) / (2 * np.pi) % 1.0
    saturation = np.clip(np.linalg.norm(vectors, axis=-1) / max(length, 1e-6), 0.0, 1.0)
    rgb = tf.image.hsv_to_rgb(np.stack([hue, saturation, np.ones_like(hue)], -1).astype('float32'))
    return images.to_uint8(rgb.numpy() * 2.0 - 1.0)
