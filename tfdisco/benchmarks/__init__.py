"""How fast tfdisco is, beside a peer where there is one."""

import importlib

# A suite is a module with `run(rounds, ...)`, imported when asked for.
SUITES = ('data', 'export', 'ops', 'perception', 'render', 'train')


def run(suite, rounds, **options):
    """Runs a suite of `SUITES`; returns its rows, a list of dicts, or of 'train' one dict.

    Options are those of the suite's own `run`.
    """
    if suite not in SUITES:
        raise ValueError(f'suite: expected one of {sorted(SUITES)}, got {suite!r}')
    return importlib.import_module(f'{__name__}.{suite}').run(rounds, **options)


def table(rows):
    """What a suite gave as text, one figure or row a line, for people."""
    if isinstance(rows, dict):
        return '\n'.join(_lines(rows))
    lines = [f'{"name":34} {"ours ms":>9} {"peer ms":>9} {"ratio":>7}  peer']
    for row in rows:
        theirs, ratio = ('-' if row[key] is None else f'{row[key]:.1f}'
                         for key in ('peer_ms', 'ratio'))
        lines.append(f'{row["name"]:34} {row["ours_ms"]:9.1f} {theirs:>9} {ratio:>7}  '
                     f'{row["peer"] or ""}')
    return '\n'.join(lines)


def _lines(figures, prefix=''):
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _lines(value, f'{prefix}{name}/')
        else:
            yield f'{prefix + name:44} {value:10.4g}'
