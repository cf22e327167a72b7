"""The configuration of networks: what is refused, and how many channels there are."""

import pytest

from tfdisco.networks.config import NetworkConfig


@pytest.mark.parametrize(('values', 'message'), [
    ({'arch': 'vgg'}, "arch: expected one of .*, got 'vgg'"),
    ({'mapping': 'product'}, "mapping: expected one of .*, got 'product'"),
    ({'resolution': 48}, 'resolution: expected a power of two from 32 .* got 48'),
    ({'resolution': 16}, 'resolution: expected a power of two'),
    ({'fmap_base': 32}, 'fmap_base: expected at least the resolution 64'),
    ({'precision': 'int8'}, 'precision: expected one of'),
])
def test_wrong_fields_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        NetworkConfig(**values)


def test_channels_are_bounded():
    config = NetworkConfig(fmap_base=2048, fmap_max=64)
    assert [config.channels(side) for side in (4, 32, 64)] == [64, 64, 32]
