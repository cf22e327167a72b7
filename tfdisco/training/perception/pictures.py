"""Pictures of what a perception network sees in faces it was not trained on."""

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from tfdisco import images
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.perception.parsing import CLASSES

FACES = 16  # a sheet
ENLARGED = 2  # a network's input is small
FOUND, TRUE = (60, 230, 60), (240, 60, 40)  # colours of landmarks and of bars
CLASS_COLORS = {'face': (60, 120, 255), 'hair': (255, 120, 40)}
BINS = 60
CURVE_HEIGHT = 240


def reconstruction_sheet(network, faces, augmenter, model):
    """Faces as the network sees them, with landmarks, and as it renders them.

    Args:
      network: a frozen `ReconstructionNetwork`.
      faces: `perception_data.Faces`.
      augmenter: `augmenter.Augmenter`; half of the faces are changed.
      model: the `MorphableModel`.

    Returns:
      uint8 [height, width, 3].
    """
    seen = _seen(faces, augmenter, ('image', 'coefficients', 'translation', 'landmarks'))
    coefficients, translation = network.decode(network(seen['image'], training=False))
    size = augmenter.size * ENLARGED
    face = FaceRenderer(model, size, size)(coefficients, translation)
    tiles, labels = [], []
    for index, picture in enumerate(_enlarged(seen['image'])):
        drawn = _dots(picture, seen['landmarks'][index].numpy() * size, TRUE)
        drawn = _dots(drawn, face.landmarks[index].numpy(), FOUND)
        tiles += [picture, drawn, images.to_uint8(face.image[index])]
        labels += ['picture', 'landmarks: found, true', 'rendered']
    return images.contact_sheet(tiles, 9, labels, 'reconstruction of held-out people')


def parsing_sheet(network, faces, augmenter, model):
    """Faces, and the shares of face (blue) and hair (orange) found and true, painted over them.

    See `reconstruction_sheet`.
    """
    del model
    seen = _seen(faces, augmenter, ('image', 'masks'))
    found = tf.nn.softmax(network(seen['image'], training=False)).numpy()
    tiles, labels = [], []
    for index, picture in enumerate(_enlarged(seen['image'])):
        shares = [{name: found[index, ..., CLASSES.index(name)] for name in CLASS_COLORS},
                  dict(zip(('face', 'hair'), np.moveaxis(seen['masks'][index].numpy(), -1, 0)))]
        tiles += [picture, *(_painted(picture, share) for share in shares)]
        labels += ['picture', 'found', 'true']
    return images.contact_sheet(tiles, 9, labels, 'parsing of held-out people')


def recognition_sheet(network, faces, augmenter, model):
    """Faces each with the one that looks most alike, and how cosines are spread.

    See `reconstruction_sheet`; all pictures are changed.
    """
    del model
    random = tf.random.Generator.from_seed(0, alg='philox')
    pictures = np.concatenate([
        augmenter({'image': tf.constant(faces.image[start:start + 64])}, random)['image']
        for start in range(0, len(faces), 64)])
    features = np.concatenate([network(pictures[start:start + 64], training=False)
                               for start in range(0, len(faces), 64)])
    cosines = features @ features.T
    same = faces.identity[:, np.newaxis] == faces.identity
    others = ~np.eye(len(faces), dtype=bool)
    shown = np.random.default_rng(0).permutation(len(faces))[:FACES]
    nearest = np.where(others, cosines, -2.0).argmax(axis=1)
    both = _enlarged(pictures[np.stack([shown, nearest[shown]], axis=1).ravel()])
    labels = [text for index in shown for text in (
        'picture', f'nearest: {"same" if same[index, nearest[index]] else "OTHER"} person, '
        f'{cosines[index, nearest[index]]:.2f}')]
    sheet = images.contact_sheet(both, 8, labels, 'recognition of held-out people')
    bars = _histogram(cosines[same & others], cosines[~same], sheet.shape[1])
    return np.concatenate([sheet, bars])


SHEETS = {'reconstruction': reconstruction_sheet, 'recognition': recognition_sheet,
          'parsing': parsing_sheet}


def _seen(faces, augmenter, names):
    """Some faces as the network sees them, the second half changed as in training."""
    shown = np.random.default_rng(0).permutation(len(faces))[:FACES]
    batch = {name: tf.constant(value) for name, value in faces.batch(shown, names).items()}
    plain = augmenter.plain(batch)
    changed = augmenter(batch, tf.random.Generator.from_seed(0, alg='philox'))
    half = -(-len(shown) // 2)
    return {name: tf.concat([plain[name][:half], changed[name][half:]], axis=0)
            for name in names}


def _enlarged(pictures):
    """uint8 pictures, each pixel several times."""
    return [image.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
            for image in images.to_uint8(pictures)]


def _dots(picture, points, color):
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for x, y in points:
        draw.ellipse((x - 1.0, y - 1.0, x + 1.0, y + 1.0), fill=color)
    return np.asarray(image)


def _painted(picture, shares):
    result = picture.astype(np.float64)
    for name, share in shares.items():
        share = 0.6 * share.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)[..., np.newaxis]
        result += share * (np.array(CLASS_COLORS[name]) - result)
    return np.rint(result).astype(np.uint8)


def _histogram(same, different, width):
    """uint8 [CURVE_HEIGHT, width, 3]: cosines of one person's pairs (green) and two people's."""
    canvas = Image.new('RGB', (width, CURVE_HEIGHT), (images.PAPER,) * 3)
    draw = ImageDraw.Draw(canvas)
    for values, color, side in ((same, FOUND, 0.0), (different, TRUE, 0.5)):
        counts, edges = np.histogram(values, BINS, (-1.0, 1.0))
        for count, edge in zip(counts / max(counts.max(), 1), edges):
            left = (edge + 1.0) / 2.0 * width + side * width / BINS
            draw.rectangle((left, CURVE_HEIGHT - (CURVE_HEIGHT - 10) * count,
                            left + 0.4 * width / BINS, CURVE_HEIGHT), fill=color)
    return np.asarray(canvas)
