"""A project of another tool in this program's terms: sheets, a configuration, and a note on every value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kineograph.layout import RESERVED_SESSIONS, RESERVED_TRIALS

TAKEN = "taken"
"""The value has a counterpart, which has it now."""
NOT_NEEDED = "not needed"
"""Nothing here depends on such a value."""
LOOK = "look"
"""The value means something that can't be done here in the same way: a person should know."""
UNKNOWN = "unknown"
"""The value is none that is known."""
OUTCOMES = (UNKNOWN, LOOK, TAKEN, NOT_NEEDED)
"""In the order in which a person wants to read them."""


@dataclass(frozen=True)
class Note:
    """What became of one value.

    Attributes
    ----------
    outcome : str
        One of :data:`OUTCOMES`.
    key : str
        The value's name, as the project has it.
    value : str
        The value, as text.
    meaning : str
        How it was understood, or why not.
    trial : str
        The trial whose own value it is; empty where it holds for all.
    """

    outcome: str
    key: str
    value: str
    meaning: str
    trial: str = ""

    @property
    def label(self) -> str:
        """The value's name, with the trial's before it where it is that trial's own."""
        return f"[{self.trial}] {self.key}" if self.trial else self.key


@dataclass(frozen=True)
class Project:
    """A project in this program's terms.

    Attributes
    ----------
    title : str
        What it is.
    trials, participants : tuple of dict of str to str
        Rows of the two sheets, by their columns.
    config : dict
        Sections of the configuration.
    overrides : tuple of dict
        Entries of the section overrides.
    notes : tuple of Note
        What became of each value.
    """

    title: str
    trials: tuple[dict[str, str], ...]
    participants: tuple[dict[str, str], ...]
    config: dict[str, Any]
    overrides: tuple[dict[str, Any], ...] = ()
    notes: tuple[Note, ...] = field(default=(), repr=False)

    def summary(self) -> str:
        """How many values had which outcome, in a line."""
        count = Counter(note.outcome for note in self.notes)
        return ", ".join(f"{count[outcome]} {outcome}" for outcome in (TAKEN, NOT_NEEDED, LOOK, UNKNOWN))

    def report(self) -> str:
        """Every value and what became of it, as text."""
        lines = [f"{self.title}: {len(self.trials)} trials; values: {self.summary()}", ""]
        for outcome in OUTCOMES:
            chosen = [note for note in self.notes if note.outcome == outcome]
            if chosen:
                lines.append(f"{outcome} ({len(chosen)})")
                lines += [f"  {note.label} = {note.value}: {note.meaning}" for note in chosen]
                lines.append("")
        return "\n".join(lines)


def sheet_text(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> str:
    """A sheet of those columns that any row fills."""
    filled = [column for column in columns if any(row.get(column) for row in rows)]
    return "".join("\t".join(cells) + "\n" for cells in [filled, *([row.get(c, "") for c in filled] for row in rows)])


def usable_name(kind: str, name: str, taken: Iterable[str] = ()) -> str:
    """A name for a session, trial or participant that is as near to `name` as the rules for names let it be, and not `taken`."""
    usable = re.sub(r"[^A-Za-z0-9_.+-]+", "_", name).lstrip("_.+-") or kind
    reserved = {"session": RESERVED_SESSIONS, "trial": RESERVED_TRIALS}.get(kind, ())
    if usable in reserved:
        usable += f"_{kind}"
    known, number, result = set(taken), 2, usable
    while result in known:
        result, number = f"{usable}_{number}", number + 1
    return result


def shown(value: Any) -> str:
    """A value as the report shows it, on one line of moderate length."""
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
