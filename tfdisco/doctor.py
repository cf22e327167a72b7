"""`python -m tfdisco.doctor`: what is installed, what runs natively, what to do about the rest.

`--json` prints one JSON object to standard output and nothing else: `ok`, `ops`
(as `tfdisco.ops.native.status` returns it), `versions`, `devices`, `model`,
`weights` and `problems`, each with `what`, `do` and `broken`. The exit status is
1, and `ok` false, only if something does not work: an op that runs on its
reference is slower, not broken.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import sys

PACKAGES = ('tensorflow', 'keras', 'tensorflow-graphics', 'tensorflow-addons', 'numpy')
TENSORFLOWS = ('tensorflow', 'tensorflow-cpu')  # the second has no CUDA, and serves as well
INSTALL = 'pip install -e . (or the wheel) in a fresh environment'
FOLDER = pathlib.Path(__file__).resolve().parent
MODEL = FOLDER / 'face3d' / 'data' / 'open_head.npz'
PRETRAINED = FOLDER / 'pretrained'


def examine():
    """Collects everything.

    Returns:
      The object described at the top of the module.
    """
    problems = []

    def problem(what, do, broken=False):
        problems.append({'what': what, 'do': do, 'broken': broken})

    versions = _versions(problem)
    devices = _devices(problem)
    report = {
        'ops': _ops(problem, devices),
        'versions': versions,
        'devices': devices or [],
        'model': _model(MODEL, problem),
        'weights': _weights(PRETRAINED, problem),
        'problems': problems,
    }
    return {'ok': not any(item['broken'] for item in problems), **report}


def _versions(problem):
    import tfdisco
    from tfdisco.ops import toolchain
    versions = {'python': platform.python_version(), 'tfdisco': tfdisco.__version__}
    versions.update({name: _installed(name) for name in PACKAGES})
    try:
        versions['compiler'] = toolchain.find_cxx()[1]
    except toolchain.BuildError:
        versions['compiler'] = None  # the ops' states say what follows from it
    nvcc, _ = toolchain.find_nvcc()
    versions['nvcc'] = nvcc.version if nvcc else None
    for line in _unmet(versions):
        problem(line, INSTALL, broken=True)
    return versions


def _unmet(versions):
    """One line for each version outside what the package's own metadata asks for."""
    try:
        from packaging.requirements import Requirement
        from packaging.specifiers import SpecifierSet
        metadata = importlib.metadata.metadata('tfdisco')
    except ImportError:  # PackageNotFoundError too: a checkout that is not installed
        return
    pythons = metadata.get('Requires-Python') or ''
    if versions['python'] not in SpecifierSet(pythons, prereleases=True):
        yield f'Python {versions["python"]}: expected {pythons}'
    for text in metadata.get_all('Requires-Dist') or ():
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({'extra': ''}):
            continue
        names = TENSORFLOWS if requirement.name == 'tensorflow' else (requirement.name,)
        found = next((version for version in map(_installed, names) if version), None)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            yield f'{requirement.name}: expected {requirement.specifier}, got {found or "none"}'


def _installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices(problem):
    """TensorFlow's devices, such as 'CPU:0', or None if it does not import."""
    try:
        import tensorflow as tf
        devices = tf.config.list_physical_devices()
    except Exception as error:  # whatever a broken installation raises
        problem(f'TensorFlow does not import: {type(error).__name__}: {error}', INSTALL,
                broken=True)
        return None
    from tfdisco.ops import toolchain
    smi = toolchain.nvidia_smi()
    if smi and not any(device.device_type == 'GPU' for device in devices):
        problem('nvidia-smi lists a GPU, TensorFlow sees none', 'pip install "tfdisco[gpu]", and '
                'see the messages of TensorFlow above')
    return [device.name.split('physical_device:')[-1] for device in devices]


