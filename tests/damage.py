"""What can happen to a file: seeded mutations of its bytes, and of the arrays of an .npz."""

import io
import zipfile

import numpy as np

HUGE = (1 << 28, 1 << 48)  # numbers: some GB, which are lent until written; more than there is
MEMBERS = ('missing', 'axis', 'cropped', 'type', 'object', 'nan', 'huge', 'complex', 'text',
           'empty')
WORDS = (b'nan', b'1e999', b'-1', b'[]', b'{}', b'null', b'"', b'\x00', b'\xff\xfe', b'9' * 30,
         b'[' * 5000, b'')


def of_bytes(data, rng):
    """(name, bytes): a byte or eight of them changed, a piece cut, doubled or replaced."""
    kind = rng.choice(['flip', 'spoil', 'cut', 'gap', 'double', 'word', 'tail'])
    start = int(rng.integers(len(data))) if data else 0
    stop = min(start + int(rng.integers(1, 40)), len(data))
    if kind == 'flip':
        changed = data[:start] + bytes([data[start] ^ 1 << int(rng.integers(8))]) + data[start + 1:]
    elif kind == 'spoil':
        changed = data[:start] + rng.bytes(stop - start) + data[stop:]
    elif kind == 'cut':
        changed = data[:start]
    elif kind == 'gap':
        changed = data[:start] + data[stop:]
    elif kind == 'double':
        changed = data[:stop] + data[start:]
    elif kind == 'word':
        changed = data[:start] + WORDS[rng.integers(len(WORDS))] + data[stop:]
    else:
        changed = data + rng.bytes(stop - start)
    return f'{kind} {start}:{stop}', changed


def of_arrays(data, rng, required):
    """(name, bytes): an .npz of which one array is another.

    Args:
      data: the bytes of an .npz.
      rng: NumPy's.
      required: names of arrays that must not be missing.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    kind = str(rng.choice(MEMBERS))
    numeric = [name for name, value in arrays.items() if value.dtype.kind in 'iufb' and value.size]
    names = {'missing': required, 'text': numeric, 'complex': numeric, 'nan': numeric,
             'cropped': [name for name in numeric if arrays[name].ndim]}
    name = str(rng.choice(names.get(kind, list(arrays))))
    value = arrays[name]
    if kind == 'huge':
        return f'{kind} {name}', with_header(arrays, name, int(rng.choice(HUGE)))
    if kind == 'nan':
        spoilt = value.astype(value.dtype if value.dtype.kind == 'f' else np.float64)
        spoilt.flat[rng.integers(value.size)] = rng.choice([np.nan, np.inf, -np.inf])
    elif kind == 'type':
        spoilt = value.astype(bool) if value.dtype.kind in 'iuf' else np.ones(value.shape)
    else:
        spoilt = {'missing': lambda: None, 'axis': lambda: value[np.newaxis],
                  'cropped': lambda: value[..., :-1], 'object': lambda: value.astype(object),
                  'complex': lambda: value.astype(complex), 'text': lambda: value.astype(str),
                  'empty': lambda: value[np.newaxis][:0]}[kind]()
    stream = io.BytesIO()
    np.savez(stream, **{**{key: other for key, other in arrays.items() if key != name},
                        **({} if spoilt is None else {name: spoilt})})
    return f'{kind} {name}', stream.getvalue()


def with_header(arrays, name, numbers):
    """The bytes of an .npz in which an array says that it has so many numbers."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for key, value in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, value, allow_pickle=False)
            content = member.getvalue()
            if key == name:
                member, rank = io.BytesIO(), max(value.ndim, 1)
                np.lib.format.write_array_header_1_0(member, {
                    'descr': value.dtype.str, 'fortran_order': False,
                    'shape': (numbers, *[1] * (rank - 1))})
                content = member.getvalue() + value.tobytes()
            archive.writestr(key + '.npy', content)
    return stream.getvalue()
