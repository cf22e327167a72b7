"""The parts that a step of GAN training is made of."""

from typing import NamedTuple

# Parts of a step, after the methods of `GanTrainer` that compute them.
DISCRIMINATOR, GENERATOR = 'train_discriminator', 'train_generator'
PATH_LENGTH, AVERAGE = 'regularise_generator', 'follow'


class Part(NamedTuple):
    """A part of a step, which has a graph of its own.

    name: one of `DISCRIMINATOR`, `GENERATOR`, `PATH_LENGTH`, `AVERAGE`.
    fixed: what its graph is made for, beside resolution and batch: hashable.
    reals: whether it takes real images.
    """

    name: str
    fixed: tuple = ()
    reals: bool = False
