"""What the perception networks have in common: how they are frozen, stored and loaded."""

from tfdisco.keras_layer import Model
from tfdisco.perception import weights_file

# Gradients that come back through perception are too small for float16.
PRECISIONS = ('float32', 'bfloat16')


class PerceptionNetwork(Model):
    """A network of `layers.Unit`s that looks at square images.

    A subclass sets `KIND`, makes its layers in its constructor, which takes the entries of
    `config` and `frozen`, and says what its `units` are. A layer is an attribute, for of lists
    and dicts of layers, checkpoints with Keras 3 keep nothing.

    Attributes:
      config: dict that JSON can hold, the constructor's arguments.
      frozen: whether it is plain convolutions that do not train.
      input_size: pixels of a side of the images it takes.
      precision: the type in which a frozen network computes its maps, one of
        `PRECISIONS`; may be set. What it gives is float32.
      units: {name: `layers.Unit`}.
    """

    KIND = None  # as `weights_file.StoredNetwork.kind`

    def __init__(self, input_size, frozen, **kwargs):
        """See the class."""
        super().__init__(**kwargs)
        self.input_size, self.frozen = int(input_size), bool(frozen)
        self.precision = 'float32'

    @property
    def units(self):
        """See the class."""
        raise NotImplementedError

    @property
    def config(self):
        """See the class."""
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), **self.config, 'frozen': self.frozen}

    def frozen_arrays(self):
        """{name: float32 array} of the network with batch normalisation folded in."""
        return {f'{name}/{part}': value for name, unit in self.units.items()
                for part, value in unit.arrays().items()}

    def set_frozen_arrays(self, arrays, label='arrays'):
        """Sets the weights of a frozen network.

        Args:
          arrays: as `frozen_arrays` returns them.
          label: what the error messages begin with.

        Raises:
          ValueError: if a name or a shape is wrong, or the network is not frozen.
        """
        if not self.frozen:
            raise ValueError(f'{label}: expected a frozen network to put them in, got one that '
                             'trains')
        units = self.units
        weights_file.check_names(arrays, {f'{name}/{part}' for name, unit in units.items()
                                          for part in unit.parts}, label)
        for name, unit in units.items():
            unit.set_arrays({part: arrays[f'{name}/{part}'] for part in unit.parts},
                            f'{label}: {name}')

    def freeze(self):
        """The same network, frozen as it is now."""
        return type(self).from_stored(weights_file.StoredNetwork(
            self.KIND, self.config, self.frozen_arrays()))

    def stored(self, source, licence):
        """A `weights_file.StoredNetwork` of the network as it is now, to be written."""
        return weights_file.StoredNetwork(self.KIND, self.config, self.frozen_arrays(), source,
                                          licence)

    @classmethod
    def from_stored(cls, stored, label='arrays'):
        """Makes the frozen network of a `weights_file.StoredNetwork`.

        Raises:
          ValueError: naming `label`, if it is not one of this kind.
        """
        try:
            network = cls(**stored.config, frozen=True)
        except (TypeError, ValueError) as error:
            raise ValueError(f'{label}: config: expected the arguments of {cls.__name__}, got '
                             f'{stored.config} ({error})') from error
        network.set_frozen_arrays(stored.arrays, label)
        return network


def load(name, networks):
    """Loads a frozen network.

    Args:
      name: 'built-in' (the first kind of `networks`) or a path.
      networks: {kind: `PerceptionNetwork` class} that may be there.

    Returns:
      The network.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not a file of one of these kinds.
    """
    stored = weights_file.read(weights_file.built_in(next(iter(networks)))
                               if name == weights_file.BUILT_IN else name)
    if stored.kind not in networks:
        raise ValueError(f'{name}: expected a network of kind {" or ".join(map(repr, networks))}, '
                         f'got {stored.kind!r}')
    return networks[stored.kind].from_stored(stored, str(name))
