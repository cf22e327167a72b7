"""The pages: what they name is there, their links lead somewhere, the site loads nothing else."""

import html.parser
import os
import re
import subprocess
import sys
import urllib.parse

import pytest

import tfdisco
from tests import documents
from tests.documents import PAGES, REPOSITORY

TEXTS = {path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding='utf-8')
         for path in PAGES}
SCRIPTS = {path.stem: documents.flags_of(path) for path in (REPOSITORY / 'scripts').glob('*.py')}
EVERYWHERE = {'help', 'flagfile'}  # absl's own
# Programs of others, whose flags are theirs; the authors' scripts among them.
OTHERS = ('pip', 'pytest', 'tensorboard', 'mkdocs', 'saved_model_cli', 'tensorflow_model_server',
          'curl', 'generate_images.py', 'vae/demo.py', 'train.py')
PATH = re.compile(r'(?<![\w/.-])(?:scripts|configs|tfdisco|tests|docs|ops)/[\w/]+\.\w+')


def names_flag(flag, known):
    return flag in known or (flag.startswith('no') and flag[2:] in known)


def strange_flags(text):
    """(code, flag) of flags that nothing has."""
    modules = {name: documents.flags_of(path) for name in re.findall(r'python -m ([\w.]+)', text)
               if (path := REPOSITORY.joinpath(*name.split('.')).with_suffix('.py')).is_file()}
    anywhere = set.union(EVERYWHERE, *SCRIPTS.values(), *modules.values())
    for part in documents.code(text):
        ours = documents.OURS.search(part)
        if not ours and part.startswith(OTHERS):
            continue
        known = anywhere
        if ours and ours[1]:
            known = SCRIPTS.get(ours[1], set()) | EVERYWHERE
        elif ours:
            known = modules.get(ours[2], ())
        for flag in documents.FLAG.findall(part):
            if not names_flag(flag, known):
                yield part, flag


@pytest.mark.parametrize('page', TEXTS)
def test_flags_are_those_of_the_scripts(page):
    assert list(strange_flags(TEXTS[page])) == []


@pytest.mark.parametrize('page', TEXTS)
def test_files_that_are_named_are_there(page):
    named = {path for path in PATH.findall(TEXTS[page]) if 'NAME' not in path}
    assert sorted(path for path in named if not (REPOSITORY / path).exists()) == []


@pytest.mark.parametrize('page', TEXTS)
def test_objects_that_are_named_are_there(page):
    named = {part for part in documents.code(TEXTS[page])
             if re.fullmatch(r'tfdisco(\.\w+)+', part)}
    named |= set(re.findall(r'python -m (tfdisco[\w.]*|open_head)', TEXTS[page]))
    imports = re.findall(r'^from (tfdisco[\w.]*) import ([\w, ]+)$', TEXTS[page], re.M)
    named |= {f'{module}.{name}' for module, names in imports for name in names.split(', ')}
    named |= set(documents.OBJECT.findall(TEXTS[page]))
    assert sorted(name for name in named if not documents.find(name)) == []


@pytest.mark.parametrize('page', TEXTS)
def test_links_lead_somewhere(page):
    strange = []
    for link in documents.LINK.findall(documents.without_code(TEXTS[page])):
        path, _, anchor = link.partition('#')
        if urllib.parse.urlsplit(link).scheme:
            continue
        target = (REPOSITORY / page).parent.joinpath(path).resolve() if path else REPOSITORY / page
        if not target.is_file():
            strange.append(link)
        elif anchor:
            text = target.read_text(encoding='utf-8')
            shown = documents.OBJECT.findall(text)
            if not (anchor in documents.anchors(text) or documents.find(anchor) and any(
                    anchor == name or anchor.startswith(name + '.') for name in shown)):
                strange.append(link)
    assert strange == []


def test_the_paper_links_to_what_computes_it():
    linked = re.findall(r'#(tfdisco[\w.]+)\)', TEXTS['docs/paper.md'])
    assert len(set(linked)) > 30
    for room in ('losses.imitative', 'losses.contrastive', 'losses.adversarial', 'losses.vae',
                 'face3d.morphable_model', 'face3d.renderer', 'metrics.disentanglement'):
        assert any(name.startswith(f'tfdisco.{room}.') for name in linked), room


