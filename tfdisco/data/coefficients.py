"""Coefficients of many people, whatever they are stored in."""

import glob
import os

from tfdisco.data.records import folder as records
from tfdisco.face3d import coefficient_file, deep3d_file
from tfdisco.shapes import check_shape


def load(source, model):
    """Reads the coefficients of a morphable model from files.

    Args:
      source: an .npz, see `face3d.coefficient_file`; a folder of TFRecords of rendered
        faces or photographs, see `records`; or a .mat of Deep3D or DiscoFaceGAN or a folder
        of them, see `face3d.deep3d_file`.
      model: the `MorphableModel` they belong to.

    Returns:
      float32 array [N, model.layout.size].

    Raises:
      FileNotFoundError: if there is no such source.
      ValueError: if it is neither, or belongs to another model.
    """
    if os.fspath(source).endswith('.mat') or glob.glob(
            os.path.join(glob.escape(os.fspath(source)), '*.mat')):
        deep3d_file.check_model(model, source)
        people, _ = deep3d_file.read(source)
    elif os.path.isdir(source):
        check_model(source, model)
        people = records.coefficients(source)
    else:
        people = coefficient_file.read(source)
        deep3d_file.check_order(people, model, source)
    check_shape(f'{source}: coefficients', people, ['N', model.layout.size])
    return people


def check_model(folder, model):
    """Returns the card of a folder of records.

    Raises:
      ValueError: if it says that the records were made with another model than `model`.
    """
    card = records.read_card(folder)
    if card.get('model') != model.name:
        raise ValueError(f'{folder}: expected faces of the morphable model {model.name}, got '
                         f'those of {card.get("model")}; pass the --model they were made with')
    return card
