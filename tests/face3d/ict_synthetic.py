"""A synthetic head with the numbers of the ICT Face Model Light's topology."""

import json

import numpy as np

from tfdisco.face3d.importers import ict_tables

COUNT = ict_tables.VERTICES
FLIP = np.array([-1, 1, 1])
MODES = 2  # identity modes of the synthetic model: the second is antisymmetric
SKIN_FACE = (5, 6, 7)
UNITS = ['jawOpen', 'browDown_L', 'browDown_R']


def landmark_positions():
    """[68, 3] symmetric landmarks of a face about 14 wide, iBUG order, source units."""
    points = np.zeros((68, 3))
    turn = np.pi * np.arange(17) / 16
    points[:17] = np.stack([-7 * np.cos(turn), 3 - 11 * np.sin(turn), 3 + 7 * np.sin(turn)], 1)
    for k, x in enumerate((-5.5, -4.5, -3.5, -2.5, -1.5)):
        points[17 + k] = (x, 5.5, 9)
        points[26 - k] = (-x, 5.5, 9)
    points[27:31] = [(0, y, z) for y, z in ((3, 10.5), (2, 11.2), (1, 12), (0, 13))]
    points[31:36] = [(x, -1.2, 11) for x in (-1.4, -.7, 0, .7, 1.4)]
    eye = np.array([(-4.4, 3.3), (-3.7, 3.8), (-2.7, 3.8), (-1.9, 3.3), (-2.7, 2.9), (-3.7, 2.9)])
    points[36:42] = np.concatenate([eye, np.full((6, 1), 9.)], 1)
    points[[45, 44, 43, 42, 47, 46]] = points[36:42] * FLIP
    for start, number, wide, high in ((48, 12, 2.5, 1), (60, 8, 1.8, .3)):
        turn = np.pi - 2 * np.pi * np.arange(number) / number
        points[start:start + number] = np.stack(
            [wide * np.cos(turn), -3.5 + high * np.sin(turn), np.full(number, 10.5)], 1)
    return points


def sphere(centre):
    """A sclera: 2 poles and 24 rings of 32, pole first; vertices [770, 3], triangles, quads."""
    ring, step = np.meshgrid(np.arange(1, 25), np.arange(32), indexing='ij')
    down, around = np.pi * ring / 25, 2 * np.pi * (step + .5) / 32
    rings = np.stack([np.sin(down) * np.cos(around), np.sin(down) * np.sin(around),
                      np.cos(down)], -1).reshape(-1, 3)
    vertices = centre + 1.5 * np.concatenate([[(0, 0, 1)], rings, [(0, 0, -1)]])
    index = 1 + np.arange(768).reshape(24, 32)
    beside = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], index[1:], beside[1:], beside[:-1]], -1).reshape(-1, 4)
    caps = [(0, a, b) for a, b in zip(index[0], beside[0])]
    caps += [(769, b, a) for a, b in zip(index[-1], beside[-1])]
    return vertices, caps, quads.tolist()


