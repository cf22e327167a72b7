"""Random plausible activations of the expression units.

A face wears one of `RECIPES` (a smile, a vowel, surprise, ...) and, on top, the
small independent movements of `EXTRAS`: gaze, blinks, brows. A name that ends
in * stands for the left and the right unit, which are drawn nearly alike.
"""

import numpy as np

ASYMMETRY = 0.12  # relative difference of the two sides of a pair

# {name: (weight, {units: (least, most)})}; activations are uniform in between.
RECIPES = {
    'neutral': (24, {}),
    'smile': (14, {'mouthSmile*': (.2, .8), 'cheekSquint*': (.05, .5), 'mouthDimple*': (0, .4),
                   'eyeSquint*': (0, .3)}),
    'open smile': (8, {'mouthSmile*': (.3, .9), 'cheekSquint*': (.1, .6), 'mouthUpperUp*': (.1, .5),
                       'mouthLowerDown*': (0, .4), 'jawOpen': (0, .12), 'eyeSquint*': (0, .35)}),
    'laugh': (10, {'mouthSmile*': (.6, 1), 'cheekSquint*': (.3, .8), 'mouthUpperUp*': (.2, .7),
                   'mouthLowerDown*': (.1, .6), 'jawOpen': (.02, .4), 'mouthStretch*': (0, .3),
                   'eyeSquint*': (.1, .5), 'noseSneer*': (0, .25)}),
    'vowel a': (6, {'jawOpen': (.05, .6)}),
    'vowel o': (4, {'jawOpen': (.02, .35), 'mouthFunnel': (.1, .8)}),
    'vowel u': (4, {'jawOpen': (0, .2), 'mouthPucker': (.1, .9)}),
    'vowel e': (4, {'jawOpen': (0, .25), 'mouthStretch*': (.1, .6), 'mouthLowerDown*': (.1, .7)}),
    'consonant b': (3, {'mouthRollLower': (.1, .7), 'mouthRollUpper': (0, .6)}),
    'consonant f': (3, {'mouthUpperUp*': (.1, .6), 'mouthLowerDown*': (.1, .5),
                        'jawOpen': (0, .12)}),
    'shrug': (2, {'mouthShrugUpper': (0, .5), 'mouthShrugLower': (.1, .6)}),
    'surprise': (5, {'browInnerUp': (.4, 1), 'browOuterUp*': (.4, 1), 'eyeWide*': (.2, .9),
                     'jawOpen': (.1, .8), 'mouthFunnel': (0, .4)}),
    'anger': (3, {'browDown*': (.3, 1), 'noseSneer*': (.1, .6), 'eyeSquint*': (0, .5),
                  'mouthPress*': (.2, .8)}),
    'shout': (2, {'browDown*': (.3, 1), 'noseSneer*': (.1, .7), 'jawOpen': (.1, .6),
                  'mouthUpperUp*': (.2, .7), 'mouthLowerDown*': (.2, .8),
                  'mouthStretch*': (0, .5)}),
    'sadness': (5, {'browInnerUp': (.3, 1), 'mouthFrown*': (.3, 1), 'mouthShrugLower': (0, .5),
                    'eyeSquint*': (0, .3)}),
    'disgust': (3, {'noseSneer*': (.4, 1), 'browDown*': (.2, .7), 'mouthUpperUp*': (.1, .6),
                    'mouthFrown*': (0, .5)}),
    'cheek puff': (1, {'cheekPuff': (.3, 1)}),
    'tongue': (1, {'tongueOut': (.3, 1), 'jawOpen': (.35, .7)}),
    'aside': (1, {'mouthLeft': (0, .8), 'mouthPucker': (0, .5)}),
    'other aside': (1, {'mouthRight': (0, .8), 'mouthPucker': (0, .5)}),
    'makehuman smile': (2, {'mouth-corner-puller': (.1, .6), 'nose-compression': (0, .4)}),
    'makehuman frown': (1, {'mouth-depression': (.1, .5), 'mouth-elevation': (0, .3)}),
}

# {units: (chance, standard deviation of the activation)}; half normal.
EXTRAS = {
    'browInnerUp': (.35, .2), 'browOuterUp*': (.35, .25), 'browDown*': (.30, .22),
    'eyeSquint*': (.30, .2), 'eyeWide*': (.10, .3), 'mouthPress*': (.18, .25),
    'mouthPucker': (.12, .2), 'jawLeft': (.03, .3), 'jawRight': (.03, .3), 'mouthLeft': (.03, .3),
    'mouthRight': (.03, .3), 'jawForward': (.03, .35)}

BLINKS = .10  # chance of a partly or fully closed pair of eyes
WINKS = .03
GAZE_SPREAD = (.33, .22)  # sideways, up and down
STRAY = (.06, .10)  # chance and spread of any unit at all
MOUTH_CLOSE = .15  # chance that mouthClose undoes a part of jawOpen


def sample(rng, count, names):
    """Draws activations.

    Args:
      rng: `np.random.Generator`.
      count: how many faces.
      names: the units' names.

    Returns:
      [count, units] float64 in 0 to 1.
    """
    column = {name: index for index, name in enumerate(names)}
    recipes = list(RECIPES)
    share = np.array([RECIPES[name][0] for name in recipes], float)
    worn = rng.choice(len(recipes), count, p=share / share.sum())
    values = np.zeros((count, len(names)))
    for face, recipe in zip(values, worn):
        for units, (least, most) in RECIPES[recipes[recipe]][1].items():
            _add(face, column, rng, units, rng.uniform(least, most))
        for units, (chance, spread) in EXTRAS.items():
            if rng.random() < chance:
                _add(face, column, rng, units, abs(rng.normal(0, spread)))
        _look(face, column, rng)
        if rng.random() < BLINKS:
            _add(face, column, rng, 'eyeBlink*', rng.uniform(.2, 1))
        if rng.random() < WINKS:
            face[column[rng.choice(['eyeBlinkLeft', 'eyeBlinkRight'])]] += rng.uniform(.5, 1)
        stray = rng.random(len(names)) < STRAY[0]
        face += stray * np.abs(rng.normal(0, STRAY[1], len(names)))
        _keep_possible(face, column, rng)
    return np.clip(values, 0, 1)


def _add(face, column, rng, units, value):
    if units.endswith('*'):
        for side in ('Left', 'Right'):
            face[column[units[:-1] + side]] += max(0, value * (1 + rng.normal(0, ASYMMETRY)))
    else:
        face[column[units]] += value


def _look(face, column, rng):
    """Turns both eyes alike."""
    sideways, upward = rng.normal(0, GAZE_SPREAD)
    if rng.random() < 0.3:  # eye contact
        return
    turned = ('OutLeft', 'InRight') if sideways > 0 else ('InLeft', 'OutRight')
    raised = ('UpLeft', 'UpRight') if upward > 0 else ('DownLeft', 'DownRight')
    for direction in turned:
        face[column['eyeLook' + direction]] += abs(sideways)
    for direction in raised:
        face[column['eyeLook' + direction]] += abs(upward)


def _keep_possible(face, column, rng):
    """Removes what cannot be: lids closed twice, lips closed beyond closed."""
    jaw = min(face[column['jawOpen']], 1)
    face[column['mouthClose']] = jaw * rng.uniform(.2, .95) if rng.random() < MOUTH_CLOSE else 0
    for side in ('Left', 'Right'):
        lowered = .6 * face[column['eyeSquint' + side]] + .4 * face[column['eyeLookDown' + side]]
        face[column['eyeBlink' + side]] = np.clip(face[column['eyeBlink' + side]], 0,
                                                  max(0, 1 - lowered))
