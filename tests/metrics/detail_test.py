"""Detail that stands out is found where it was put."""

import numpy as np
import pytest

from tests.training.gan import small
from tfdisco.data.records import folder as records
from tfdisco.metrics import detail, registry

SIDE = 32


def pictures(count, seed):
    """Noise as fine and as strong everywhere, in batches of 50."""
    rng = np.random.default_rng(seed)
    for _ in range(count // 50):
        yield rng.normal(scale=0.1, size=(50, SIDE, SIDE, 3)).astype(np.float32)


def test_energy_is_that_of_the_laplacian():
    rows, columns = np.mgrid[:SIDE, :SIDE]
    checks = np.where((rows + columns) % 2, 0.5, -0.5)[..., np.newaxis].repeat(3, axis=-1)
    found = detail.energies(checks[np.newaxis]).reshape(detail.CELLS, detail.CELLS)
    # Each pixel less the mean of its neighbours: 1; at the edge one neighbour is itself.
    assert found[5, 7] == pytest.approx(np.log(1.0 + detail.FAINTEST))
    assert found[0, 7] == pytest.approx(np.log((1.0 + 0.75 ** 2) / 2 + detail.FAINTEST))
    ramp = np.broadcast_to(columns[..., np.newaxis] / SIDE, (SIDE, SIDE, 3))
    assert detail.energies(ramp[np.newaxis]).reshape(detail.CELLS, -1)[5, 7] == pytest.approx(
        np.log(detail.FAINTEST))


def test_pictures_like_the_real_ones_are_as_rare():
    found = detail.measure(pictures(2000, 0), pictures(2000, 1), 0)
    for name in ('too_sharp', 'too_smooth'):
        assert 0.003 < found[name]['value'] < 0.03
    assert abs(found['sharpness']['value']) < 0.02
    assert len(found['worst']) == len(set(found['worst'])) == detail.WORST


def test_a_glint_and_a_smear_are_found():
    def changed():
        for index, batch in enumerate(pictures(200, 1)):
            if index == 1:
                batch[7, 13, 20] += 1.0  # of number 57
                batch[9, 8:20, 8:20] = 0.0
            yield batch

    found = detail.measure(pictures(1000, 0), changed(), 0)
    plain = detail.measure(pictures(1000, 0), pictures(200, 1), 0)
    for name in ('too_sharp', 'too_smooth'):
        assert found[name]['value'] == pytest.approx(plain[name]['value'] + 1 / 200)
    assert found['worst'][0] == 57


def test_too_few_real_pictures_are_refused():
    with pytest.raises(ValueError, match='count: expected 200 real pictures or more, .* got 150'):
        detail.measure(pictures(150, 0), pictures(50, 1), 0)


def test_a_file_is_measured(tmp_path):
    source = small.write(tmp_path)
    small.write_generator(tmp_path / 'g.npz', source)
    records.write_card(source['data'], {**records.read_card(source['data']), 'model': 'toy'})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detail, 'RARE', 0.5)
        found = registry.run('detail', snapshot=str(tmp_path / 'g.npz'), data=source['data'],
                             count=6)
    assert len(found['worst']) == 6 and 'too_sharp' in registry.table('detail', found)
    assert detail.pictures(found)['worst'].shape[1] > 6 * 32
