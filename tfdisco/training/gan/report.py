"""report.md: what a run has come to, stage by stage."""

from tfdisco import files
from tfdisco.training.gan.schedule import Schedule

PICTURES = {'samples': 'Random faces, and the rendered faces of the same coefficients',
            'varied': 'One factor a row, all else held',
            'pairs': 'Expression pairs, the first warped to the second, and what is compared'}


def write(config, folder):
    """Writes report.md from the curves of a run.

    Args:
      config: `config.GanConfig`.
      folder: the run's `RunFolder`.
    """
    lines = folder.points()
    stages = _last_of_stages(config, lines)
    text = ['# Training report', '', f'{lines[-1]["images"]:.0f} real images in '
            f'{lines[-1]["seconds"] / 60:.1f} minutes.', '', '## At the end of each stage', '']
    names = list(dict.fromkeys(name for line in stages.values() for name in line
                               if name not in ('step', 'seconds')))
    text += ['| | ' + ' | '.join(stages) + ' |', '| --- |' + ' --- |' * len(stages)]
    text += ['| ' + ' | '.join([name, *(_figure(line.get(name)) for line in stages.values())])
             + ' |' for name in names]
    text += ['', 'Losses are unweighted means since the point before; control/ is what '
             'perception sees in generated faces (`tfdisco/metrics/control.py`).']
    for name, title in PICTURES.items():
        text += ['', f'## {title}', '', f'![{title}]({name}.png)']
    text += ['', '## Flags', '', '```',
             *(f'--{name}={value}' for name, value in config.changed().items()), '```', '']
    with files.replacing(folder.file('report.md')) as file:
        file.write('\n'.join(text).encode())


def _last_of_stages(config, lines):
    """{stage: its last point, with the figures of its last snapshot}."""
    schedule, result = Schedule(config.network, config.loss, config.schedule), {}
    for line in lines:
        stage = schedule.at(max(int(line['images']) - 1, 0)).stage
        figures = {name: value for name, value in result.get(stage, {}).items()
                   if name.startswith('control/')}
        result[stage] = {**line, **{name: line.get(name, value)
                                    for name, value in figures.items()}}
    return result


def _figure(value):
    return '' if value is None else f'{value:.4g}'
