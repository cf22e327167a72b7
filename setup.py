"""Package metadata.

Nothing is compiled here: pip builds a package before TensorFlow is there. The
native sources travel inside the package, and the first use compiles them
(`python -m tfdisco.ops.build` does so up front). So do the scripts, as console commands.
"""

import pathlib
import re

import setuptools

HERE = pathlib.Path(__file__).parent
SOURCES = 'tfdisco.ops.sources.ops'  # where the folder `ops` goes in a wheel
SCRIPTS = 'tfdisco.scripts'  # and the folder `scripts`

# TensorFlow 2.15 with Keras 2 ends at Python 3.11; 2.21 with Keras 3 goes on.
OLD, NEW = 'python_version < "3.12"', 'python_version >= "3.12"'
TENSORFLOW = {OLD: '>=2.15,<2.16', NEW: '>=2.21,<2.22'}


def per_python(requirements):
    """{marker: requirement} -> requirements with environment markers."""
    return [f'{requirement}; {marker}' for marker, requirement in requirements.items()]


REQUIREMENTS = [
    *per_python({marker: 'tensorflow' + versions for marker, versions in TENSORFLOW.items()}),
    *per_python({OLD: 'keras>=2.15,<2.16', NEW: 'keras>=3.12,<3.16'}),
    *per_python({OLD: 'numpy>=1.23.5,<2', NEW: 'numpy>=2,<2.5'}),
    # tensorflow-graphics asks for tensorflow-addons, which ends at Python 3.11.
    f'tensorflow-addons==0.23.0; {OLD}',
    f'tensorflow-graphics==2021.12.3; {OLD}',
    'absl-py>=1.4',
    'matplotlib>=3.7,<3.12',
    'pillow>=9.5',
    'scipy>=1.10',
    'tensorboard>=2.15,<3',
    'tqdm>=4.60',
]

EXTRAS = {
    'test': ['build>=1', 'pytest>=7.4', 'pytest-xdist>=3.5', 'ruff>=0.6', 'setuptools>=64',
             'wheel>=0.40'],
    # Finds the five landmarks that align photographs; older releases have another interface.
    'photos': ['mtcnn==1.0.0; python_version >= "3.10"'],
    # Judges generated faces; later releases carry no models, and Python 3.12's TensorFlow
    # wants another protobuf.
    'judge': ['mediapipe==0.10.14; python_version < "3.12"'],
    'gpu': per_python({marker: 'tensorflow[and-cuda]' + versions
                       for marker, versions in TENSORFLOW.items()}),
    # Requests that warm servers up; ONNX. Later releases of onnx want another ml_dtypes than
    # TensorFlow 2.15's.
    'export': [
        *per_python({OLD: 'tensorflow-serving-api>=2.15,<2.16',
                     NEW: 'tensorflow-serving-api>=2.21,<2.22'}),
        *per_python({OLD: 'onnx>=1.17,<1.19', NEW: 'onnx>=1.17,<1.24'}),
        'tf2onnx>=1.17,<1.18; python_version >= "3.10"',
        'onnxruntime>=1.20,<1.33; python_version >= "3.10"',
    ],
    # Sweeps as MP4; the wheel brings an encoder along.
    'video': ['imageio-ffmpeg>=0.6,<0.9'],
    # Sliders, queues and custom controls differ from release to release.
    'demo': ['gradio>=6.31,<6.32; python_version >= "3.10"'],
    # Tests of the page in a browser, which is Debian's chromium.
    'browser': ['playwright>=1.50,<1.66'],
    # Where packages of scripts/train.py --portable are run; tfdisco need not be installed there.
    'portable': ['jax>=0.11,<0.13', 'pillow>=9.5'],
    # The pages of docs/ as a site; read from docstrings, so that nothing here need be imported.
    'docs': [requirement + '; python_version >= "3.11"' for requirement in (
        'mkdocs>=1.6,<2', 'mkdocs-material>=9.7,<10', 'mkdocstrings>=1.0.8,<2',
        'mkdocstrings-python>=2.0.11,<3', 'ruff>=0.6')],
}
EXTRAS['test'] += EXTRAS['export']
EXTRAS['demo'] += EXTRAS['photos']


def commands():
    """`tfdisco-NAME` for each of the scripts, see tfdisco/commands.py."""
    names = sorted(path.stem for path in (HERE / 'scripts').glob('*.py'))
    return [f'tfdisco-{name.replace("_", "-")} = tfdisco.commands:{name}' for name in names]


def version():
    """`__version__` of the package, read without importing it."""
    text = (HERE / 'tfdisco' / '__init__.py').read_text(encoding='utf-8')
    return re.search(r'''^__version__ = ['"]([^'"]+)['"]''', text, re.MULTILINE).group(1)


setuptools.setup(
    name='tfdisco',
    version=version(),
    description='Disentangled and controllable face generation (DiscoFaceGAN) in TensorFlow 2',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author='tfdisco contributors',
    license='MIT',
    packages=[*setuptools.find_packages(include=['tfdisco', 'tfdisco.*']), SOURCES, SCRIPTS],
    package_dir={SOURCES: 'ops', SCRIPTS: 'scripts'},
    package_data={
        'tfdisco': ['pretrained/*'],
        'tfdisco.face3d': ['data/*'],
        SOURCES: ['*/*.h', '*/*.cc', '*/*.cu'],
    },
    include_package_data=False,
    python_requires='>=3.9,<3.14',
    install_requires=REQUIREMENTS,
    extras_require=EXTRAS,
    entry_points={'console_scripts': commands()},
    classifiers=[
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
