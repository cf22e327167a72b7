"""A schedule's table says of each step what the schedule says."""

import numpy as np
import pytest

from tfdisco.portable import table
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.schedule import Schedule

R1, PATH = 4, 6


def parts(state, step):
    return [f'd{step % R1 == 0}', *state.weights, *(['path'] if step % PATH == 0 else [])]


@pytest.mark.parametrize('changes', [
    {'generator_hold_kimg': 0.1, 'pixel_kimg': 0.3, 'imitative_kimg': 0.7, 'contrastive_kimg': 0.2,
     'batch': 8},
    {'arch': 'stylegan', 'resolution': 64, 'path_length_weight': 0.0, 'grow_kimg': 0.9,
     'fade_kimg': 0.35, 'pixel_kimg': 0.0, 'imitative_kimg': 5.0, 'contrastive_kimg': 1.0,
     'batch': 4},
    {'pixel_kimg': 0.0, 'imitative_kimg': 0.0, 'contrastive_kimg': 0.01, 'batch': 16}])
def test_every_step_is_the_schedules(changes):
    config = GanConfig.of(**changes)
    schedule = Schedule(config.network, config.loss, config.schedule)
    rows = table.rows(schedule, parts, lambda state: {'rate': state.learning_rate}, 12)
    images = step = 0
    used = set()
    while images < schedule.total_images:
        state = schedule.at(images)
        index = max(n for n, row in enumerate(rows) if row['images'] <= images)
        row = rows[index]
        used.add((index, step % 12))
        assert (step - row['step']) * row['batch'] == images - row['images']
        assert [row[name] for name in ('resolution', 'batch', 'growth', 'stage')] == [
            state.resolution, state.batch, state.growth, state.stage]
        first, growth = row['fade']
        assert np.float32(first + growth * (images - row['images'])) == pytest.approx(
            np.float32(state.fade), rel=1e-6)
        assert row['rates'] == {'rate': state.learning_rate}
        assert row['cycle'][step % 12] == parts(state, step)
        images, step = images + state.batch, step + 1
    # Nothing is lowered that no step needs.
    assert used == {(n, place) for n, row in enumerate(rows)
                    for place, found in enumerate(row['cycle']) if found is not None}
    assert len(rows) == len({(row['stage'], row['growth'], row['batch']) for row in rows})
