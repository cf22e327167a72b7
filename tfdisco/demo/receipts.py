"""A receipt of `editing.edit_run` as a table."""

import html

HEADS = {'asked': ('asked for', 'asked', 'seen'), 'drift': ('held', 'moved by', 'two people'),
         'identity': ('likeness to the photograph', 'before', 'after', 'two people')}


def page_of(receipt):
    """HTML of a receipt: what was remarked, and a table a face."""
    remarks = [*receipt['remarks'], *(text for face in receipt['faces']
                                      for text in face['beyond_range'])]
    return '<div class="receipt">' + ''.join(
        f'<p>{html.escape(text)}</p>' for text in remarks) + ''.join(
            _face(face) for face in receipt['faces']) + (
                f'<p>{html.escape(receipt["note"])} Figures: {html.escape(receipt["figures"])}. '
                f'{receipt["seconds"]["all"]:.0f} s.</p></div>')


def _face(face):
    rows = [_row('th', *HEADS['asked'])]
    rows += [_of(name, found, 'requested', 'achieved') for name, found in face['asked'].items()]
    if face['drift']:
        rows.append(_row('th', *HEADS['drift']))
        rows += [_of(name, found, 'value', 'two_people') for name, found in face['drift'].items()]
    rows.append(_row('th', *HEADS['identity']))
    for name, found in face['identity'].items():
        rows.append(_row('td', name, *([found] if isinstance(found, str) else [
            f'{found[key]:.2f}' for key in ('before', 'after', 'two_people')])))
    told = (f'face {face["face"]}: {"" if face["reached"] else "not "}within the tolerance, '
            f'reconstruction {face["reconstruction"]["psnr"]:.1f} dB'
            f'{", tuned" if face["tuned"] else ""}')
    return f'<table><caption>{html.escape(told)}</caption>{"".join(rows)}</table>'


def _of(name, found, *keys):
    digits = 2 if found['unit'] not in ('degrees', 'mm') else 1
    return _row('td', f'{name}, {found["unit"]}', *(f'{found[key]:.{digits}f}' for key in keys))


def _row(kind, *cells):
    cells = [f'<{kind}>{html.escape(cell)}</{kind}>' for cell in cells[:-1]] + [
        f'<{kind} colspan="{5 - len(cells)}">{html.escape(cells[-1])}</{kind}>']
    return f'<tr>{"".join(cells)}</tr>'
