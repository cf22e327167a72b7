"""The suites that scripts/evaluate.py knows."""

from tfdisco.metrics import vae
from tfdisco.shapes import check_choice

# Each takes keyword arguments and returns rows {'factor', 'metric', 'value', 'count'}.
SUITES = {
    'vae': vae.evaluate,
}


def run(suite, **options):
    """Runs a suite of `SUITES`; returns its rows.

    Raises:
      ValueError: if there is no such suite, or of the suite itself.
    """
    check_choice('suite', suite, SUITES)
    return SUITES[suite](**options)


def table(rows):
    """The rows as text, one a line, for people."""
    lines = [f'{"factor":13} {"metric":38} {"value":>9} {"count":>7}']
    lines += [f'{row["factor"]:13} {row["metric"]:38} {row["value"]:9.4f} {row["count"]:7d}'
              for row in rows]
    return '\n'.join(lines)
