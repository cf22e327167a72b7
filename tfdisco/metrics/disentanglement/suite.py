"""The suite `disentanglement`: the score of Eq. 9, and the leakage that it hides."""

from tfdisco.metrics import pictures as picture_sets
from tfdisco.metrics.disentanglement import leakage, score
from tfdisco.metrics.disentanglement.view import View
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.metrics.judge import Judge
from tfdisco.networks import trained
from tfdisco.shapes import check_positive

PICTURES = 1000  # of the training data, at most


def evaluate(snapshot=trained.BUILT_IN, reconstruction='built-in', recognition='built-in',
             parsing='built-in', judge=None, data=None, count=1000, values=10, seed=0,
             progress=None):
    """Measures how well a generator keeps its factors apart (Sec. 4.3).

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      reconstruction, recognition, parsing: see `Perception.load`; the networks that look.
      judge: None, or networks that no loss has seen, see `Judge.load`.
      data: the training data, whose variance counts as one: None (people drawn from the
        morphable model) or a folder of records.
      count: sets of held factors for each one that varies; also pairs of the leakage.
      values: of the varied factor in each set.
      seed: of everything drawn.
      progress: see `metrics.generated`.

    Returns:
      {'ds': {FACTOR: interval}, 'ds_VARIANT': the same, 'sigma': {VARIED: {SEEN: number}},
      'count', 'values', 'data', and what `leakage.measure` returns}. An interval is {'value',
      'low', 'high'}. `ds` is the paper's: identity by the recognition feature, variances
      divided by those of training data. VARIANTs: 'coefficients', identity by reconstructed
      coefficients; 'generated', variances divided by those of generated faces; 'judge', all
      that the judge sees by the judge; and two of them joined by '_'. With a judge, 'judge'
      is its name and 'judge_error' how well it tells pose and expression, see `FaceMesh`.
    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or a count is too small.
    """
    check_positive('count', count)
    if values < 2:
        raise ValueError(f'values: expected 2 or more, for a variance, got {values}')
    faces = GeneratedFaces.load(snapshot, reconstruction, recognition, parsing)
    side = faces.generator.config.resolution
    view = View(faces, Judge.load(judge, faces.model, side) if judge else None)
    real = picture_sets.real(data, faces.model, side, PICTURES, seed)
    return {**measure(view, real.batches, count, values, seed, progress), 'data': real.source,
            **({'judge': judge, 'judge_error': view.judge.error} if judge else {})}


def measure(view, data, count, values, seed, progress=None):
    """The figures of `evaluate` of a `View`, and of training data.

    Args:
      view: `View`.
      data: yields float32 [B, H, W, 3] in [-1, 1].
      count, values, seed, progress: see `evaluate`.
    """
    real, drawn = score.Spread(), score.Spread()
    for pictures in data if progress is None else progress(data, desc='training data'):
        real.add(view.numbers(pictures))
    variances = {score.OF_DATA: real.variance()}  # data that do not suffice show at once
    found = {factor: score.variances(view, factor, count, values, seed, drawn, progress)
             for factor in score.VARIED}
    measures = dict(score.MEASURES)
    judged = score.judged(variances[score.OF_DATA])
    if judged:
        measures[score.JUDGE] = judged
    result = {}
    variances[score.OF_GENERATED] = drawn.variance()
    for by, variance in variances.items():
        for measured, columns in measures.items():
            names = ['ds', measured, '' if by == score.OF_DATA else by]
            scores, sigmas = score.scores(found, variance, columns, seed)
            result['_'.join(filter(None, names))] = scores
            if names[1:] == ['', '']:
                result['sigma'] = sigmas
    return {**result, 'count': count, 'values': values,
            **leakage.measure(view, count, seed, progress)}


def table(result):
    """Scores, variances and leakage as text, for people."""
    lines = ['disentanglement score (Eq. 9)',
             f'{"":26}' + ''.join(f'{factor:>32}' for factor in score.VARIED)]
    for name, scores in result.items():
        if name == 'ds' or name.startswith('ds_'):
            lines.append(f'{name:26}' + ''.join(f' {_text(scores[factor]):>31}'
                                                for factor in score.VARIED))
    lines += ['', 'variance of what is seen (column) when one factor varies (row), as a share of '
              "training data's", f'{"":14}' + ''.join(f'{name:>14}' for name in score.VARIED)]
    for varied, seen in result['sigma'].items():
        lines.append(f'{varied:14}' + ''.join(
            f'{"-" if seen[name] is None else format(seen[name], ".4f"):>14}'
            for name in score.VARIED))
    lines += ['', leakage.table(result)]
    if result.get('judge_error'):
        lines += ['', f'{result["judge"]} on rendered faces whose truth is known: ' + ', '.join(
            f'{name} {value:.3g}' for name, value in result['judge_error'].items())]
    return '\n'.join(lines)


def pictures(result):
    """{'leakage': the heat map}, see `leakage.picture`."""
    return {'leakage': leakage.picture(result)}


def _text(interval):
    value, low, high = ('-' if interval[name] is None else f'{interval[name]:.3g}'
                        for name in ('value', 'low', 'high'))
    return f'{value} ({low} .. {high})'