def test_suites_and_extras_that_are_named_are_there():
    text = '\n'.join(TEXTS.values())
    measures, timings = ((REPOSITORY / 'tfdisco' / name).read_text(encoding='utf-8')
                         for name in ('metrics/registry.py', 'benchmarks/__init__.py'))
    suites = set(re.findall(r"^    '(\w+)': |^SUITES\['(\w+)'\]", measures, re.M))
    suites = {name for names in suites for name in names} | set(
        re.findall(r"'(\w+)'", re.search(r'^SUITES = \((.*)\)$', timings, re.M)[1]))
    named = set(re.findall(r'--suite=(\w+)', text))
    assert len(named) > 8 and sorted(named - suites) == []
    setup = (REPOSITORY / 'setup.py').read_text(encoding='utf-8')
    extras = set(re.findall(r'^    \'(\w+)\': ', setup, re.M))
    named = set(re.findall(r'pip install (?:-e )?"?\'?(?:\.|tfdisco)\[(\w+)\]', text))
    assert {'test', 'docs', 'photos'} <= named and sorted(named - extras) == []


def test_every_page_is_in_the_navigation():
    text = (REPOSITORY / 'mkdocs.yml').read_text(encoding='utf-8')
    shown = re.findall(r'^ +- .*: (\S+\.md)$', text, re.M)
    pages = [page[len('docs/'):] for page in TEXTS if page.startswith('docs/')]
    assert sorted(shown) == sorted(pages)
    assert [name for name in ('README.md', 'CHANGELOG.md', 'CONTRIBUTING.md') if name not in TEXTS
            ] == []


def test_readme_is_short_and_begins_with_its_commands():
    text = TEXTS['README.md']
    assert text.count('\n') <= 150
    blocks = re.findall(r'^```(\w*)\n(.*?)^```', text, re.M | re.S)
    assert [kind for kind, _ in blocks[:2]] == ['bash', 'bash']
    assert 'configs/quickstart.cfg' in blocks[0][1] and 'pytest' in blocks[1][1]
    for page in TEXTS:
        if re.fullmatch(r'docs/\w+\.md', page):
            assert f'({page})' in text, f'{page} is not in the table'


def test_version_stands_in_one_place():
    newest = re.search(r'^## (\S+)', TEXTS['CHANGELOG.md'], re.M)[1]
    assert newest == tfdisco.__version__
    assert tfdisco.__version__ not in (REPOSITORY / 'CITATION.cff').read_text(encoding='utf-8')


def test_the_checks_themselves():
    text = ('# A b: c?\n`--batch=2 --nomirror` `--batsh`\n```sh\npython scripts/train.py --data=x'
            ' \\\n  --suite=y\npip install --user\n```\n[a](x.md#y) `[b](z.md)`\n')
    assert {flag for _, flag in strange_flags(text)} == {'batsh', 'suite'}
    assert documents.LINK.findall(documents.without_code(text)) == ['x.md#y']
    assert documents.anchors(text) == {'a-b-c'}
    for name, there in (('tfdisco.factors', True), ('tfdisco.factors.FACTORS', True),
                        ('tfdisco.face3d.renderer.FaceRenderer.draw', True),
                        ('tfdisco.face3d.renderer.FaceRenderer.paint', False),
                        ('tfdisco.nowhere', False)):
        assert documents.find(name) == there, name


class _Page(html.parser.HTMLParser):
    """What a page of the site loads, where it leads, and what of it can be led to."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.leads, self.names = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names.add(given.get('id') or given.get('name'))
        if tag == 'a' and given.get('href'):
            self.leads.append(given['href'])
        elif tag == 'link' and given.get('rel') not in ('canonical', 'prev', 'next'):
            self.loads.append(given.get('href') or '')
        elif given.get('src'):
            self.loads.append(given['src'])


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip('mkdocs', reason='the extra docs is not installed')
    pytest.importorskip('mkdocstrings', reason='the extra docs is not installed')
    done = subprocess.run(
        [sys.executable, '-m', 'mkdocs', 'build', '--strict', '--quiet', '--site-dir', tmp_path],
        cwd=REPOSITORY, env={**os.environ, 'NO_MKDOCS_2_WARNING': '1'}, capture_output=True,
        text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path: _Page(path.read_text(encoding='utf-8')) for path in tmp_path.rglob('*.html')}
    assert len(pages) > 20
    for path, page in pages.items():
        for link in page.loads + page.leads:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                assert link not in page.loads, f'{path.name} loads {link}'
            elif path.name != '404.html':  # which is served at any depth
                target = (path.parent / parts.path).resolve() if parts.path else path
                assert target.exists(), f'{path.name}: {link}'
                if parts.fragment and target in pages:
                    assert parts.fragment in pages[target].names, f'{path.name}: {link}'
    for style in tmp_path.rglob('*.css'):
        assert not re.search(r'(?:url\(|@import\s*)["\']?(?:https?:)?//', style.read_text(
            encoding='utf-8')), style
