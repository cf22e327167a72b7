"""Heat maps of where each stage changes colours, as a picture (Figure III)."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

CELL, DOTS = 1.7, 100  # inches of a map, dots of an inch


def draw(result):
    """Of what `stages.measure` returns: a factor a row, a stage a column.

    Each row has a scale of its own, for the light changes every pixel and an expression few.

    Returns:
      uint8 [H, W, 3].
    """
    rows = list(result['color_maps'])
    columns = list(result['color_maps'][rows[0]])
    figure = Figure(((len(columns) + 0.8) * CELL, (len(rows) + 0.3) * (CELL + 0.25)), dpi=DOTS,
                    layout='constrained')
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for row, factor in enumerate(rows):
        maps = [np.array(result['color_maps'][factor][name]) for name in columns]
        top = max(float(values.max()) for values in maps) or 1.0
        for column, (name, values) in enumerate(zip(columns, maps)):
            cell = axes[row, column]
            shown = cell.imshow(values, cmap='inferno', vmin=0.0, vmax=top)
            cell.set_xticks([])
            cell.set_yticks([])
            share = result['share'][factor][name]['value']
            cell.set_xlabel('' if share is None else f'share {share:.2f}', fontsize=9)
            if row == 0:
                cell.set_title(name, fontsize=10)
            if column == 0:
                cell.set_ylabel(factor, fontsize=10)
        figure.colorbar(shown, ax=axes[row], label='grey levels', shrink=0.9)
    figure.suptitle('change of colours when the w of one stage is another face\'s', fontsize=11)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