class Synthetic:
    """A symmetric point cloud with the published ranges; faces only where tests need them."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.vertices = np.full((COUNT, 3), np.nan)
        self.vertices[list(ict_tables.LANDMARKS)] = landmark_positions()
        # The four points of the jaw bone between the ear and landmark 5.
        self.vertices[list(ict_tables.RIGHT_JAWLINE[:4])] = [
            (-6.9, -1.5, 3), (-6.3, -3.9, 4), (-5.3, -5.5, 5.5), (-4.4, -6.3, 6.5)]
        for name, (start, stop) in ict_tables.PARTS.items():
            if name.endswith('_right'):
                continue
            if name.endswith('_left'):
                twin = ict_tables.PARTS[name.replace('left', 'right')][0]
                points = rng.uniform((.5, -5, 0), (6, 5, 8), (stop - start, 3))
                if name == 'sclera_left':
                    points, caps, quads = sphere(np.array([3.1, 3.4, 7.9]))
                    self.faces = [[corner + start for corner in face] for face in caps + quads]
                    self.faces += [[corner + twin for corner in reversed(face)]
                                   for face in caps + quads]
                self.vertices[start:stop] = points
                self.vertices[twin:twin + stop - start] = points * FLIP
                continue
            self._fill_pairs(rng, start, stop)
        lookup = {self._place(v): i for i, v in enumerate(self.vertices)}
        self.partner = np.array([lookup[self._place(v * FLIP)] for v in self.vertices])
        lash = ict_tables.PARTS['eyelashes'][0]
        for face in ([lash, lash + 1, 9], list(SKIN_FACE)):
            self.faces += [face, self.partner[face[::-1]].tolist()]
        shift = rng.standard_normal((COUNT, 3)).astype(np.float32)
        mirrored = shift[self.partner] * FLIP
        self.identity = np.stack([shift + mirrored, shift - mirrored])
        self.expression = rng.standard_normal((3, COUNT, 3)).astype(np.float32)

    def _fill_pairs(self, rng, start, stop):
        """Gives every point of a part a mirrored partner within the part."""
        given = [i for i in range(start, stop) if not np.isnan(self.vertices[i, 0])]
        free = [i for i in range(start, stop) if np.isnan(self.vertices[i, 0])]
        places = {self._place(self.vertices[i]) for i in given}
        for i in given:
            if self._place(self.vertices[i] * FLIP) not in places:
                self.vertices[free.pop()] = self.vertices[i] * FLIP
        points = rng.uniform((.1, -10, 0), (7, 10, 9), (len(free) // 2, 3))
        for k, point in enumerate(points):
            self.vertices[free[2 * k]], self.vertices[free[2 * k + 1]] = point, point * FLIP
        if len(free) % 2:
            self.vertices[free[-1]] = (0, 9, start / 5000)  # no two parts' alike

    @staticmethod
    def _place(point):
        return tuple(np.round(point, 6) + 0.)  # + 0. makes -0. the same as 0.

    def write_folder(self, folder):
        """FaceXModel as published, with fewer modes."""
        folder.mkdir(parents=True)
        table = {'expressions': UNITS, 'idx_to_landmark_verts': list(ict_tables.LANDMARKS)}
        (folder / 'vertex_indices.json').write_text(json.dumps(table))
        faces = ''.join('f ' + ' '.join(f'{corner + 1}/1' for corner in face) + '\n'
                        for face in self.faces)
        write_obj(folder / 'generic_neutral_mesh.obj', self.vertices,
                   '# ICT FaceKit\nmtllib a.mtl\n', 'vt 0 0\nusemtl M_Face\n' + faces)
        for mode in range(MODES):
            write_obj(folder / f'identity{mode:03d}.obj', self.vertices + self.identity[mode])
        for name, offset in zip(UNITS, self.expression):
            write_obj(folder / f'{name}.obj', self.vertices + offset)
        return folder

    def npz(self, modes=MODES):
        """The arrays of the .npz form; modes beyond the synthetic ones are zero."""
        identity = np.zeros((modes, COUNT, 3), np.int16)
        identity[:MODES] = np.rint(self.identity / 1e-3)
        triangles = [face[:3] for face in self.faces]
        triangles += [[face[0], face[2], face[3]] for face in self.faces if len(face) == 4]
        return {
            'neutral_vertices': self.vertices.astype(np.float32),
            'triangles': np.array(triangles, np.uint16),
            'identity_deltas': identity, 'identity_scale': np.full(modes, 1e-3, np.float32),
            'expression_deltas': np.rint(self.expression / 1e-3).astype(np.int16),
            'expression_scale': np.full(3, 1e-3, np.float32), 'expression_names': np.array(UNITS),
            'landmarks68': np.array(ict_tables.LANDMARKS, np.uint16),
            'source': np.array('synthetic'), 'licence': np.array('licence text')}


def write_obj(path, vertices, head='', tail=''):
    with open(path, 'w') as file:
        file.write(head)
        np.savetxt(file, vertices, 'v %.9f %.9f %.9f')
        file.write(tail)
