"""A face's coefficients and landmarks, seen in its picture (the paper's Eq. 3 and 4)."""

import os

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.perception import frozen_graph, network, published, resize, weights_file
from tfdisco.perception.backbone import BLOCKS, INPUT_SIZE, WIDTHS, Backbone
from tfdisco.perception.landmarks import LandmarkProjector, ReconstructedFace
from tfdisco.perception.layers import ConvUnit, DenseUnit
from tfdisco.shapes import check_positive, check_shape

CHANNELS, HIDDEN = 48, 384  # of the last map, and units of the layer behind it
TRANSLATION_SIZE = 3
TRANSLATION_SCALE = (0.5, 0.5, 1.5)  # decimetres; distance shows less than place
_PEOPLE, _SEED = 4096, 0  # drawn to find the coefficients' spread
_SMALLEST_SCALE = 1e-3  # of a coefficient that hardly varies


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class ReconstructionNetwork(network.PerceptionNetwork):
    """Images [B, S, S, 3] in [-1, 1] to raw [B, K + 3], to be decoded.

    The last map is not averaged over places: where things are is what the pose and the
    landmarks are told by.

    Attributes:
      layout: `factors.CoefficientLayout`.
      model_name: the morphable model's.
      offset, scale: [K + 3], coefficients and translation = offset + scale * raw; not
        trained. Raw numbers of training data have about unit variance.
    """

    KIND = 'reconstruction'

    def __init__(self, layout, model_name, widths=WIDTHS, blocks=BLOCKS, channels=CHANNELS,
                 hidden=HIDDEN, input_size=INPUT_SIZE, frozen=False, **kwargs):
        """See the class and `for_model`.

        Args:
          layout: `factors.CoefficientLayout`, or its fields as a dict.
          model_name: of the morphable model.
          widths, blocks: of the `Backbone`.
          channels: of the last map once it is reduced.
          hidden: units of the layer behind it.
          input_size: pixels of a side of the images.
          frozen: as in `layers.Unit`.
          **kwargs: of the Keras model.

        Raises:
          ValueError: if a size is not positive.
        """
        super().__init__(input_size, frozen, **kwargs)
        self.layout = factors.CoefficientLayout(**layout) if isinstance(layout, dict) else layout
        self.model_name, self._channels, self._hidden_units = model_name, channels, hidden
        for name, value in (('channels', channels), ('hidden', hidden),
                            ('input_size', input_size)):
            check_positive(name, value)
        self.outputs_size = self.layout.size + TRANSLATION_SIZE
        self.backbone = Backbone(widths, blocks, frozen)
        side = -(-input_size // 2 ** len(widths))
        self._reduce = ConvUnit(widths[-1], channels, size=1, frozen=frozen)
        self._hidden = DenseUnit(side * side * channels, hidden, frozen=frozen)
        # Nearly zero at first: the mean face, which is the best guess without a picture.
        self._raw = DenseUnit(hidden, self.outputs_size, relu=False, norm=False, frozen=frozen,
                              initializer=tf.keras.initializers.RandomNormal(stddev=1e-3))
        self.offset, self.scale = (
            self.add_weight(name=name, shape=(self.outputs_size,), initializer=initializer,
                            trainable=False)
            for name, initializer in (('offset', 'zeros'), ('scale', 'ones')))
        self.built = True

    @classmethod
    def for_model(cls, model, **kwargs):
        """An untrained network for a `MorphableModel`, its units those of people drawn from it.

        See `face3d.sampling`; a coefficient that hardly varies there counts in thousandths.
        """
        people = sample_coefficients(model, _PEOPLE, _SEED).astype(np.float64)
        result = cls(model.layout, model.name, **kwargs)
        result.offset.assign(np.concatenate([people.mean(axis=0), np.zeros(TRANSLATION_SIZE)]))
        result.scale.assign(np.concatenate([np.maximum(people.std(axis=0), _SMALLEST_SCALE),
                                            TRANSLATION_SCALE]))
        return result

    @property
    def units(self):
        """See `PerceptionNetwork`."""
        return {**self.backbone.units, 'reduce': self._reduce, 'hidden': self._hidden,
                'raw': self._raw}

    @property
    def config(self):
        """See `PerceptionNetwork`."""
        return {'layout': {part: int(getattr(self.layout, part))
                           for part in factors.COEFFICIENT_PARTS},
                'model_name': self.model_name, 'widths': list(self.backbone.widths),
                'blocks': list(self.backbone.counts), 'channels': self._channels,
                'hidden': self._hidden_units, 'input_size': self.input_size}

    def call(self, images, training=None):
        check_shape('images', images, ['B', self.input_size, self.input_size, 3])
        maps = self.backbone(tf.cast(images, self.precision), training=training)
        values = tf.cast(self._reduce(maps[-1], training=training), tf.float32)
        _, height, width, channels = values.shape
        values = self._hidden(tf.reshape(values, [-1, height * width * channels]),
                              training=training)
        return self._raw(values)

    def decode(self, raw):
        """Raw [B, K + 3] -> coefficients [B, K] and translation [B, 3] decimetres."""
        raw = tf.convert_to_tensor(raw, tf.float32)
        check_shape('raw', raw, ['B', self.outputs_size])
        return tuple(tf.split(self.offset + self.scale * raw,
                              [self.layout.size, TRANSLATION_SIZE], axis=-1))

    def encode(self, coefficients, translation):
        """The inverse of `decode`: what the network should give."""
        values = tf.concat([coefficients, translation], axis=-1)
        check_shape('coefficients and translation', values, ['B', self.outputs_size])
        return (values - self.offset) / self.scale

    def frozen_arrays(self):
        """See `PerceptionNetwork`; with offset and scale."""
        return {**super().frozen_arrays(), 'offset': np.asarray(self.offset, np.float32),
                'scale': np.asarray(self.scale, np.float32)}

    def set_frozen_arrays(self, arrays, label='arrays'):
        """See `PerceptionNetwork`; with offset and scale, which must be above 0."""
        arrays = dict(arrays)
        for name in weights_file.EXACT:
            value = arrays.pop(name, None)
            if value is None or np.shape(value) != (self.outputs_size,):
                raise ValueError(f'{label}: {name}: expected [{self.outputs_size}], got '
                                 f'{"none" if value is None else list(np.shape(value))}')
            if name == 'scale' and not (value > 0).all():
                raise ValueError(f'{label}: scale: expected numbers above 0, got {value.min()}')
            getattr(self, name).assign(value)
        super().set_frozen_arrays(arrays, label)


class Reconstruction:
    """Frozen: pictures to `ReconstructedFace`, differentiable in the pictures.

    Attributes:
      network: the frozen `ReconstructionNetwork`.
    """

    NETWORKS = {ReconstructionNetwork.KIND: ReconstructionNetwork}

    def __init__(self, frozen, model):
        """Takes a frozen network and its `MorphableModel`; ValueError if it is another's."""
        if frozen.layout != model.layout or frozen.model_name != model.name:
            raise ValueError(
                f'model: expected {frozen.model_name!r} with {frozen.layout.size} coefficients, '
                f'which the reconstruction network was trained for, got {model.name!r} with '
                f'{model.layout.size}; train one with scripts/train_perception.py, or, if the '
                "model is the Basel Face Model, pass Deep3D's FaceReconModel.pb")
        self.network = frozen
        self._project = LandmarkProjector(model)

    @classmethod
    def load(cls, name, model):
        """Loads 'built-in' (for the model open_head) or a file.

        A frozen graph (.pb) becomes a `published.DeepReconstruction`, which is called alike;
        see `network.load` for others.
        """
        if os.fspath(name).endswith(frozen_graph.ENDING):
            return published.load_reconstruction(name, model)
        return cls(network.load(name, cls.NETWORKS), model)

    def __call__(self, images):
        """Looks at pictures [B, H, W, 3] in [-1, 1], framed as in `face3d.framing`."""
        raw = self.network(resize.to_square(images, self.network.input_size))
        coefficients, translation = self.network.decode(raw)
        height, width = resize.size(images)
        return ReconstructedFace(coefficients, translation,
                                 self._project(coefficients, translation, height, width))