def _ops(problem, devices):
    from tfdisco.ops import native, toolchain
    if devices is None:
        return {name: {'cpu': 'reference', 'cuda': 'not built',
                       'why': 'TensorFlow does not import'} for name in native.OPS}
    try:
        mode = native.mode()
    except ValueError as error:
        problem(str(error), f'set TFDISCO_OPS to one of {list(native.MODES)}', broken=True)
        mode = None
    states = native.status()
    reasons = {}
    for name, state in states.items():
        if mode in ('auto', 'native') and state['cpu'] != 'native':
            reasons.setdefault(state['why'], []).append(name)
    for why, names in reasons.items():
        problem(f'{", ".join(names)}: the reference, not native ({why})', _remedy(why),
                broken=mode == 'native')
    if any('GPU' in device for device in devices) and mode != 'reference':
        without = [name for name, state in states.items()
                   if state['cpu'] == 'native' and state['cuda'] != 'built']
        if without:
            problem(f'{", ".join(without)}: no CUDA kernel ({states[without[0]]["why"]}), so they '
                    'run on the CPU', 'install the CUDA toolkit or set TFDISCO_NVCC, then '
                    'python -m tfdisco.ops.build --force')
        nvcc, _ = toolchain.find_nvcc()
        release = re.search(r'release (\d+)', nvcc.version if nvcc else '')
        driver = re.search(r'CUDA Version: *(\d+)', toolchain.nvidia_smi())
        if release and driver and int(release[1]) > int(driver[1]):
            problem(f'{nvcc.command} is of CUDA {release[1]}, the driver runs CUDA '
                    f'{driver[1]}: kernels it compiled do not start',
                    'update the driver, or set TFDISCO_NVCC to an older nvcc')
    return states


def _remedy(why):
    for sign, remedy in {
            'no C++ compiler': 'install one (apt install g++), or set CXX',
            'cannot be written': 'set TFDISCO_CACHE to a folder that can be written',
            'does not load': 'python -m tfdisco.ops.build --force',
            'registers no': 'python -m tfdisco.ops.build --force',
            'no native sources': INSTALL}.items():
        if sign in why:
            return remedy
    return 'python -m tfdisco.ops.build prints the whole message'


def _model(path, problem):
    from tfdisco.face3d import model_file
    state = {'path': str(path), 'found': path.is_file(), 'loads': False}
    if not state['found']:
        problem(f'the built-in model {path} is missing', INSTALL, broken=True)
        return state
    content = path.read_bytes()
    state.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    try:
        arrays = model_file.read(path)
    except ValueError as error:
        problem(f'the built-in model cannot be read: {error}', INSTALL, broken=True)
        return state
    sizes = {key: len(arrays[array]) for key, array in {
        'vertices': 'mean_shape', 'triangles': 'triangles', 'identity_shape': 'identity_basis',
        'identity_texture': 'albedo_basis', 'expression': 'expression_basis'}.items()}
    return {**state, 'loads': True, 'name': arrays['name'], 'licence': arrays['licence'], **sizes}


def _weights(folder, problem):
    """One entry a card: its name, its files, and whether both are there."""
    entries = []
    for card in sorted(folder.glob('*.json')):
        files = sorted(path.name for path in folder.glob(card.stem + '.*') if path != card)
        entry = {'name': card.stem, 'files': files, 'ok': bool(files)}
        try:
            entry['ok'] &= isinstance(json.loads(card.read_text(encoding='utf-8')), dict)
        except (OSError, ValueError):
            entry['ok'] = False
        if not entry['ok']:
            problem(f'pretrained weights {card.stem}: card or files missing or unreadable',
                    INSTALL, broken=True)
        entries.append(entry)
    return entries


def _text(report):
    yield 'Versions'
    for name, version in report['versions'].items():
        yield f'  {name:20} {version or "none"}'
    yield f'Devices: {", ".join(report["devices"]) or "none"}'
    yield 'Ops'
    for name, state in report['ops'].items():
        why = f' ({state["why"]})' if state['why'] else ''
        yield f'  {name:24} CPU {state["cpu"]}, CUDA {state["cuda"]}{why}'
    model = report['model']
    yield f'Model: {model["path"]}'
    if model['loads']:
        yield (f'  {model["name"]}, {model["vertices"]} vertices, {model["triangles"]} triangles; '
               f'modes: {model["identity_shape"]} shape, {model["identity_texture"]} texture, '
               f'{model["expression"]} expression; sha256 {model["sha256"][:16]}')
    yield 'Weights: ' + (', '.join(entry['name'] for entry in report['weights']) or 'none')
    for item in report['problems']:
        yield f'{"BROKEN" if item["broken"] else "Note"}: {item["what"]}\n  -> {item["do"]}'
    yield 'Everything works.' if report['ok'] else 'Something does not work: see above.'


def main(arguments=None):
    """Prints the report; returns the exit status."""
    parser = argparse.ArgumentParser(prog='python -m tfdisco.doctor',
                                     description='Says what is installed and what to do.')
    parser.add_argument('--json', action='store_true', help='one JSON object, nothing else')
    options = parser.parse_args(arguments)
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '1')
    with contextlib.redirect_stdout(sys.stderr):
        report = examine()
    print(json.dumps(report, indent=2) if options.json else '\n'.join(_text(report)))
    return 0 if report['ok'] else 1


if __name__ == '__main__':
    sys.exit(main())
