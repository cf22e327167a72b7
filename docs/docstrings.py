"""How mkdocstrings reads our docstrings: examples are Python, and are shown as such."""

import re
import textwrap

import griffe

EXAMPLE = re.compile(r'^Example:\n((?: +\S.*\n?|\n(?= ))+)', re.MULTILINE)


class Docstrings(griffe.Extension):
    """Fences the code of examples; a constructor's text stands below its class's."""

    def on_object(self, *, obj, **_):
        """Changes the docstring before it is taken apart."""
        if obj.docstring:
            if obj.docstring.value.startswith('See the class.'):
                obj.docstring.value = obj.docstring.value[len('See the class.'):].strip()
            obj.docstring.value = EXAMPLE.sub(
                lambda found: '```python\n' + textwrap.dedent(found[1]).strip() + '\n```\n',
                obj.docstring.value)
