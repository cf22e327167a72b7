"""Requested against achieved, as a picture."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfdisco.metrics.slopes import ALL, EXPRESSION, LIGHT, YAW

INCHES, DOTS = 5.0, 100  # of a panel, and of an inch
LINE = 0.16  # inches of a bar


def draw(result):
    """Of what `slopes.measure` returns: yaw and lights as curves, expressions as bars.

    Returns:
      uint8 [H, W, 3].
    """
    curves, names = result['slope_curves'], [
        name for name in result['slopes'].get(EXPRESSION, {}) if name != ALL]
    height = max(2 * INCHES, LINE * len(names) + 1.5)
    figure = Figure((2 * INCHES + 1, height), dpi=DOTS, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2)
    _curves(figure.add_subplot(grid[0, 0]), curves[YAW], 'yaw, degrees',
            {'': f'generated, slope {result["slopes"][YAW]["value"]:.2f}'})
    _curves(figure.add_subplot(grid[1, 0]), curves[LIGHT], 'light from a side, intensity', {
        side: f'{side}, slope {result["slopes"][LIGHT][side]["value"]:.2f}'
        for side in curves[LIGHT]})
    axes = figure.add_subplot(grid[:, 1])
    if names:
        names.sort(key=lambda name: result['slopes'][EXPRESSION][name]['value'])
        for label, part, shape in (('generated', 'slopes', 'o'),
                                   ('rendered', 'slopes_rendered', '|')):
            found = [result[part][EXPRESSION][name] for name in names]
            values = np.array([one['value'] for one in found])
            reach = np.abs(np.array([[one['low'], one['high']] for one in found]).T - values)
            axes.errorbar(values, range(len(names)), xerr=reach if part == 'slopes' else None,
                          fmt=shape, markersize=4, label=label)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_ylim(-1, len(names))
    axes.axvline(1.0, color='grey', linewidth=1)
    axes.axvline(0.0, color='grey', linewidth=1, linestyle=':')
    axes.set_title('expressions: seen for 1 asked, 95 % intervals')
    axes.legend(loc='lower right')
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _curves(axes, curves, title, labels):
    asked = np.concatenate([curve['asked'] for curve in curves.values()])
    axes.plot([asked.min(), asked.max()], [asked.min(), asked.max()], color='grey', linewidth=1,
              label='as asked')
    for index, (name, curve) in enumerate(curves.items()):
        color = f'C{index}'
        axes.plot(curve['asked'], curve['seen'], marker='o', color=color, label=labels[name])
        axes.plot(curve['asked'], curve['rendered'], linestyle=':', color=color,
                  label='rendered' if len(curves) == 1 else None)
        if len(curves) == 1:
            axes.fill_between(curve['asked'], curve['low'], curve['high'], color=color, alpha=0.2,
                              label='8 faces out of 10')
    axes.set_title(title + ('' if len(curves) == 1 else ' (dotted: rendered)'))
    axes.set_xlabel('requested')
    axes.set_ylabel('achieved')
    axes.legend(fontsize=8)
