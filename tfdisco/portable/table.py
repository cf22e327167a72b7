"""A schedule as a table: rows of steps that are alike, each with what they are made of."""

import math


def rows(schedule, parts, rates, period):
    """The rows of a whole training.

    Args:
      schedule: `schedule.Schedule`.
      parts: a function of `schedule.State` and the step's number to a list of parts.
      rates: a function of `schedule.State` to {name: learning rate}.
      period: steps after which parts come again.

    Returns:
      A list of dicts: images, step: seen and done before the first one; resolution, batch,
      growth, stage: of `State`; fade: at the first one, and growth of it for each image;
      rates; cycle: for each step modulo period, a list of parts, or None if no step of the
      row has that remainder.
    """
    found, images, step = [], 0, 0
    while images < schedule.total_images:
        state = schedule.at(images)
        count = _alike(schedule, images, state)
        last = schedule.at(images + (count - 1) * state.batch)
        growth = (last.fade - state.fade) / max((count - 1) * state.batch, 1)
        present = {(step + index) % period for index in range(min(count, period))}
        found.append({
            'images': images, 'step': step, 'resolution': state.resolution, 'batch': state.batch,
            'growth': state.growth, 'stage': state.stage, 'fade': [state.fade, growth],
            'rates': rates(state),
            'cycle': [parts(state, index) if index in present else None
                      for index in range(period)]})
        images, step = images + count * state.batch, step + count
    return found


def _alike(schedule, images, state):
    """How many steps from here on have the same settings, but for the share that fades in.

    Settings that were left do not come back, so the end is found by halving.
    """
    def same(count):  # is the step after `count` others of this kind?
        place = images + count * state.batch
        if place >= schedule.total_images:
            return False
        other = schedule.at(place)
        return (other._replace(fade=1.0), other.growth) == (state._replace(fade=1.0), state.growth)

    steps = math.ceil((schedule.total_images - images) / state.batch)
    low, high = 1, steps  # low steps are alike; high + 1 are not
    while low < high:
        middle = (low + high + 1) // 2
        if same(middle - 1):
            low = middle
        else:
            high = middle - 1
    return low
