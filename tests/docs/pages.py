"""The documentation as data: its pages, fenced blocks, links, inline code and commands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
    *(REPOSITORY / folder / "README.md" for folder in ("config", "profiles", "benchmarks")),
]
NAMES = [str(page.relative_to(REPOSITORY)) for page in PAGES]
FENCE = re.compile(r"(?:<!-- ([^\n]*?) -->\n\n)?^```(\w*)\n(.*?)^```$", re.M | re.S)
"""A block, with the comment before it that says what a test does with it."""
PROGRAMS = ("make", "snakemake", "python", "pytest", "kineograph")
"""What a command begins with, in .venv/bin or without it."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the comment before it, its language, its text."""

    comment: str
    language: str
    text: str


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[Block]:
    return [Block(comment or "", language, text) for comment, language, text in FENCE.findall(read(name))]


def prose(name: str) -> str:
    """A page without its blocks."""
    return FENCE.sub("", read(name))


def links(name: str) -> list[str]:
    """Targets of links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(name))


def inline_code(name: str) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(name))]


def anchors(name: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", prose(name), re.M)
    return {re.sub(r"[^\w\- ]", "", head.replace("`", "").lower()).strip().replace(" ", "-") for head in heads}


def commands(name: str) -> list[list[str]]:
    """Each command of a page, split into words: of shell blocks, of blocks without a language, and inline."""
    lines = [line for block in blocks(name) if block.language in ("", "sh") for line in block.text.splitlines()]
    found = []
    for line in [*lines, *inline_code(name)]:
        for part in line.split(" && "):
            if words := _command(part):
                found.append(words)
    return found


def _command(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an apostrophe: a sentence
        return []
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    return words if len(words) > 1 and words[0].removeprefix(".venv/bin/") in PROGRAMS else []
