"""Where each record of a folder stands, so that any can be read without those before it."""

import os
import struct
from typing import NamedTuple

import numpy as np

from tfdisco.data.records import folder as records

HEADER, FOOTER = 12, 4  # bytes: length and its checksum; the payload's checksum


class Place(NamedTuple):
    """A record: number of its shard, first byte of its payload and its length."""

    shard: int
    offset: int
    length: int


class RecordIndex:
    """Random access to the records of a folder.

    Example:
      index = RecordIndex('data/faces')
      serialized = index.read(17)  # a tf.train.Example, serialized

    Attributes:
      paths: of the shards, in order.
      places: [N, 3] int64, a `Place` a row.
    """

    def __init__(self, folder):
        """Looks through the headers of all records; payloads are not read.

        Raises:
          FileNotFoundError: if there is no such folder.
          ValueError: if shards are missing, a file is cut off or broken, or there is no
            record at all.
        """
        self.paths = records.shards(folder)
        places = [place for shard, path in enumerate(self.paths) for place in _scan(shard, path)]
        if not places:
            raise ValueError(f'{folder}: expected at least one face, got none')
        self.places = np.array(places, np.int64)
        # One descriptor a shard, for reading at offsets from many threads.
        self._files = [None] * len(self.paths)

    def __len__(self):
        """N."""
        return len(self.places)

    def read(self, number):
        """The bytes of record `number`."""
        place = Place(*self.places[number])
        if self._files[place.shard] is None:
            self._files[place.shard] = open(self.paths[place.shard], 'rb')
        return os.pread(self._files[place.shard].fileno(), int(place.length), int(place.offset))

    def name(self, number):
        """Which record that is, for messages: its file and its number there."""
        shard = int(self.places[number][0])
        first = int(np.searchsorted(self.places[:, 0], shard))
        return f'{self.paths[shard]}: record {number - first}'


def _scan(shard, path):
    """The `Place`s of a shard."""
    size, offset = os.path.getsize(path), 0
    with open(path, 'rb') as file:
        while offset < size:
            file.seek(offset)
            header = file.read(HEADER)
            length = struct.unpack('<Q', header[:8])[0] if len(header) == HEADER else size
            if offset + HEADER + length + FOOTER > size:
                raise ValueError(f'{path}: expected whole records, got one that is cut off or '
                                 f'broken at byte {offset}; delete the file and start the '
                                 'command that makes the records again')
            yield Place(shard, offset + HEADER, length)
            offset += HEADER + length + FOOTER
