"""What the site needs beyond the pages in docs/: pages that live elsewhere in the repository, and formulas as MathML.

The pages are read on GitHub and in an editor as well, so their links are relative to the file that they stand in. MathML is drawn
by the browser itself: the built pages ask nothing of the network.
"""

from __future__ import annotations

import html
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "configuration.md": "config/README.md",
    "benchmarks.md": "benchmarks/README.md",
    "profiles.md": "profiles/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
"""Page of the site -> the file that it is."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files: Any, *, config: Any) -> Any:
    """Add the pages that live elsewhere."""
    from mkdocs.structure.files import File

    for name, source in ELSEWHERE.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Let links lead to the site's pages; what is in the repository only keeps its text."""
    here = posixpath.dirname(source_of(page.file.src_uri))
    return LINK.sub(lambda link: site_link(link, here), markdown)


def on_page_content(content: str, *, page: Any, config: Any, files: Any) -> str:
    """Formulas as MathML."""
    from latex2mathml.converter import convert

    def mathml(formula: re.Match[str]) -> str:
        display = "block" if formula[2] == "[" else "inline"
        return str(convert(html.unescape(formula[3]).strip(), display=display))

    return FORMULA.sub(mathml, content)


def source_of(page: str) -> str:
    """The file in the repository that a page of the site is."""
    return ELSEWHERE.get(page, f"docs/{page}")


def site_link(link: re.Match[str], here: str) -> str:
    """The link, from a file in the folder `here`, as it is on the site."""
    picture, text, target = link.groups()
    if "://" in target or target.startswith(("#", "mailto:")):
        return link[0]
    path, _, part = target.partition("#")
    inside = posixpath.normpath(posixpath.join(here, path))
    pages = {source: name for name, source in ELSEWHERE.items()}
    to = pages.get(inside) or (inside.removeprefix("docs/") if inside.startswith("docs/") else "")
    if not to:
        return text
    return f"{picture}[{text}]({to}{'#' + part if part else ''})"
