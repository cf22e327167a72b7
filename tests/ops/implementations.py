"""Which implementations of the ops there are to be tested in this run."""

import pytest

from tfdisco.ops import native, toolchain

# TFDISCO_OPS=reference, or a machine without a compiler, leaves one.
IMPLS = ('reference',) if native.load() is None else ('native', 'reference')


def _has_compiler():
    try:
        toolchain.find_cxx()
    except toolchain.BuildError:
        return False
    return True


needs_native = pytest.mark.skipif('native' not in IMPLS, reason='no native ops in this run')
needs_compiler = pytest.mark.skipif(not _has_compiler(), reason='no C++ compiler')
