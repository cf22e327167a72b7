"""The ops benchmark: its rows, and its check that both sides compute the same."""

import numpy as np
import pytest

from tests.ops.implementations import needs_native
from tfdisco import benchmarks
from tfdisco.benchmarks import ops

FIELDS = {'name', 'ours_ms', 'peer', 'peer_ms', 'ratio', 'batch', 'size', 'channels'}


@needs_native
def test_rows_are_whole(monkeypatch):
    monkeypatch.setattr(ops, 'BATCH', 2)
    monkeypatch.setattr(ops, 'CHANNELS', {8: 4, 4: 6})
    rows = benchmarks.run('ops', rounds=1)
    assert all(set(row) == FIELDS and row['ratio'] > 0 for row in rows)
    names = [row['name'] for row in rows]
    assert len(set(names)) == len(names)
    assert {f'{op}_8px_{way}' for op in ('bias_act', 'blur', 'downsample', 'modulated_conv',
                                         'to_rgb', 'upsample_rgb', 'modulated_conv_up')
            for way in ('forward', 'backward')} <= set(names)
    up = rows[names.index('modulated_conv_up_8px_forward')]
    assert (up['size'], up['channels'], up['batch']) == (4, 6, 2)
    assert len(benchmarks.table(rows).splitlines()) == len(rows) + 1


def test_different_results_are_refused():
    values = np.arange(9.)
    ops._compare('name', [values], [values + 1e-6])
    with pytest.raises(AssertionError, match='name: the results differ by 1.0e-02'):
        ops._compare('name', [values, values * 1.01], [values, values])
