"""The fixed topology of ICT Face Model Light, from the tables in ICT-FaceKit's README.

Indices start at 0; ranges are half-open [start, stop).
"""

VERTICES = 26719
IDENTITY_MODES = 100

PARTS = {
    'face': (0, 9409),
    'head_and_neck': (9409, 11248),
    'mouth_socket': (11248, 13294),
    'eye_socket_left': (13294, 13678),
    'eye_socket_right': (13678, 14062),
    'gums_and_tongue': (14062, 17039),
    'teeth': (17039, 21451),
    'sclera_left': (21451, 22221),  # the eye's closed outer shell, cornea included
    'iris_left': (22221, 23021),  # a second shell wholly inside it
    'sclera_right': (23021, 23791),
    'iris_right': (23791, 24591),
    'lacrimal_fluid': (24591, 24999),
    'eye_blend': (24999, 25047),
    'eye_occlusion': (25047, 25351),
    'eyelashes': (25351, 26719),
}
NARROW_FACE = (0, 6706)  # skin without ears, scalp and the side of the neck

# The bone line of the right jaw, from below the ear to the chin.
RIGHT_JAWLINE = (12, 1834, 243, 781, 2199, 1447, 966)

# Left out: surfaces that the source means to be drawn transparent (tear film, shadow and blend
# meshes, lashes as strips with an alpha map) would be opaque here, and the irises lie behind the
# cornea, which would be opaque too; the outer shell is painted instead.
DROPPED = ('iris_left', 'iris_right', 'lacrimal_fluid', 'eye_blend', 'eye_occlusion', 'eyelashes')

# Each sclera is a sphere of rings; the ring of a vertex is its distance in edges from the front
# pole: 0 to 3 cover the pupil, 4 to 7 the iris, the rest is white.
SCLERA_POLES = {'sclera_left': 21451, 'sclera_right': 23021}
PUPIL_RINGS, IRIS_RINGS = 4, 8

# Multi-PIE / iBUG order. An early release had the vertices in another order, and other numbers.
LANDMARKS = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088,
    3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140,
    2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216,
    6207, 6470, 5517, 5966)
