"""What the pages name, and what there is: both read as text, nothing is imported."""

import ast
import pathlib
import re

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PAGES = sorted([*REPOSITORY.glob('*.md'), *(REPOSITORY / 'docs').rglob('*.md')])
OBJECT = re.compile(r'^::: (\S+)$', re.MULTILINE)
LINK = re.compile(r'(?<!\\)\]\(([^()\s]+)\)')
FLAG = re.compile(r'(?<![\w-])--(\w[\w-]*)')
OURS = re.compile(r'(?:scripts/(\w+)\.py|python -m ([\w.]+))')


def without_code(text):
    """A page's text without its blocks and spans of code."""
    return re.sub(r'`[^`]*`', '', re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL))


def code(text):
    """Commands and spans of code of a page, those that go on in another line as one."""
    blocks = re.findall(r'^```(?:bash|sh)\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
    blocks += re.findall(r'(?:^    .*\n)+', text, re.MULTILINE)
    rest = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)
    lines = [re.sub(r'(?:^|\s)#.*', '', line)
             for block in blocks for line in block.replace('\\\n', ' ').split('\n')]
    return [part.strip() for line in [*lines, *re.findall(r'`([^`]+)`', rest)]
            for part in line.replace('\n', ' ').split('&&') if part.strip()]


def anchors(text):
    """Of a page's headings, as mkdocs makes them."""
    headings = re.findall(r'^#+ (.+)$', re.sub(r'^```.*?^```', '', text, flags=re.M | re.S), re.M)
    return {re.sub(r'[-\s]+', '-', re.sub(r'[^\w\s-]', '', title).strip().lower())
            for title in headings}


def parsed(path):
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding='utf-8'))


def find(name):
    """Whether a dotted name is a module, or something that a module or its class defines."""
    parts = name.split('.')
    for count in range(len(parts), 0, -1):
        stem = REPOSITORY.joinpath(*parts[:count])
        path = stem / '__init__.py' if stem.is_dir() else stem.with_suffix('.py')
        if path.is_file():
            return _defines(parsed(path).body, parts[count:])
    return False


def _defines(body, names):
    if not names:
        return True
    for node in body:
        if getattr(node, 'name', None) == names[0]:
            return _defines(getattr(node, 'body', []), names[1:])
        if len(names) == 1 and isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if names[0] in {getattr(item, 'id', None) for target in targets
                            for item in ast.walk(target)}:
                return True
    return False


def flags_of(path):
    """Names of the flags that a script or module defines, absl's and argparse's."""
    tree, found = parsed(path), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, 'attr', '')
            if called.startswith('DEFINE_') or called == 'add_argument':
                found.add(str(node.args[0].value).lstrip('-'))
        if isinstance(node, ast.For) and 'DEFINE' in ast.unparse(node):
            # One flag a name of a tuple, or a field of a configuration that is imported.
            found |= {item.value for item in ast.walk(node.iter) if isinstance(item, ast.Constant)}
            found |= _fields(tree, depth=2)
    return {str(name) for name in found}


def _fields(tree, depth):
    """Fields of the dataclasses of what a module imports, and of what that imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('tfdisco') and depth:
            for name in (node.module, *(f'{node.module}.{alias.name}' for alias in node.names)):
                path = REPOSITORY.joinpath(*name.split('.')).with_suffix('.py')
                if path.is_file():
                    other = parsed(path)
                    found |= _fields(other, depth - 1) | {
                        field.target.id for kind in other.body if isinstance(kind, ast.ClassDef)
                        and any('dataclass' in ast.unparse(item) for item in kind.decorator_list)
                        for field in kind.body if isinstance(field, ast.AnnAssign)}
    return found
