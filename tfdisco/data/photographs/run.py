"""What a set of photographs is made of, and the folder it is written to."""

import dataclasses
import hashlib
import os
import re

from tfdisco.data import alignment, output_folder
from tfdisco.data.photographs import step
from tfdisco.face3d.morphable_model import BUILT_IN
from tfdisco.shapes import check_positive

FACES_PER_FILE = 100  # room in the identity numbers, where every face has its own
DEFAULTS = {field.name: field.default for field in dataclasses.fields(step.PictureSettings)}


@dataclasses.dataclass(frozen=True)
class PhotoRun:
    """What a set of photographs is made of; the fields are flags of scripts/prepare_photos.py.

    Attributes:
      photos: a folder or a tar file, see `photo_files.photographs`.
      model: a morphable model, name or path.
      reconstruction: which weights the reconstruction network has, for the card.
      landmarks: None to detect points, or where they are, see `photo_points.GivenPoints`.
      identity_pattern: None (each file is a person of its own), or a regular expression for
        the file's name without its ending, whose one group names the person.
      refinements: how often the translation found is removed from the picture, 0 or more.
      max_misfit: distance of the reconstruction's five points from those of the photograph,
        mean, as a share of the average eye distance.
      shard_size: files a shard.
      size, all_faces, min_confidence, min_face, max_border, megapixels: see
        `photo_step.PictureSettings`.
    """

    photos: str
    model: str = BUILT_IN
    reconstruction: str = 'built-in'
    landmarks: str = None
    identity_pattern: str = None
    refinements: int = 1
    max_misfit: float = 0.5
    shard_size: int = 1000
    size: int = DEFAULTS['size']
    all_faces: bool = DEFAULTS['all_faces']
    min_confidence: float = DEFAULTS['min_confidence']
    min_face: float = DEFAULTS['min_face']
    max_border: float = DEFAULTS['max_border']
    megapixels: float = DEFAULTS['megapixels']

    def __post_init__(self):
        """Raises ValueError on fields that are wrong, or do not fit together."""
        check_positive('shard_size', self.shard_size)
        if self.refinements < 0:
            raise ValueError(f'refinements: expected 0 or more, got {self.refinements}')
        if not self.max_misfit > 0:
            raise ValueError(f'max_misfit: expected above 0, got {self.max_misfit}')
        if self.identity_pattern is None:
            return
        try:
            groups = re.compile(self.identity_pattern).groups
        except re.error as error:
            raise ValueError(f'identity_pattern: expected a regular expression, got '
                             f'{self.identity_pattern!r} ({error})') from error
        if groups != 1:
            raise ValueError('identity_pattern: expected one group, as in (.*)_[0-9]+, got '
                             f'{groups} in {self.identity_pattern!r}')
        if self.all_faces:
            raise ValueError('identity_pattern: expected none together with all_faces: a '
                             'name does not tell which of several faces is whose')

    def settings(self, model):
        """The `photo_step.PictureSettings` of this run; raises ValueError on wrong ones."""
        standard = tuple(map(tuple, alignment.standard_points(model).tolist()))
        return step.PictureSettings(standard, **{
            name: getattr(self, name) for name in DEFAULTS if name != 'standard'})

    def identities(self, names):
        """{file name: number of its person, or None if the pattern does not fit}.

        With `all_faces` it is the number of the first face, and a file's others follow.

        Raises:
          ValueError: if the pattern fits no name.
        """
        if self.identity_pattern is None:
            apart = FACES_PER_FILE if self.all_faces else 1
            return {name: apart * index for index, name in enumerate(names)}
        people = {}
        for name in names:
            match = re.fullmatch(self.identity_pattern, os.path.splitext(name)[0])
            people[name] = match and match.group(1)
        numbers = {person: number for number, person in enumerate(
            sorted({person for person in people.values() if person is not None}))}
        if not numbers:
            raise ValueError(f'identity_pattern: expected one that fits names such as {names[0]!r} '
                             f'without the ending, got {self.identity_pattern!r}')
        return {name: numbers.get(person) for name, person in people.items()}


def claim(out, run, listed):
    """Writes config.json, or checks that the one there is this run's, of the same files.

    Args:
      out: the folder; made if need be.
      run: a `PhotoRun`.
      listed: its `photo_files.Photograph`s.

    Raises:
      ValueError: if the folder holds another run, or something else.
    """
    names = '\n'.join(f'{photo.name} {photo.length}' for photo in listed)
    config = {**dataclasses.asdict(run), 'files': len(listed),
              'names': hashlib.sha256(names.encode()).hexdigest()[:16]}
    # The same files may have moved.
    output_folder.claim(out, config, may_differ=['photos'])
