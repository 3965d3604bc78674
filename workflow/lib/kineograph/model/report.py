"""StageReport: what came into a stage, what came out, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "warn", "fail", "error"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail", "error")
"""From best to worst. `fail`: the data is too poor to trust; `error`: the input could not be used at all."""


@dataclass(frozen=True)
class Reason:
    """Why a verdict is not `pass`.

    Attributes
    ----------
    verdict : str
        How bad it is.
    text : str
        What is wrong, with the figure and its limit.
    blame : str
        The camera, frame, joint, participant or file concerned.
    hint : str
        What to do.
    """

    verdict: Verdict
    text: str
    blame: str = ""
    hint: str = ""


@dataclass(frozen=True)
class StageReport:
    """The record that each stage leaves beside its result.

    Attributes
    ----------
    stage : str
        The stage's name.
    came_in, came_out : dict
        Counts and figures, with units in their names.
    reasons : tuple of Reason
        What speaks against trusting the result, worst first.
    made_with : dict
        The settings, the digest of the code and the version that made the result.
    error : dict or None
        The error, as :meth:`kineograph.errors.KineographError.record` writes it, where the input could not be used.
    """

    stage: str
    came_in: dict[str, Any] = field(default_factory=dict)
    came_out: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    made_with: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of the reasons' verdicts; `error` where there is an error."""
        if self.error is not None:
            return "error"
        return worst(reason.verdict for reason in self.reasons)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst verdict of several; `pass` of none."""
    return max(verdicts, key=VERDICTS.index, default="pass")


def worst_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons, worst first, in the given order within a verdict."""
    return tuple(sorted(reasons, key=lambda reason: -VERDICTS.index(reason.verdict)))
