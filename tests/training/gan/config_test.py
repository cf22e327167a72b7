"""The configuration of a run: what is refused, and that sections do not share names."""

import collections

import pytest

from tfdisco.training.gan.config import (
    GanConfig,
    LossConfig,
    ScheduleConfig,
    SourceConfig,
    UpkeepConfig,
)


@pytest.mark.parametrize(('section', 'values', 'message'), [
    (LossConfig, {'skin_weight': -1.0}, 'skin_weight: expected 0 or more, got -1.0'),
    (LossConfig, {'r1_gamma': float('nan')}, 'r1_gamma: expected 0 or more, got nan'),
    (LossConfig, {'r1_every': 0}, 'r1_every: expected a positive integer'),
    (LossConfig, {'identity_region': 'hat'}, "identity_region: expected one of .*, got 'hat'"),
    (LossConfig, {'augment': 'much'}, "augment: expected one of .* or a prob.*, got 'much'"),
    (LossConfig, {'augment': '1.5'}, "augment: expected one of .* or a prob.*, got '1.5'"),
    (LossConfig, {'pair_share': 0.0}, 'pair_share: expected above 0 and up to 1, got 0.0'),
    (LossConfig, {'imitative': False}, 'contrastive: expected imitative as well'),
    (ScheduleConfig, {'batch': 0}, 'batch: expected a positive integer'),
    (ScheduleConfig, {'ema_kimg': -1.0}, 'ema_kimg: expected 0 or more'),
    (ScheduleConfig, {'generator_hold_kimg': -1.0}, 'generator_hold_kimg: expected 0 or more'),
    (ScheduleConfig, {'fade_kimg': 0.0}, 'fade_kimg: expected above 0'),
    (ScheduleConfig, {'beta2': 1.0}, 'beta2: expected from 0 to below 1'),
    (ScheduleConfig, {'pixel_kimg': 2.0, 'imitative_kimg': 1.0}, 'pixel_kimg: expected up to'),
    (SourceConfig, {'seed': -1}, 'seed: expected 0 or more'),
    (SourceConfig, {'noise': 0}, 'noise: expected a positive integer'),
    (UpkeepConfig, {'snapshot_every': 70}, 'snapshot_every: expected a multiple of log_every'),
    (UpkeepConfig, {'picture_every': 750}, 'picture_every: expected a multiple of snapshot_ev'),
])
def test_wrong_fields_are_refused(section, values, message):
    with pytest.raises(ValueError, match=message):
        section(**values)


def test_names_belong_to_one_section_and_have_a_help():
    fields = GanConfig.flags()
    assert max(collections.Counter(field.name for field in fields).values()) == 1
    assert all(field.metadata['help'].endswith('.') for field in fields)


def test_values_go_to_their_sections_and_come_back():
    config = GanConfig.of(resolution=32, imitative_kimg=700.0, seed=5)
    assert (config.network.resolution, config.schedule.imitative_kimg, config.source.seed) == (
        32, 700.0, 5)
    assert GanConfig.of(**config.values()) == config
    with pytest.raises(TypeError, match=r"got \['sead'\]"):
        GanConfig.of(sead=5)


def test_total():
    assert ScheduleConfig(pixel_kimg=1.0, imitative_kimg=3.0,
                          contrastive_kimg=1.5).total_kimg == 4.5
