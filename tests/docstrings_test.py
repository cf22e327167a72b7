"""Public names are documented; the tree holds no pickle and no path of somebody's machine."""

import ast
import pathlib
import re

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
# Keras calls these; what they do is said in the class.
FRAMEWORK_METHODS = {'build', 'call', 'compute_output_shape', 'from_config', 'get_config'}
SUFFIXES = {'.py', '.md', '.h', '.cc', '.cu', '.toml', '.in', '.txt', '.json', '.cfg', '.yml', ''}
SKIPPED = {'.git', 'build', 'dist', 'faces', 'runs', '.venv', '.pytest_cache', '.ruff_cache'}
MACHINE_PATH = re.compile(r'(?<![\w.$})~>-])/(?:home|root|Users|work|workspace|mnt|media|scratch'
                          r'|tmp)/[\w.-]+')
PICKLE = re.compile(r'\bimport (?:c?[Pp]ickle|dill|joblib)\b|\bfrom (?:pickle|dill|joblib)\b'
                    r'|allow_pickle\s*=\s*True')


def undocumented(path):
    """'line: name' of every public definition without a docstring."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    if ast.get_docstring(tree) is None and tree.body:
        yield '1: module'
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith('_'):
            continue
        if ast.get_docstring(node) is None:
            yield f'{node.lineno}: {node.name}'
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if (isinstance(method, ast.FunctionDef) and not method.name.startswith('_')
                    and method.name not in FRAMEWORK_METHODS
                    and not any(getattr(decorator, 'attr', '') == 'setter'
                                for decorator in method.decorator_list)
                    and ast.get_docstring(method) is None):
                yield f'{method.lineno}: {node.name}.{method.name}'


def texts():
    for path in sorted(REPOSITORY.rglob('*')):
        inside = path.relative_to(REPOSITORY)
        if SKIPPED.intersection(inside.parts) or path.suffix not in SUFFIXES or not path.is_file():
            continue
        if any(part.endswith('.egg-info') or part == '__pycache__' for part in inside.parts):
            continue
        try:
            yield inside, path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue


def test_public_names_have_docstrings():
    missing = [f'{path.relative_to(REPOSITORY)}:{entry}'
               for folder in ('tfdisco', 'scripts')
               for path in sorted((REPOSITORY / folder).rglob('*.py'))
               for entry in undocumented(path)]
    assert missing == []


def test_no_path_of_a_machine():
    found = [f'{path}: {match}' for path, text in texts() for match in MACHINE_PATH.findall(text)]
    assert found == []


def test_nothing_is_unpickled():
    found = [f'{path}: {match}' for path, text in texts()
             if path.parts[0] in ('tfdisco', 'scripts') for match in PICKLE.findall(text)]
    assert found == []


def test_modules_stay_short():
    lengths = {str(path): text.count('\n') for path, text in texts()
               if path.parts[0] in ('tfdisco', 'scripts') and path.suffix == '.py'}
    assert lengths and {path: lines for path, lines in lengths.items() if lines > 300} == {}


def test_the_checks_themselves(tmp_path):
    path = tmp_path / 'module.py'
    path.write_text('def f(): pass\n\nclass C:\n    "C."\n    def call(self): pass\n'
                    '    def m(self): pass\n    def _p(self): pass\n')
    assert list(undocumented(path)) == ['1: module', '1: f', '6: C.m']
    for text in ('open("' + '/ho' + 'me/ann/x")', 'cd ' + '/wo' + 'rk/main', '`/t' + 'mp/x.png`'):
        assert MACHINE_PATH.search(text), text
    for text in ('runs/home/x', '$HOME/tmp/x', '~/work/x', 'https://a.org/home/x',
                 '/usr/local/cuda/bin', 'tmp_path / "x"'):
        assert not MACHINE_PATH.search(text), text
    for text in ('np.load(path, allow_pickle' + '=True)', 'import pick' + 'le'):
        assert PICKLE.search(text), text
    assert not PICKLE.search('np.load(path, allow_pickle=False)')


@pytest.mark.parametrize('name', ['README.md', 'LICENSE', 'setup.py', '.ci/run', 'CHANGELOG.md',
                                  'CONTRIBUTING.md', 'CITATION.cff', 'mkdocs.yml'])
def test_what_a_visitor_looks_for_is_there(name):
    assert (REPOSITORY / name).stat().st_size > 500
