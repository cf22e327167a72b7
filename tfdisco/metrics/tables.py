"""Results of suites as rows: whatever has a value in a nested result is a figure."""


def leaves(result, path=()):
    """Figures of a result, however deep.

    Args:
      result: what a suite returns. In it, {'value', 'low', 'high', ...} and floats are
        figures; whole numbers are settings, lists are for pictures.
      path: names on the way there.

    Returns:
      Yields ((names), {'value', ...}).
    """
    for name, found in result.items():
        if isinstance(found, dict):
            if 'value' in found:
                yield (*path, name), found
            else:
                yield from leaves(found, (*path, name))
        elif isinstance(found, float):
            yield (*path, name), {'value': found}


def remarks(result, path=()):
    """Yields ('names', text) of every text, and list of texts, in a result, however deep."""
    for name, found in result.items():
        if isinstance(found, dict):
            yield from remarks(found, (*path, name))
        elif text := _words(found):
            yield ' '.join((*path, name)), text


def _words(found):
    """A text, lists of texts with commas, pairs of texts joined; '' for anything else."""
    if isinstance(found, str):
        return found
    if not isinstance(found, list):
        return ''
    words = [' '.join(part) if isinstance(part, list) and all(
        isinstance(word, str) for word in part) else part for part in found]
    return ', '.join(words) if all(isinstance(word, str) for word in words) else ''


def number(value):
    """A figure in about four digits, '-' for None."""
    if value is None:
        return '-'
    return f'{value:.4f}' if 0.001 <= abs(value) < 1000 or value == 0 else f'{value:.4g}'


def interval(found):
    """'low .. high' of a figure, '' without."""
    if found.get('low') is None or found.get('high') is None:
        return ''
    return f'{number(found["low"])} .. {number(found["high"])}'


def figures(result):
    """All figures of a result, one a line, for a terminal."""
    rows = [(' '.join(path), number(found['value']), interval(found),
             str(found.get('count') or '')) for path, found in leaves(result)]
    widest = max([len('figure'), *(len(row[0]) for row in rows)])
    lines = [('figure', 'value', '95 % interval', 'count'), *rows]
    return '\n'.join(f'{name:{widest}} {value:>10} {between:>22} {count:>7}'.rstrip()
                     for name, value, between, count in lines)
