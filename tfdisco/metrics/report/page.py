"""report.md: figures of all snapshots side by side, pictures, and how to make it again."""

from tfdisco.metrics import tables


def markdown(result):
    """The text of report.md, of what report.json holds."""
    labels = list(result['results'])
    text = ['# Report', '', ', '.join(labels) + '.']
    for suite in result['options']['suites']:
        text += ['', f'## {suite}', '', '| | ' + ' | '.join(labels) + ' |',
                 '| --- |' + ' --- |' * len(labels)]
        text += ['| ' + ' | '.join([name, *cells]) + ' |' for name, cells in _rows(result, suite)]
        for key, value in _remarks(result, suite):
            text += ['', f'{key}: {value}.']
        for label in labels:
            for picture, path in result['results'][label][suite]['pictures'].items():
                text += ['', f'### {picture}, {label}', '', f'![{picture}]({path})']
    text += ['', '## How it was made', '', '```', result['command'], '```', '',
             'In brackets: 95 % intervals. '
             + ', '.join(f'{name} {version}' for name, version in result['versions'].items())
             + f'; {result["processors"]} processors; seed {result["options"]["seed"]}.', '',
             '| file | path | sha256 |', '| --- | --- | --- |']
    text += [f'| {name} | {source["path"]} | {source["sha256"]} |'
             for name, source in {**result['snapshots'], **result['networks']}.items()]
    text += ['', '| suite | ' + ' | '.join(f'{label}, seconds' for label in labels) + ' |',
             '| --- |' + ' --- |' * len(labels)]
    text += ['| ' + ' | '.join([suite, *(str(result['results'][label][suite]['seconds'])
                                         for label in labels)]) + ' |'
             for suite in result['options']['suites']]
    return '\n'.join(text)


def text(result):
    """The figures for a terminal."""
    labels, lines = list(result['results']), []
    for suite in result['options']['suites']:
        rows = [(suite, labels), *_rows(result, suite)]
        widest = max(len(name) for name, _ in rows)
        lines += ['  '.join([f'{name:{widest}}', *(f'{cell:>28}' for cell in cells)])
                  for name, cells in rows] + ['']
    return '\n'.join(lines[:-1])


def _rows(result, suite):
    """[(name of a figure, a text for each snapshot)]."""
    columns = [{' '.join(path): found for path, found in
                tables.leaves(result['results'][label][suite]['result'])}
               for label in result['results']]
    names = dict.fromkeys(name for column in columns for name in column)
    return [(name, [_cell(column.get(name)) for column in columns]) for name in names]


def _cell(found):
    if found is None:
        return ''
    between = tables.interval(found)
    return tables.number(found['value']) + (f' [{between.replace(" .. ", ", ")}]' if between
                                            else '')


def _remarks(result, suite):
    """(name, text) of what a suite says in words, once if all snapshots agree."""
    said = {}
    for label, suites in result['results'].items():
        for key, value in tables.remarks(suites[suite]['result']):
            said.setdefault((key, value), []).append(label)
    return [(key if len(labels) == len(result['results']) else f'{key} ({", ".join(labels)})',
             value) for (key, value), labels in said.items()]
