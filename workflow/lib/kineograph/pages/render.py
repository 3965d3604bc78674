"""Filling the templates; pictures become part of the page."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from kineograph import __version__
from kineograph.io.atomic import write_text

HERE = Path(__file__).parent
VERDICT_WORDS = {"pass": "ok", "warn": "look", "fail": "poor", "error": "error"}


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write a page from a template of this folder, atomically. Every value is escaped unless the template inlines it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(version=__version__, words=VERDICT_WORDS, style=(HERE / "style.css").read_text("utf-8"))
    write_text(path, environment.get_template(template).render(**values))


def inline_picture(path: Path) -> str:
    """A picture as a data URL."""
    kind = {".svg": "image/svg+xml", ".jpg": "image/jpeg", ".png": "image/png"}[path.suffix]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
