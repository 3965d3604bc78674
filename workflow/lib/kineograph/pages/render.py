"""Filling the templates of the pages; styles and scripts become part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kineograph import __version__
from kineograph.io.atomic import write_text

HERE = Path(__file__).parent
VERDICT_SENTENCES = {
    "pass": "No stage has a complaint. Still look once: does the skeleton stay on the person in every camera?",
    "warn": "There are results, and the points below to look at before you use them.",
    "fail": "Don't use these results before you have dealt with the points below.",
    "error": "This trial could not be processed. The first point below is the cause.",
}
"""What a verdict means for somebody who wants to use the results."""


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write a page from a template of this folder, atomically. Every value is escaped unless the template inlines it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(
        version=__version__,
        sentences=VERDICT_SENTENCES,
        style=(HERE / "style.css").read_text("utf-8"),
    )
    write_text(path, environment.get_template(template).render(**values))


def joined(folder: str, names: Sequence[str]) -> str:
    """The text of files of a page, one after another."""
    return "\n".join((HERE / folder / name).read_text("utf-8") for name in names)
