"""The 68 landmarks in iBUG order: which is which, and how they mirror."""

import numpy as np

COUNT = 68
OUTER_EYE_CORNERS = (36, 45)  # image left first, which is the subject's right

# Each landmark's partner across the face, itself on the middle line.
MIRRORED = np.concatenate([
    np.arange(16, -1, -1),  # jaw
    np.arange(26, 16, -1),  # brows
    np.arange(27, 31), np.arange(35, 30, -1),  # bridge and base of the nose
    [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],  # eyes
    np.arange(54, 47, -1), np.arange(59, 54, -1),  # outer lips
    np.arange(64, 59, -1), np.arange(67, 64, -1),  # inner lips
])
