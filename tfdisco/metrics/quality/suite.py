"""The suite `quality`: Table 1's right half, with features that are at hand."""

import tensorflow as tf

from tfdisco.losses.perceptual import perceptual_distance
from tfdisco.metrics import pictures, tables
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.metrics.quality import features as feature_kinds
from tfdisco.metrics.quality import path_length, sets
from tfdisco.networks import trained
from tfdisco.shapes import check_positive

FACES_A_PATH = 5  # pictures for each pair of path length
_LAST = {}  # the reference measured last: drawing it takes long, and reports compare generators


def evaluate(snapshot=trained.BUILT_IN, features='recognition', inception=None, vgg16=None,
             recognition='built-in', parsing='built-in', reconstruction='built-in', data=None,
             count=10000, seed=0, progress=None):
    """Compares generated faces with real ones, and rendered faces with them too.

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      features: names with commas between, see `features.load`.
      inception, vgg16: the files of the features of these names, see `features.load`.
      recognition, parsing: weights of the networks of these names.
      reconstruction: of the third that belongs to the generator's face model; not used here.
      data: what is real: None for people drawn as training draws them, or a folder of records.
      count: of faces of each kind; a fifth as many pairs for path lengths.
      seed: of everything drawn.
      progress: see `metrics.generated`.

    Returns:
      {'generated', 'rendered', 'reference': {figure: fields of `statistics.Estimate`},
      'about': {'reference': what is real}}. Rendered are the faces of the same coefficients,
      the row 3DMM of Table 1; the reference's is the distance of its own halves. For the
      figures see `sets.compare`; ppl_NAME is of generated faces alone, for features that have
      maps, see `path_length`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or pictures are too few.
    """
    check_positive('count', count)
    kinds = feature_kinds.load_all(features, recognition=recognition, parsing=parsing,
                                   inception_file=inception, vgg16_file=vgg16)
    sets.check_count(count, kinds)
    faces = GeneratedFaces.load(snapshot, reconstruction, recognition, parsing)
    size = faces.generator.config.resolution
    real = pictures.real(data, faces.model, size, count, seed)
    sets.check_count(real.count, kinds, 'data')
    key = (tuple(kinds), inception, vgg16, recognition, parsing, data, faces.model.name, size,
           count, seed)
    if key not in _LAST:
        gathered = sets.gather(kinds, real.count,
                               _shown(real.batches, real.count, progress, 'real'))
        _LAST.clear()
        _LAST[key] = gathered
    found = measure(faces, _LAST[key], count, seed, progress)
    return {**{part: {name: estimate._asdict() for name, estimate in figures.items()}
               for part, figures in found.items()},
            'about': {'reference': f'{real.count} {real.source}'}}


def measure(faces, reference, count, seed, progress=None):
    """{part: {figure: `Estimate`}} of `GeneratedFaces` against {name: `FeatureSet`}."""
    kinds = {name: one.features for name, one in reference.items()}
    generated, rendered = ({name: sets.FeatureSet(kind, count) for name, kind in kinds.items()}
                           for _ in range(2))
    z = faces.latents(count, seed)
    for batch in faces.batches(z, (), render=True, progress=progress, desc='generated'):
        for name in kinds:
            generated[name].add(batch.images)
            rendered[name].add(pictures.in_levels(batch.rendered.image))
    result = {'generated': {}, 'rendered': {}, 'reference': {}}
    for name, real in reference.items():
        result['generated'].update(sets.compare(real, generated[name], seed))
        result['rendered'].update(sets.compare(real, rendered[name], seed))
        result['reference'].update(sets.floor(real))
        if kinds[name].maps:
            lengths = _path_lengths(faces, kinds[name], max(2, count // FACES_A_PATH), seed,
                                    progress)
            result['generated'][f'ppl_{name}'] = path_length.estimate(lengths, seed)
    return result


def table(result):
    """The figures, one a line, and what they are measured against."""
    return f'{tables.figures(result)}\nreal: {result["about"]["reference"]}'


def _path_lengths(faces, kind, count, seed, progress):
    generator = faces.generator
    draw = tf.function(lambda w: generator.synthesis(generator.broadcast(w)),
                       reduce_retracing=True)
    distance = tf.function(lambda first, second: perceptual_distance(
        kind.maps(first), kind.maps(second)), reduce_retracing=True)
    return path_length.path_lengths(draw, distance, generator.mapping, faces.inputs, count, seed,
                                    progress=progress)


def _shown(batches, count, progress, desc):
    if progress is None:
        return batches
    return progress(batches, total=-(-count // pictures.BATCH), desc=desc)
