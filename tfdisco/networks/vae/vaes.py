"""The coefficient VAEs: latents z of each factor to coefficients lambda and back (Sec. 3.1).

Structure by the supplement, Sec. I: encoder and decoder are MLPs of three hidden layers,
ReLU, of one width a factor. A VAE takes and gives coefficients in their own units; it
works on x = (coefficients - mean) / scale, with mean and scale set from the data.
"""

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.keras_layer import Model
from tfdisco.networks.vae import file
from tfdisco.shapes import check_positive, check_shape

WIDTHS = {factors.IDENTITY: 512, factors.EXPRESSION: 256, factors.ILLUMINATION: 128,
          factors.POSE: 32}
FACTORS = tuple(WIDTHS)  # in the order of the latents
INITIAL_LOG_GAMMA = -1.0


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class CoefficientVAE(Model):
    """The VAE of one factor.

    Calling it reconstructs: `decode` of the mean of `encode`.

    Attributes:
      size: K, number of coefficients.
      latents: L, size of z.
      width: of the hidden layers.
      log_gamma: [] logarithm of gamma, the learned deviation of the Gaussian likelihood
        in units of x (Dai & Wipf 2019, Sec. 3).
      mean, scale: [K] of the coefficients, not trained.
    """

    def __init__(self, size, latents, width, **kwargs):
        """See the class; raises ValueError unless the sizes are positive integers."""
        super().__init__(**kwargs)
        for name, value in (('size', size), ('latents', latents), ('width', width)):
            check_positive(name, value)
        self.size, self.latents, self.width = int(size), int(latents), int(width)
        for (half, name), (inputs, units) in file.kernel_shapes(
                self.size, self.latents, self.width).items():
            activation = 'relu' if name.startswith('fc') else None
            layer = tf.keras.layers.Dense(
                units, activation, name=f'{half}_{name}',
                kernel_initializer='he_uniform' if activation else 'glorot_uniform')
            layer.build([None, inputs])  # now, so that weights can be set
            # An attribute each: checkpoints of Keras 3 leave out what stands in a dict.
            setattr(self, f'{half}_{name}', layer)
        self.log_gamma = self.add_weight(
            name='log_gamma', shape=(),
            initializer=tf.keras.initializers.Constant(INITIAL_LOG_GAMMA))
        self.mean = self.add_weight(name='mean', shape=(self.size,), initializer='zeros',
                                    trainable=False)
        self.scale = self.add_weight(name='scale', shape=(self.size,), initializer='ones',
                                     trainable=False)
        self.built = True

    def call(self, coefficients, training=None):
        return self.decode(self.encode(coefficients)[0])

    def get_config(self):
        return {**super().get_config(), 'size': self.size, 'latents': self.latents,
                'width': self.width}

    def normalize(self, coefficients):
        """Coefficients [B, K] -> x [B, K], what the likelihood is measured in."""
        coefficients = tf.convert_to_tensor(coefficients, tf.float32)
        check_shape('coefficients', coefficients, ['B', self.size])
        return (coefficients - self.mean) / self.scale

    def encode(self, coefficients):
        """The posterior q(z | coefficients).

        Args:
          coefficients: [B, K].

        Returns:
          mean [B, L] and log_std [B, L], the logarithm of the standard deviation.

        Raises:
          ValueError: on a wrong shape.
        """
        hidden = self._hidden('encoder', self.normalize(coefficients))
        return self.encoder_mean(hidden), self.encoder_log_std(hidden)

    def decode(self, z):
        """Latents [B, L] -> coefficients [B, K], the mean of p(coefficients | z)."""
        return self.decode_normalized(z) * self.scale + self.mean

    def decode_normalized(self, z):
        """Latents [B, L] -> x^ [B, K], in units of `normalize`."""
        z = tf.convert_to_tensor(z, tf.float32)
        check_shape('z', z, ['B', self.latents])
        return self.decoder_x_hat(self._hidden('decoder', z))

    def sample(self, count, seed):
        """Decodes `count` latents drawn from N(0, 1): [count, K]; one seed, one result."""
        check_positive('count', count)
        return self.decode(tf.random.stateless_normal([count, self.latents], [seed, 0]))

    def set_normalization(self, mean, scale):
        """Sets `mean` and `scale`, [K] each.

        Raises:
          ValueError: on a wrong shape, or a scale that is not above 0.
        """
        mean, scale = np.asarray(mean, np.float32), np.asarray(scale, np.float32)
        check_shape('mean', mean, [self.size])
        check_shape('scale', scale, [self.size])
        if not (np.isfinite(mean).all() and np.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError('scale: expected finite means and scales above 0, got '
                             f'scales from {scale.min()} to {scale.max()}')
        self.mean.assign(mean)
        self.scale.assign(scale)

    def arrays(self):
        """{name: float32 array} of all weights, names of `vae_file.weight_names`."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def set_arrays(self, arrays):
        """Sets all weights, see `arrays`; raises ValueError if a name or a shape is wrong."""
        arrays = {name: np.asarray(value, np.float32) for name, value in arrays.items()}
        file.check(arrays, self.name)
        check_shape('decoder/x_hat/kernel', arrays['decoder/x_hat/kernel'],
                    [self.width, self.size])
        check_shape('decoder/fc0/kernel', arrays['decoder/fc0/kernel'],
                    [self.latents, self.width])
        for name, variable in self._variables().items():
            variable.assign(arrays[name])

    @classmethod
    def from_arrays(cls, arrays, **kwargs):
        """Makes a VAE of the arrays' own sizes; see `arrays`."""
        result = cls(*file.sizes(arrays), **kwargs)
        result.set_arrays(arrays)
        return result

    @classmethod
    def load(cls, path, factor):
        """Loads the VAE of one factor from a file of `file`.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is not such a file or lacks the factor.
        """
        stored = file.read(path)
        if factor not in stored.weights:
            raise ValueError(f'{path}: expected a VAE of {factor!r}, got one of '
                             f'{sorted(stored.weights)}')
        return cls.from_arrays(stored.weights[factor], name=factor)

    def _hidden(self, half, values):
        for index in range(file.HIDDEN_LAYERS):
            values = getattr(self, f'{half}_fc{index}')(values)
        return values

    def _variables(self):
        result = {}
        for half, name in file.kernel_shapes(self.size, self.latents, self.width):
            layer = getattr(self, f'{half}_{name}')
            result[f'{half}/{name}/kernel'] = layer.kernel
            result[f'{half}/{name}/bias'] = layer.bias
        return {**result, 'log_gamma': self.log_gamma, 'mean': self.mean, 'scale': self.scale}


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class CoefficientVAEs(Model):
    """The VAEs of the four factors together. Calling it reconstructs coefficients.

    Example:
      vaes = CoefficientVAEs.load('built-in')
      coefficients = vaes.decode(tf.random.normal([8, vaes.latents]))  # [8, 254]

    Attributes:
      layout: `factors.CoefficientLayout`.
      vaes: {factor: `CoefficientVAE`}, in the order of the latents.
      latents: size of the four latents together, without the generator's noise.
    """

    def __init__(self, layout, latent_sizes=None, widths=None, **kwargs):
        """Makes the four untrained.

        Args:
          layout: `factors.CoefficientLayout`, or its fields as a dict.
          latent_sizes: None (`factors.LATENT_SIZES`) or {factor: size of z}.
          widths: None (`WIDTHS`) or {factor: width of the hidden layers}.
          **kwargs: of the Keras model.

        Raises:
          ValueError: if the layout has no coefficient of a factor.
        """
        super().__init__(**kwargs)
        layout = factors.CoefficientLayout(**layout) if isinstance(layout, dict) else layout
        latent_sizes = {**factors.LATENT_SIZES, **(latent_sizes or {})}
        widths = {**WIDTHS, **(widths or {})}
        self.layout = layout
        self.vaes = {}
        for factor in FACTORS:
            part = layout.factor_slice(factor)
            if part.stop == part.start:
                raise ValueError(f'layout: expected coefficients of {factor}, got none; take a '
                                 f'morphable model that has {factor}')
            self.vaes[factor] = CoefficientVAE(part.stop - part.start, latent_sizes[factor],
                                               widths[factor], name=factor)
        self.latents = sum(vae.latents for vae in self.vaes.values())
        self.built = True

    def call(self, coefficients, training=None):
        return self.decode(self.encode(coefficients)[0])

    def get_config(self):
        return {**super().get_config(), 'layout': file.layout_fields(self.layout),
                'latent_sizes': {factor: vae.latents for factor, vae in self.vaes.items()},
                'widths': {factor: vae.width for factor, vae in self.vaes.items()}}

    def encode(self, coefficients):
        """Coefficients [B, layout.size] -> mean and log_std, [B, latents] each."""
        coefficients = tf.convert_to_tensor(coefficients, tf.float32)
        check_shape('coefficients', coefficients, ['B', self.layout.size])
        posteriors = [vae.encode(coefficients[:, self.layout.factor_slice(factor)])
                      for factor, vae in self.vaes.items()]
        return tuple(tf.concat(parts, axis=-1) for parts in zip(*posteriors))

    def by_factor(self, z):
        """Latents [B, latents] -> {factor: [B, its latents]}."""
        z = tf.convert_to_tensor(z, tf.float32)
        check_shape('z', z, ['B', self.latents])
        sizes = [vae.latents for vae in self.vaes.values()]
        return dict(zip(self.vaes, tf.split(z, sizes, axis=-1)))

    def decode(self, z):
        """Latents to coefficients.

        Args:
          z: [B, latents]: identity, expression, illumination, pose; no noise.

        Returns:
          [B, layout.size] in the order of the layout, where pose precedes illumination.

        Raises:
          ValueError: on a wrong shape.
        """
        decoded = {factor: self.vaes[factor].decode(part)
                   for factor, part in self.by_factor(z).items()}
        order = sorted(decoded, key=lambda factor: self.layout.factor_slice(factor).start)
        return tf.concat([decoded[factor] for factor in order], axis=-1)

    def sample(self, count, seed):
        """Decodes `count` latents drawn from N(0, 1): [count, layout.size]."""
        check_positive('count', count)
        return self.decode(tf.random.stateless_normal([count, self.latents], [seed, 0]))

    @classmethod
    def load(cls, path='built-in', layout=None):
        """Loads the built-in VAEs (of the model open_head) or a weights file.

        Args:
          path: 'built-in' or a path.
          layout: None (as stored in the file) or the `CoefficientLayout` to fit.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is no such file, lacks a factor, or does not fit the layout.
        """
        stored = file.read(path)
        layout = file.check_complete(stored, path, layout, FACTORS)
        loaded = {factor: file.sizes(stored.weights[factor]) for factor in FACTORS}
        result = cls(layout, {factor: sizes[1] for factor, sizes in loaded.items()},
                     {factor: sizes[2] for factor, sizes in loaded.items()})
        for factor, vae in result.vaes.items():
            vae.set_arrays(stored.weights[factor])
        return result
