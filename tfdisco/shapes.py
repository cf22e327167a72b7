"""Checks at the entry of public functions: ValueError with name, expected, got."""


def check_shape(name, tensor, expected):
    """Compares a static shape with a pattern.

    Args:
      name: the argument's name, for the message.
      tensor: anything with a `.shape` (array, tensor, variable).
      expected: a sequence of sizes; None matches any size, a string is an axis
        letter that matches any size and must be the same wherever it repeats.

    Raises:
      ValueError: if rank or a known size differs. Unknown sizes pass.
    """
    shape = tensor.shape
    if getattr(shape, 'rank', 0) is None:  # a tensor of unknown rank
        return
    wanted = '[' + ', '.join('?' if size is None else str(size) for size in expected) + ']'
    problem = ValueError(f'{name}: expected shape {wanted}, got {_text(shape)}')
    if len(shape) != len(expected):
        raise problem
    bound = {}
    for actual, size in zip(shape, expected):
        if actual is None or size is None:
            continue
        if isinstance(size, str):
            size = bound.setdefault(size, actual)
        if int(actual) != int(size):
            raise problem


def check_choice(name, value, choices):
    """Raises ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f'{name}: expected one of {sorted(choices)}, got {value!r}')


def check_positive(name, value):
    """Raises ValueError unless `value` is an integer above 0."""
    if isinstance(value, bool) or int(value) != value or value <= 0:
        raise ValueError(f'{name}: expected a positive integer, got {value!r}')


def check_multiple(name, value, unit, size):
    """Raises ValueError unless a number is a multiple of another one, which is called `unit`."""
    if value % size:
        raise ValueError(f'{name}: expected a multiple of {unit} = {size}, got {value}')



def _text(shape):
    return '[' + ', '.join('?' if size is None else str(size) for size in shape) + ']'
