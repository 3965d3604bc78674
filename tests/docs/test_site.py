"""The site: built without a warning, every page in it, and nothing asked of the network."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from docs.pages import REPOSITORY

pytest.importorskip("myst_parser", reason="the site's tools are not installed (envs/docs.in)")
LOADS = re.compile(
    r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc=["'](?:https?:)?//|<link\b[^>]*\bhref=["'](?:https?:)?//"""
    r"""|url\(["']?(?:https?:)?//|@import\s+["'(]"""
)
"""What makes a browser ask another host."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "-c", "docs/_site", ".", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_in_it(site):
    for page in (REPOSITORY / "docs").glob("*.md"):
        assert (site / "docs" / f"{page.stem}.html").is_file(), page
    for name in ("config/README", "benchmarks/README", "profiles/README", "CONTRIBUTING", "CHANGELOG"):
        assert (site / f"{name}.html").is_file(), name


def test_nothing_is_asked_of_the_network(site):
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert len(files) > 12
    for path in files:
        assert not LOADS.search(path.read_text(encoding="utf-8")), path
    assert LOADS.search('<script src="https://example.org/a.js">')


def test_formulas_are_drawn_by_the_browser_itself(site):
    page = (site / "docs" / "mathematics.html").read_text(encoding="utf-8")
    assert page.count("<math") > 40
    assert "$$" not in page
