"""A data set of rendered people: shards, card and contact sheet."""

import dataclasses
import functools
import itertools
import os

import numpy as np
import PIL
import tensorflow as tf

import tfdisco
from tfdisco import images
from tfdisco.data import output_folder, workers
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.data.synthetic import faces
from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel
from tfdisco.shapes import check_positive

SHEET = 'faces.png'
SHEET_FACES, SHEET_COLUMNS = 32, 8
BATCH = 20  # pictures drawn at once, at most
FACE_COLOR, HAIR_COLOR = (60, 200, 60), (220, 40, 40)


@dataclasses.dataclass(frozen=True)
class SyntheticSet:
    """What a data set is made of; the fields are the flags of scripts/make_faces.py.

    Attributes:
      model: a morphable model, name or path.
      identities: number of people. per_identity: pictures of each.
      size: edge of a picture, pixels.
      seed: of everything random.
      shard_identities: people a shard. It decides who is drawn together, and so belongs to
        the set like the seed.
    """

    model: str = BUILT_IN
    identities: int = 500
    per_identity: int = 4
    size: int = 128
    seed: int = 0
    shard_identities: int = 25

    def __post_init__(self):
        """Raises ValueError on fields that are wrong."""
        for name in ('identities', 'per_identity', 'size', 'shard_identities'):
            check_positive(name, getattr(self, name))

    @property
    def shards(self):
        """Number of shards."""
        return -(-self.identities // self.shard_identities)


def make(settings, out, processes=1, progress=None):
    """Makes a data set, or goes on where it was interrupted.

    The files depend on the settings alone, not on the number of processes.

    Args:
      settings: a `SyntheticSet`.
      out: a folder; made if need be.
      processes: that make shards side by side.
      progress: None, or called after each shard with (pictures done, pictures in all).

    Returns:
      The card, a dict.

    Raises:
      FileNotFoundError, ValueError: if the model is missing or wrong, or `out` holds
        another set.
    """
    model = MorphableModel.load(settings.model)
    output_folder.claim(out, dataclasses.asdict(settings))
    total = settings.identities * settings.per_identity
    # A shard that is there is complete.
    missing = [index for index in range(settings.shards)
               if not records.shard_path(out, index, settings.shards).exists()]
    done = total - sum(_people(settings, index)[1] for index in missing) * settings.per_identity
    with workers.Workers(processes, apart=True) as pool:
        for count in pool.in_order(_make_shard, [(settings, out, index) for index in missing]):
            done += count
            if progress:
                progress(done, total)
    images.write_png(os.path.join(out, SHEET), sheet(out))
    card = {'kind': 'rendered', 'count': total, 'identities': settings.identities,
            'per_identity': settings.per_identity, 'size': settings.size, 'model': model.name,
            'layout': records.layout_fields(model.layout), 'seed': settings.seed,
            'shards': settings.shards,
            'bytes': sum(os.path.getsize(path) for path in records.shards(out)),
            'licence': f'MIT; made from {model.name} ({model.licence})',
            'versions': {'tfdisco': tfdisco.__version__, 'tensorflow': tf.__version__,
                         'numpy': np.__version__, 'pillow': PIL.__version__}}
    records.write_card(out, card)
    return card


def stream(model, size, seed, per_identity=4):
    """Yields `FaceRecord`s of new people without end, `per_identity` of each."""
    maker = faces.FaceMaker(model, size)
    settings = SyntheticSet(identities=SyntheticSet.shard_identities, per_identity=per_identity,
                            size=size, seed=seed)
    index = 0
    while True:
        yield from _faces(maker, settings, index, index * settings.shard_identities,
                          settings.shard_identities)
        index += 1


def sheet(folder):
    """The first faces of a set, each beside its labels: uint8 [H, W, 3]."""
    found = [face_record.read(data) for data in
             itertools.islice(records.serialized(records.shards(folder)), SHEET_FACES)]
    tiles = [tile for record in found for tile in (record.image, labels(record))]
    return images.contact_sheet(tiles, SHEET_COLUMNS)


def labels(record):
    """A record's picture with masks tinted and landmarks drawn: uint8 [H, W, 3]."""
    picture = record.image.astype(np.float32)
    for mask, color in ((record.face_mask, FACE_COLOR), (record.hair_mask, HAIR_COLOR)):
        if mask is not None:
            share = 0.5 * mask[..., None].astype(np.float32) / 255
            picture += share * (np.array(color, np.float32) - picture)
    return images.dots(picture.astype(np.uint8), record.landmarks, (20, 20, 200))


def _make_shard(settings, out, index):
    """Writes a shard; returns its number of pictures."""
    maker = _maker(settings.model, settings.size)
    first, people = _people(settings, index)
    records.write_shard(records.shard_path(out, index, settings.shards),
                        _faces(maker, settings, index, first, people))
    return people * settings.per_identity


def _faces(maker, settings, index, first, people):
    coefficients = faces.draw_people(maker.model, people, settings.per_identity,
                                         [settings.seed, index])
    numbers = first + np.arange(len(coefficients)) // settings.per_identity
    for start in range(0, len(coefficients), BATCH):
        which = slice(start, min(start + BATCH, len(coefficients)))
        seeds = [[settings.seed, index, picture] for picture in range(which.start, which.stop)]
        yield from maker(coefficients[which], numbers[which], seeds)


def _people(settings, index):
    """Number of the first person of a shard, and how many it holds."""
    first = index * settings.shard_identities
    return first, min(settings.shard_identities, settings.identities - first)


@functools.lru_cache(maxsize=1)
def _maker(model, size):
    return faces.FaceMaker(MorphableModel.load(model), size)
