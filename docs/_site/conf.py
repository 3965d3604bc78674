"""The documentation as a site: `make docs`. The pages are plain Markdown, readable without it, where they are in the repository.

The built pages ask nothing of the network: the theme has no fonts from elsewhere, and formulas are MathML, which browsers draw.
"""

from __future__ import annotations

from typing import Any

project = "Kineograph"
author = "The Kineograph developers"
copyright = "The Kineograph developers, BSD-3-Clause"

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "config/README.md",
    "profiles/README.md",
    "benchmarks/README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
highlight_language = "none"  # of what names no language

html_theme = "furo"
html_static_path = ["formulas.css"]
html_css_files = ["formulas.css"]
html_title = "Kineograph"
html_copy_source = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_math_renderer = "mathml"

PAGES = """
tutorial own-data ../config/README verdicts reruns cluster adding-one-file mathematics validation ../benchmarks/README limits
../profiles/README ../CONTRIBUTING ../CHANGELOG
"""
"""In the order of the site's menu, as seen from docs/index.md, which lists them in words."""


def setup(app: Any) -> None:
    """The menu, and formulas as MathML."""
    app.connect("source-read", add_menu)
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))


def add_menu(app: Any, name: str, content: list[str]) -> None:
    """Give the first page the menu, which would be no use where it is read as plain Markdown."""
    if name == root_doc:
        content[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(PAGES.split()) + "\n```\n"


def inline(translator: Any, node: Any) -> None:
    """A formula within a line."""
    _write(translator, node, "inline")


def block(translator: Any, node: Any) -> None:
    """A formula of its own."""
    _write(translator, node, "block")


def _write(translator: Any, node: Any, display: str) -> None:
    from docutils.nodes import SkipNode
    from latex2mathml.converter import convert

    translator.body.append(convert(node.astext(), display=display))
    raise SkipNode
