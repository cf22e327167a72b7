"""What is random about a picture of a person besides the coefficients."""

import dataclasses

import numpy as np

HAIR_COLORS = ((30, 26, 24), (48, 36, 29), (62, 46, 34), (84, 62, 45), (112, 84, 58),
               (150, 120, 84), (186, 156, 112), (120, 66, 40), (140, 136, 132), (196, 192, 188))
HAIR_SHARES = (0.25, 0.19, 0.14, 0.12, 0.08, 0.06, 0.03, 0.04, 0.06, 0.03)
CUTS = ('bald', 'buzz', 'short', 'medium', 'bob', 'long')
CUT_SHARES = (0.05, 0.09, 0.33, 0.15, 0.13, 0.25)
GLASSES_SHARE, SUNGLASSES_SHARE, CAP_SHARE = 0.15, 0.15, 0.08
BEARDS = ('none', 'stubble', 'moustache', 'goatee', 'full')
BEARD_SHARES = (0.66, 0.12, 0.05, 0.06, 0.11)


@dataclasses.dataclass
class Style:
    """One draw; lengths in decimetres, colours 0 to 255 in display space.

    cut: one of `CUTS`. dy, temple: shift of the hairline, and how far it recedes at the
      temples. top, side: thickness of the hair. length: height to which hair beside and
      behind the face comes down, None if it ends at the hairline. sides_from: azimuth in
      degrees from which it does. fringe: height of a fringe's lower edge, or None.
      parting: azimuth, or None. wave, wave_rate, curl: amplitudes and rate of waves.
      jitter: raggedness of the ends.
    hair_color, brow_color, brow_strength, beard, beard_strength: of hair on the face.
    glasses: None or a dict of shape, colour and tint. cap: None or a dict.
    clothes_color, second_color, collar, stripes: of clothes.
    shine, roughness, redness: of skin.
    offsets: [8] places in the noise tables.
    """

    cut: str
    dy: float
    temple: float
    top: float
    side: float
    length: object
    sides_from: float
    fringe: object
    parting: object
    wave: float
    wave_rate: float
    curl: float
    jitter: float
    hair_color: np.ndarray
    brow_color: np.ndarray
    brow_strength: float
    beard: str
    beard_strength: float
    glasses: object
    cap: object
    clothes_color: np.ndarray
    second_color: np.ndarray
    collar: float
    stripes: object
    shine: float
    roughness: float
    redness: float
    offsets: np.ndarray


def sample(rng):
    """Draws a `Style` from a `np.random.Generator`."""
    cut = str(rng.choice(CUTS, p=CUT_SHARES))
    lengths = {'medium': (-0.55, 0.0), 'bob': (-0.95, -0.4), 'long': (-1.5, -1.1)}
    length = rng.uniform(*lengths[cut]) if cut in lengths else None
    hair = np.array(HAIR_COLORS[rng.choice(len(HAIR_COLORS), p=HAIR_SHARES)], float)
    hair = np.clip(hair * rng.uniform(0.75, 1.25) + rng.normal(0, 4, 3), 8, 235)
    fringe = None
    if cut in ('short', 'medium', 'bob', 'long') and rng.random() < 0.28:
        fringe = rng.uniform(0.55, 0.85)
    return Style(
        cut=cut, dy=rng.normal(0, 0.045), temple=abs(rng.normal(0, 0.09)),
        top=rng.uniform(0.06, 0.26), side=rng.uniform(0.02, 0.08) if cut == 'short'
        else rng.uniform(0.06, 0.24),
        length=length, sides_from=rng.uniform(56, 88) if cut != 'medium' else rng.uniform(78, 96),
        fringe=fringe, parting=rng.uniform(-45, 45) if rng.random() < 0.5 else None,
        wave=rng.uniform(0.01, 0.05) if rng.random() < 0.4 else 0.0,
        wave_rate=rng.uniform(5, 15), curl=rng.uniform(0.04, 0.12) if rng.random() < 0.22 else 0.0,
        jitter=rng.uniform(0.02, 0.07), hair_color=hair,
        brow_color=np.clip(hair * rng.uniform(0.5, 0.95), 8, 150),
        brow_strength=rng.uniform(0.05, 0.75), beard=str(rng.choice(BEARDS, p=BEARD_SHARES)),
        beard_strength=rng.uniform(0.35, 0.9), glasses=_glasses(rng), cap=_cap(rng),
        clothes_color=_cloth(rng), second_color=_cloth(rng), collar=rng.uniform(-1.15, -0.82),
        stripes=rng.uniform(4, 16) if rng.random() < 0.25 else None,
        shine=rng.uniform(0.0, 0.3), roughness=rng.uniform(0.3, 1.0),
        redness=rng.uniform(0.0, 1.0), offsets=rng.random(8))


def _cloth(rng):
    """Mostly dull colours, some strong ones."""
    grey = rng.uniform(15, 235)
    return np.clip(grey + rng.normal(0, 1, 3) * rng.choice([6, 50], p=[0.5, 0.5]), 5, 250)


def _glasses(rng):
    if rng.random() >= GLASSES_SHARE:
        return None
    dark = rng.random() < SUNGLASSES_SHARE
    return {'width': rng.uniform(0.23, 0.29), 'height': rng.uniform(0.14, 0.24),
            'square': rng.uniform(2.0, 5.0), 'thick': rng.uniform(0.008, 0.028),
            'drop': rng.uniform(-0.03, 0.03),
            'color': np.clip(rng.choice([20, 60, 130, 180]) + rng.normal(0, 15, 3), 5, 240),
            'tint': np.clip(rng.uniform(10, 60) + rng.normal(0, 8, 3), 0, 90),
            'alpha': rng.uniform(0.75, 0.97) if dark else rng.uniform(0.0, 0.12)}


def _cap(rng):
    if rng.random() >= CAP_SHARE:
        return None
    return {'rim': rng.uniform(0.72, 0.95), 'slope': rng.uniform(-0.25, 0.05),
            'thick': rng.uniform(0.10, 0.2), 'visor': rng.random() < 0.5,
            'color': _cloth(rng), 'knit': rng.uniform(0.0, 0.35)}
