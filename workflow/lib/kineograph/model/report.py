"""StageReport: what came into a stage, what came out, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Verdict = Literal["pass", "warn", "fail", "error"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail", "error")
"""From best to worst. `fail`: the data is too poor to trust; `error`: the input could not be used at all."""

Touches = Literal["everything", "people", "part", "note"]
TOUCHES: tuple[Touches, ...] = ("everything", "people", "part", "note")
"""What of the results a reason puts in doubt, from the most on, which is the order of reasons of one verdict.

`everything`: the space, its vertical, the sizes or the time that all results are measured in.
`people`: who is who, or a person's whole body.
`part`: some cameras, points, joints or frames.
`note`: an opinion of a network, or what was assumed, with nothing known to be wrong.
"""
USUALLY: dict[str, Touches] = {
    "calibration": "everything",
    "refinement": "everything",
    "synchronization": "everything",
    "association": "people",
    "scaling": "people",
}
"""What the reasons of a stage put in doubt where they don't say; those of other stages `part`."""


@dataclass(frozen=True)
class Reason:
    """Why a verdict is not `pass`; or a note, of the verdict `pass`.

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
    touches : str or None
        What it puts in doubt, one of :data:`TOUCHES`; None where that is what the stage's reasons usually do.
    """

    verdict: Verdict
    text: str
    blame: str = ""
    hint: str = ""
    touches: Touches | None = None


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

    def ranked(self) -> tuple[Reason, ...]:
        """The reasons, each with what it puts in doubt: worst first, and within a verdict what touches the most first."""
        usual = USUALLY.get(self.stage, "part")
        known = (replace(reason, touches=reason.touches or usual) for reason in self.reasons)
        return tuple(sorted(known, key=lambda reason: badness(reason.verdict, reason.touches)))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst verdict of several; `pass` of none."""
    return max(verdicts, key=VERDICTS.index, default="pass")


def badness(verdict: Verdict, touches: Touches | None) -> tuple[int, int]:
    """Sorts verdicts and reasons worst first, and within a verdict what touches the most first; what is not known like a part."""
    return -VERDICTS.index(verdict), TOUCHES.index(touches or "part")


def worst_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons, worst first, in the given order within a verdict."""
    return tuple(sorted(reasons, key=lambda reason: -VERDICTS.index(reason.verdict)))
