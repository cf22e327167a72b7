"""A tiny set of rendered faces of the toy model, as records."""

import numpy as np

from tests.face3d import toy
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.images import to_uint8

SIZE, PEOPLE, PICTURES = 32, 6, 4


def write(folder, hair=True, size=SIZE):
    """Writes PEOPLE * PICTURES faces; hair is the picture's uppermost quarter."""
    model = toy.model()
    count = PEOPLE * PICTURES
    coefficients = toy.people(model, count)
    identity = model.layout.factor_slice('identity')
    coefficients[:, identity] = coefficients[::PICTURES].repeat(PICTURES, axis=0)[:, identity]
    face = FaceRenderer(model, size, size)(coefficients)
    hair_mask = np.zeros((size, size), np.uint8)
    hair_mask[:size // 4] = 255
    masks = np.where(hair_mask, 0, 255 * face.mask.numpy()[..., 0]).astype(np.uint8)
    pictures = np.where(hair_mask[..., np.newaxis], 60, to_uint8(face.image)).astype(np.uint8)
    found = [face_record.FaceRecord(
        image=pictures[index], coefficients=coefficients[index],
        landmarks=face.landmarks[index].numpy(), face_mask=masks[index],
        hair_mask=hair_mask if hair else None, identity=index // PICTURES)
        for index in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(2):
        records.write_shard(records.shard_path(folder, index, 2),
                            found[index * count // 2:(index + 1) * count // 2])
    records.write_card(folder, {'kind': 'rendered', 'count': count, 'size': size,
                                'layout': records.layout_fields(model.layout)})
    return found
