"""The one family of errors that a user can cause, raised where the facts are known and printed in three lines."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class KineographError(Exception):
    """A problem that the user can solve, with the facts needed to solve it.

    Parameters
    ----------
    what : str
        What is wrong, naming the file, key, camera, frame or joint.
    expected, found : str
        What was expected there and what was found instead.
    hint : str
        What to do about it.
    where : str
        The trial, stage or camera concerned, where `what` does not say it.
    """

    def __init__(self, what: str, *, expected: str, found: str, hint: str, where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.found = found
        self.hint = hint
        self.where = where

    def lines(self) -> list[str]:
        """The three lines that a user reads, without line breaks inside."""
        place = f" [{self.where}]" if self.where else ""
        rows = [
            f"kineograph: {self.what}{place}",
            f"  expected {self.expected}; found {self.found}",
            f"  to do: {self.hint}",
        ]
        return [" ".join(row.split("\n")) for row in rows]

    def record(self) -> dict[str, str]:
        """The error as a JSON record."""
        return {
            "what": self.what,
            "expected": self.expected,
            "found": self.found,
            "hint": self.hint,
            "where": self.where,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> KineographError:
        """The error that :meth:`record` described."""
        return cls(
            record["what"],
            expected=record["expected"],
            found=record["found"],
            hint=record["hint"],
            where=record.get("where", ""),
        )

    def __str__(self) -> str:
        return "\n".join(self.lines())


class InputError(KineographError):
    """A file, folder or value that the user gave can't be used."""


class ConfigError(KineographError):
    """A key or value of the configuration is wrong."""


class AssetError(KineographError):
    """Something that others made could not be fetched or is not what was pinned."""


class DeviceError(KineographError):
    """The accelerator that was asked for is not there."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to `name`, as a phrase for a hint; empty where nothing is close."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean '{matches[0]}'?" if matches else ""
