"""The suite `report`: every suite that measures generators, one after the other, into a folder.

    OUT/report.md, report.json             what there is, side by side
    OUT/config.json                        whose folder it is
    OUT/SNAPSHOT/SUITE.json                a finished suite
    OUT/SNAPSHOT/SUITE-PICTURE.png
"""

import json
import os
import shlex
import sys
import time

import numpy as np
import tensorflow as tf

import tfdisco
from tfdisco import files, images
from tfdisco.data import output_folder
from tfdisco.metrics import log
from tfdisco.metrics.report import page, sources
from tfdisco.networks import trained
from tfdisco.shapes import check_choice

JSON, PAGE = 'report.json', 'report.md'


class Report:
    """Runs suites.

    Attributes:
      suites: {name: `registry.Suite`} whose options include `snapshot`.
    """

    def __init__(self, suites):
        """See the class."""
        self.suites = dict(suites)

    def evaluate(self, out=None, snapshot=trained.BUILT_IN, suites=None, reconstruction='built-in',
                 recognition='built-in', parsing='built-in', judge=None, features=None,
                 inception=None, vgg16=None, data=None, count=None, seed=0, progress=None):
        """Measures generators with all suites; goes on where it was interrupted.

        Args:
          out: a folder; made if need be. Its finished suites are not measured again.
          snapshot: 'built-in' or paths of generator.npz, with commas between.
          suites: None for all, or names with commas between.
          reconstruction, recognition, parsing: networks that look, see `Perception.load`.
          judge, features, inception, vgg16, data: for those suites that know them.
          count: None for each suite's own, or the count of all.
          seed: of everything drawn.
          progress: see `metrics.generated`.

        Returns:
          What report.json holds: {'command', 'versions', 'processors', 'options', 'networks',
          'snapshots': {NAME: {'path', 'sha256'}}, 'results': {NAME: {SUITE: {'seconds',
          'result', 'pictures': {PICTURE: path in `out`}}}}}.

        Raises:
          FileNotFoundError: if a file is missing.
          ValueError: if `out` is missing or holds another report, or of a suite; what is
            finished stays.
        """
        if not out:
            raise ValueError('out: report needs --out=DIR, a folder to write to')
        options = {name: value for name, value in (
            ('reconstruction', reconstruction), ('recognition', recognition),
            ('parsing', parsing), ('judge', judge), ('features', features),
            ('inception', inception), ('vgg16', vgg16), ('data', data), ('count', count),
            ('seed', seed)) if value is not None}
        names = list(self.suites) if suites is None else _listed(suites)
        for name in names:
            check_choice('suites', name, self.suites)
        snapshots = sources.snapshots(_listed(snapshot))
        about = {
            'options': {**options, 'suites': names}, 'snapshots': snapshots,
            'networks': sources.networks(
                judge, inception, vgg16, reconstruction=reconstruction,
                recognition=recognition, parsing=parsing),
            'versions': {'tfdisco': tfdisco.__version__, 'tensorflow': tf.__version__,
                         'numpy': np.__version__}}
        output_folder.claim(out, about, may_differ=('versions',))
        results = {}
        for label, source in snapshots.items():
            results[label] = {
                name: self._finished(os.path.join(out, label), label, name, {
                    **options, 'snapshot': source['path'], 'progress': progress})
                for name in names}
        result = {'command': shlex.join(sys.argv), 'processors': os.cpu_count(), **about,
                  'results': results}
        _write(os.path.join(out, JSON), json.dumps(result, indent=1))
        _write(os.path.join(out, PAGE), page.markdown(result))
        return result

    def table(self, result):
        """The figures of all snapshots side by side, as text."""
        return page.text(result)

    def _finished(self, folder, label, name, options):
        """What SUITE.json holds; measures and writes it unless it is there."""
        path = os.path.join(folder, f'{name}.json')
        if os.path.exists(path):
            return _read(path)
        os.makedirs(folder, exist_ok=True)
        suite, start = self.suites[name], time.monotonic()
        found = suite.evaluate(**{option: value for option, value in options.items()
                                  if option in suite.options})
        seconds = round(time.monotonic() - start, 1)
        pictures = {}
        for picture, image in (suite.pictures(found) if suite.pictures else {}).items():
            pictures[picture] = f'{label}/{name}-{picture}.png'
            images.write_png(os.path.join(folder, f'{name}-{picture}.png'), image)
        result = {'seconds': seconds, 'result': found, 'pictures': pictures}
        _write(path, json.dumps(result, indent=1))  # last: where it is, the suite is finished
        log.append(options['snapshot'], name, found, seconds)
        return _read(path)  # as it will be read when the report goes on


def _listed(text):
    return list(dict.fromkeys(filter(None, (part.strip() for part in str(text).split(',')))))


def _read(path):
    try:
        with open(path, encoding='utf-8') as file:
            found = json.load(file)
        if {'seconds', 'result', 'pictures'} - set(found):
            raise ValueError('no result of a suite')
    except (ValueError, TypeError) as error:
        raise ValueError(f'{path}: expected the result of a finished suite, got {error}; delete '
                         'it, and the report measures it again') from error
    return found


def _write(path, text):
    with files.replacing(path) as file:
        file.write((text + '\n').encode())
