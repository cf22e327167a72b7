"""The paper's schedule: stages, weights, growth."""

import pytest

from tfdisco.networks.config import NetworkConfig
from tfdisco.training.gan import schedule
from tfdisco.training.gan.config import LossConfig, ScheduleConfig
from tfdisco.training.gan.schedule import Schedule

KIMG = 1000


def make(network=None, loss=None, **changes):
    return Schedule(NetworkConfig(**network or {}), LossConfig(**loss or {}),
                    ScheduleConfig(**changes))


def test_stages_begin_where_the_paper_says():
    paper = make()
    assert paper.total_images == 20000 * KIMG
    starts = {0: 'pixel', 300 * KIMG - 1: 'pixel', 300 * KIMG: 'imitative',
              15000 * KIMG - 1: 'imitative', 15000 * KIMG: 'contrastive',
              20000 * KIMG: 'contrastive'}
    for seen, stage in starts.items():
        assert paper.at(seen).stage == stage, seen


def test_weights_are_the_papers():
    paper = make()
    assert paper.at(0).weights == {'adversarial': 1.0, 'pixel': 20.0}
    imitative = {'adversarial': 1.0, 'imitative/identity': 3.0, 'imitative/landmarks': 500.0,
                 'imitative/illumination': 10.0, 'imitative/skin': 20.0}
    assert paper.at(301 * KIMG).weights == imitative
    assert paper.at(15000 * KIMG).weights == {
        **imitative, 'imitative/landmarks': 100.0, 'contrastive/warp': 10.0,
        'contrastive/hair': 10.0, 'contrastive/landmarks': 10000.0, 'contrastive/identity': 20.0}


def test_a_term_that_counts_nothing_is_left_out():
    state = make(loss={'skin_weight': 0.0, 'warp_weight': 0.0}).at(15000 * KIMG)
    assert not {'imitative/skin', 'contrastive/warp'} & set(state.weights)


def test_ablations():
    nothing = make(loss={'imitative': False, 'contrastive': False})
    assert {nothing.at(seen * KIMG).stage for seen in (0, 301, 16000)} == {'adversarial'}
    assert nothing.at(0).weights == {'adversarial': 1.0}
    imitative = make(loss={'contrastive': False})
    assert imitative.at(16000 * KIMG).stage == 'imitative'
    assert imitative.at(16000 * KIMG).weights['imitative/landmarks'] == 500.0


def test_all_stages_wait_while_the_generator_is_held():
    loss = {'contrastive': True}
    lengths = {'pixel_kimg': 1.0, 'imitative_kimg': 3.0, 'contrastive_kimg': 2.0}
    usual, held = make(loss=loss, **lengths), make(loss=loss, generator_hold_kimg=2.5, **lengths)
    assert held.total_images == usual.total_images + 2500 == 7500
    for seen in (0, 1000, 2499):
        assert (held.at(seen).stage, held.at(seen).weights) == ('hold', {})
    for seen in (0, 999, 1000, 2999, 3000, 4999):
        assert held.at(2500 + seen) == usual.at(seen), seen
    growing = make({'arch': 'stylegan'}, generator_hold_kimg=1.0, grow_kimg=1, fade_kimg=1)
    assert growing.at(999).resolution == growing.at(1999).resolution == 8
    assert growing.at(2500).resolution == 16 and growing.at(2500).fade == pytest.approx(0.5)


def test_stylegan_grows():
    growing = make({'arch': 'stylegan', 'resolution': 256, 'fmap_base': 4096}, batch=4,
                   learning_rate=0.001)
    found = {kimg: growing.at(kimg * KIMG)
             for kimg in (0, 600, 900, 1200, 3000, 3300, 4400, 9000)}
    assert [state.resolution for state in found.values()] == [8, 8, 16, 16, 32, 64, 128, 256]
    assert [state.fade for state in found.values()] == pytest.approx(
        [1, 1, 0.5, 1, 1, 0.5, 1 / 3, 1])
    assert [state.batch for state in found.values()] == [32, 32, 16, 16, 8, 4, 4, 4]
    assert [state.learning_rate for state in found.values()] == pytest.approx(
        [0.001] * 6 + [0.0015, 0.002])
    # Pixels up to 32 pixels, the other terms from there on (supplement, Sec. I).
    assert [state.stage for state in found.values()] == ['pixel'] * 5 + ['imitative'] * 3


def test_fade_is_never_zero_and_stops_at_the_last_resolution():
    growing = make({'arch': 'stylegan', 'resolution': 32}, grow_kimg=1, fade_kimg=1)
    states = [growing.at(seen) for seen in range(0, 8000, 100)]
    assert min(state.fade for state in states) > 0
    assert max(state.resolution for state in states) == 32 and states[-1].fade == 1.0
    resolutions = [state.resolution for state in states]
    assert resolutions == sorted(resolutions)


def test_stages_have_names():
    for seen in (0, 301 * KIMG, 15000 * KIMG):
        state = make().at(seen)
        assert state.stage in schedule.STAGES
    with pytest.raises(ValueError, match='images_seen: expected 0 or more, got -1'):
        make().at(-1)
