"""Write the reference of every reason that a stage can give for its verdict, or check that it is up to date."""

from __future__ import annotations

import argparse
import re

from kineograph.cli._made_part import add_document, put
from kineograph.cli._stage_reasons import KnownReason, known_reasons
from kineograph.errors import InputError

MARK = "<!-- reasons: {} -->"
END = "<!-- end of reasons -->"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_document(parser, "docs/verdicts.md: what stands between a stage's two marks is written anew")


def run(args: argparse.Namespace) -> None:
    """Write or check the reference."""
    text = args.file.read_text(encoding="utf-8")
    reasons = known_reasons()
    fresh = text
    for stage in sorted({reason.stage for reason in reasons}):
        begin = MARK.format(stage)
        if begin not in text:
            raise InputError(
                f"{args.file} does not tell of the stage '{stage}'",
                expected=f"a section with the marks {begin} and {END}",
                found="none",
                hint="write the section; its table is filled in by this verb",
            )
        table = _table([reason for reason in reasons if reason.stage == stage])
        pattern = re.escape(begin) + ".*?" + re.escape(END)
        replacement = f"{begin}\n\n{table}\n\n{END}"
        fresh = re.sub(pattern, lambda _, new=replacement: new, fresh, count=1, flags=re.DOTALL)  # type: ignore[misc]
    put(args, "verdict-reference", fresh, lacks="every reason", expected="the reasons that the stages give")


def _table(reasons: list[KnownReason]) -> str:
    rows = ["| verdict | what it says | what to do |", "|---|---|---|"]
    rows += [f"| {item.verdicts} | {_cell(item.text)} | {_cell(item.hint)} |" for item in dict.fromkeys(reasons)]
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").strip()
