"""The one family of errors that a user can cause, raised where the facts are known and printed in three lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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

    Attributes
    ----------
    others : tuple of KineographError
        Further mistakes that were found with it, so that a user can correct all of them at once.
    """

    def __init__(self, what: str, *, expected: str, found: str, hint: str, where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.found = found
        self.hint = hint
        self.where = where
        self.others: tuple[KineographError, ...] = ()

    def lines(self) -> list[str]:
        """The three lines that a user reads, without line breaks inside; the last counts the other mistakes."""
        more = f" (and {len(self.others)} more mistakes)" if len(self.others) > 1 else ""
        more = " (and 1 more mistake)" if len(self.others) == 1 else more
        return self._own_lines(more)

    def _own_lines(self, more: str = "") -> list[str]:
        place = f" [{self.where}]" if self.where else ""
        rows = [
            f"kineograph: {self.what}{place}",
            f"  expected {self.expected}; found {self.found}",
            f"  to do: {self.hint}{more}",
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
        return "\n".join(line for error in (self, *self.others) for line in error._own_lines())


class InputError(KineographError):
    """A file, folder or value that the user gave can't be used."""


class ConfigError(KineographError):
    """A key or value of the configuration is wrong.

    Parameters
    ----------
    what, **facts
        As of :class:`KineographError`.
    key : str
        The key, with dots and indices: ``filtering.cutoff_hz``, ``overrides[0].set``.
    """

    def __init__(self, what: str, *, key: str = "", **facts: str) -> None:
        super().__init__(what, **facts)
        self.key = key


class AssetError(KineographError):
    """Something that others made could not be fetched or is not what was pinned."""


class DeviceError(KineographError):
    """The accelerator that was asked for is not there."""


class MachineError(KineographError):
    """Something of the machine, not of the data: a full disk, a file that has gone since the run was planned.

    It never becomes a verdict: the job fails, and is done again in the next run.
    """


class Mistakes:
    """A collector: what is wrong is noted and the rest is still looked at, so that a user is told of all mistakes at once.

    As a context it raises what was noted when its block ends, as one error with the others beside it; an error that ends
    the block is noted, too.

    Attributes
    ----------
    found : list of KineographError
        In the order in which they were noted.
    """

    def __init__(self) -> None:
        self.found: list[KineographError] = []

    def add(self, *errors: KineographError) -> None:
        """Note errors."""
        self.found += errors

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note an error of the block instead of raising it."""
        try:
            yield
        except KineographError as error:
            self.found += [error, *error.others]

    def __enter__(self) -> Mistakes:
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, KineographError):
            self.found += [error, *error.others]
        elif error is not None:
            return
        if self.found:
            first = self.found[0]
            first.others = tuple(self.found[1:])
            raise first


@contextmanager
def noted_in(mistakes: Mistakes | None) -> Iterator[Mistakes]:
    """The collector that is given, for whoever gave it to look at; or a new one, which raises what was noted at the end."""
    if mistakes is not None:
        yield mistakes
        return
    with Mistakes() as fresh:
        yield fresh


SMALLER_UNITS = {"m": {"millimetres": 1000.0, "centimetres": 100.0}, "s": {"milliseconds": 1000.0}}


def in_larger_unit(value: float, unit: str, allowed: Callable[[float], bool]) -> str:
    """What a number would be where it was written in a smaller unit, as a hint; empty where that is not allowed either."""
    units = SMALLER_UNITS.get(unit, {})
    meant = [f"{value / parts:g} if it is in {name}" for name, parts in units.items() if allowed(value / parts)]
    return f"write it in {unit}: " + ", ".join(meant) if meant else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to `name`, as a phrase for a hint; empty where nothing is close."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean '{matches[0]}'?" if matches else ""
