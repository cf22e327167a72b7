"""What became of every file: one line a file in a CSV table."""

import collections
import csv
import dataclasses
import io

from tfdisco import files

WRITTEN, SKIPPED = 'written', 'skipped'
COLUMNS = ('file', 'status', 'reason', 'faces', 'border', 'misfit')


@dataclasses.dataclass
class Row:
    """One file.

    Attributes:
      file: its name in the source.
      faces: written.
      reasons: why it was skipped, or what may surprise; texts without doubles.
      border: the largest share of a written picture that was filled.
      misfit: the largest distance of reconstructed from given or detected points, as a
        share of the average eye distance.
    """

    file: str
    faces: int = 0
    reasons: list = dataclasses.field(default_factory=list)
    border: float = 0.0
    misfit: float = 0.0

    @property
    def status(self):
        """`WRITTEN` if any face was, else `SKIPPED`."""
        return WRITTEN if self.faces else SKIPPED

    def because(self, reason):
        """Adds a reason, if it is one and not there yet."""
        if reason and reason not in self.reasons:
            self.reasons.append(reason)

    def wrote(self, border, misfit):
        """Counts a written face."""
        self.faces += 1
        self.border, self.misfit = max(self.border, border), max(self.misfit, misfit)


def write(path, rows):
    """Writes `Row`s as CSV, `COLUMNS`; the file appears whole or not at all."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator='\n')
    table.writerow(COLUMNS)
    for row in rows:
        measured = (f'{row.border:.4f}', f'{row.misfit:.4f}') if row.faces else ('', '')
        table.writerow([row.file, row.status, '; '.join(row.reasons), row.faces, *measured])
    with files.replacing(path) as file:
        file.write(text.getvalue().encode())


def read(path):
    """Reads what `write` wrote: `Row`s.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is another table.
    """
    try:
        with open(path, encoding='utf-8', newline='') as file:
            lines = list(csv.reader(file))
        if not lines or tuple(lines[0]) != COLUMNS:
            raise ValueError('other columns')
        return [Row(name, int(faces), [reason] if reason else [], float(border or 0),
                    float(misfit or 0)) for name, _, reason, faces, border, misfit in lines[1:]]
    except (ValueError, csv.Error) as error:
        raise ValueError(f'{path}: expected a table of {list(COLUMNS)}, got another file '
                         f'({error})') from error


def summary(rows):
    """Counts for the card.

    Returns:
      {'files', 'written', 'faces': int; 'skipped': {reason without its details: files}}.
    """
    # The last reason is what the file was skipped for.
    skipped = collections.Counter('; '.join(row.reasons).split('; ')[-1].split(':')[0]
                                  for row in rows if not row.faces)
    return {'files': len(rows), 'written': sum(row.status == WRITTEN for row in rows),
            'faces': sum(row.faces for row in rows),
            'skipped': dict(sorted(skipped.items(), key=lambda item: (-item[1], item[0])))}
