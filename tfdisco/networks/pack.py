"""A trained generator and all that belongs to it, as small files side by side."""

import dataclasses
import os

from tfdisco import files
from tfdisco.networks import discriminator_file, generator_file, trained
from tfdisco.networks.vae import file as vae_file

DTYPE = 'float16'


def pack(snapshot, out, licence=None):
    """Writes a generator in half precision, its discriminator, VAEs and cards beside it.

    What lies in one folder can be moved together: the generator's file names its VAEs by
    their file name alone.

    Args:
      snapshot: 'built-in' or a generator.npz; cards are .json files of the same names.
      out: the generator's file to write, FOLDER/NAME.npz; the others are
        NAME_discriminator.npz, NAME_vaes.npz (unless the VAEs are those that ship), and a
        .json for each.
      licence: the terms of use; None for those of the generator, see `trained.licence`.

    Returns:
      The paths written.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, a weight does not fit the type, or `out` is no
        .npz.
    """
    stem, ending = os.path.splitext(os.fspath(out))
    if ending != '.npz':
        raise ValueError(f'out: expected a name that ends in .npz, got {out}')
    snapshot = trained.resolve(snapshot)
    generator, source = generator_file.read(snapshot)
    vaes = trained.vaes_of(snapshot, source)
    terms = {'licence': trained.licence(snapshot) if licence is None else licence}
    cards = {}  # {file written: the card of what it was made of}
    if vaes != trained.BUILT_IN:
        path = f'{stem}_vaes.npz'
        vae_file.write(path, vae_file.read(vaes), DTYPE)
        cards[path] = _card(vaes)
        source = dataclasses.replace(source, vaes=os.path.basename(path))
    beside = discriminator_file.beside(snapshot)
    if os.path.exists(beside):
        path = discriminator_file.beside(out)
        cards[path] = {**_card(beside), **terms}
        discriminator_file.write(path, discriminator_file.read(beside), terms['licence'], DTYPE)
    cards[os.fspath(out)] = {**_card(snapshot), **terms}
    generator_file.write(out, generator, source, terms['licence'], DTYPE)
    for path, card in cards.items():
        files.write_json(_card_of(path), {
            **card, 'file': os.path.basename(path), 'bytes': os.path.getsize(path),
            'dtype': DTYPE})
    return [name for path in cards for name in (path, _card_of(path))]


def _card_of(path):
    return f'{os.path.splitext(path)[0]}.json'


def _card(path):
    """The card beside a file, or {}."""
    try:
        return files.read_json(_card_of(path), 'see docs/training.md')
    except FileNotFoundError:
        return {}
