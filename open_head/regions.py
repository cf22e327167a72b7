"""The face mask and the region of every vertex."""

import numpy as np

from open_head import albedo_regions

NAMES = ('skin', 'scalp', 'ears', 'neck', 'eyes', 'inner_mouth', 'teeth', 'tongue', 'sockets',
         'lips')


RIM_PASSES = 12  # of the filter that takes the teeth off the mask's rim


def face_mask(head):
    """[V] bool: skin and lips of the face, without ears, neck, scalp and eyes."""
    return _without_teeth(head, _face(head) & (_scalp(head) < .3))


def vertex_regions(head):
    """[V] uint8, an index into `NAMES`."""
    skin = head.is_part('skin')
    regions = np.full(len(head.vertices), NAMES.index('skin'), np.uint8)
    below = skin & ~_face(head) & (head.vertices[:, 1] < 6.45)
    regions[below | head.is_part('neck')] = NAMES.index('neck')
    regions[skin & (_scalp(head) > .5)] = NAMES.index('scalp')
    regions[skin & (head.masks['ears'] > .4)] = NAMES.index('ears')
    regions[skin & (head.masks['lips'] > .5)] = NAMES.index('lips')
    for name, parts in (('eyes', ('left_eye', 'right_eye')), ('inner_mouth', ('mouth',)),
                        ('teeth', ('teeth',)), ('tongue', ('tongue',)), ('sockets', ('socket',))):
        regions[head.is_part(*parts)] = NAMES.index(name)
    return regions


def _without_teeth(head, mask):
    """[V] bool `mask` with a rim that runs along the mesh.

    Each vertex joins the majority of its neighbours on the skin. Only the skin counts,
    so that the rims of eyes and mouth stay.
    """
    skin = head.is_part('skin')
    edges = np.concatenate([head.triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    edges = np.unique(np.sort(edges[skin[edges].all(axis=1)], axis=1), axis=0)
    ends = edges.ravel()
    for _ in range(RIM_PASSES):
        votes = np.bincount(ends, np.where(mask[edges[:, ::-1].ravel()], 1, -1), len(mask))
        mask = skin & np.where(votes == 0, mask, votes > 0)
    return mask


def _face(head):
    return head.is_part('skin') & (head.masks['face'] > .5) & (head.masks['ears'] < .3)


def _scalp(head):
    return albedo_regions.hairline(albedo_regions.places_of(head), .06)
