"""What a check found: mistakes, doubts and notes, in one list, the worst first, the same one of many trials said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kineograph.errors import KineographError
from kineograph.model.report import Reason, Verdict

Severity = Literal["stops", "error", "warning", "undecided", "note"]
SEVERITIES: dict[Severity, str] = {
    "stops": "mistakes that stop everything",
    "error": "mistakes in trials: these trials fail or lose a camera, the others go on",
    "warning": "warnings",
    "undecided": "not decided by this check",
    "note": "notes",
}
"""From the worst on, as headings of the list."""
NAMED = 6
"""So many trials are named where one mistake is in many."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes
    ----------
    severity : str
        A key of :data:`SEVERITIES`.
    text : str
        What is wrong, naming file, key or camera.
    facts : str
        What was expected and found instead; empty where `text` says it.
    hint : str
        What to do.
    trial : str
        ``session/trial``; empty where it is not about one trial.
    """

    severity: Severity
    text: str
    facts: str = ""
    hint: str = ""
    trial: str = ""

    @classmethod
    def of_error(cls, error: KineographError, severity: Severity, trial: str = "") -> Finding:
        """An error as a finding."""
        place = f" [{error.where}]" if error.where and error.where not in error.what else ""
        return cls(severity, error.what + place, f"expected {error.expected}; found {error.found}", error.hint, trial)

    @classmethod
    def of_reason(cls, reason: Reason, trial: str = "") -> Finding:
        """A stage's remark as a finding."""
        severities: dict[Verdict, Severity] = {"pass": "note", "warn": "warning"}
        return cls(severities.get(reason.verdict, "error"), reason.text, "", reason.hint, trial)

    def record(self) -> dict[str, str]:
        """The finding as a JSON record."""
        return {
            "severity": self.severity,
            "text": self.text,
            "facts": self.facts,
            "hint": self.hint,
            "trial": self.trial,
        }


def count(findings: Iterable[Finding], *severities: Severity) -> int:
    """How many findings are of these severities."""
    return sum(finding.severity in severities for finding in findings)


def lines(findings: Sequence[Finding]) -> list[str]:
    """The list as a user reads it: numbered, under headings, worst first."""
    rows, number = [], 0
    for severity, heading in SEVERITIES.items():
        together: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for finding in findings:
            if finding.severity == severity:
                # a trial's name in the text would tell apart what is one mistake in many trials
                key = tuple(_without(text, finding.trial) for text in (finding.text, finding.facts, finding.hint))
                together[key[0], key[1], key[2]].append(finding.trial)
        if together:
            rows += ["", f"{heading}:"]
        for (text, facts, hint), trials in together.items():
            number += 1
            rows.append(f"{number:4}. {_in_trials(trials)}{text}")
            rows += [f"      {facts}"] if facts else []
            rows += [f"      to do: {hint}"] if hint else []
    return [" ".join(row.split("\n")) for row in rows]


def _without(text: str, trial: str) -> str:
    return text.replace(f"/{trial}/", "/<trial>/") if trial else text


def _in_trials(trials: list[str]) -> str:
    named = list(dict.fromkeys(filter(None, trials)))
    if not named:
        return ""
    if len(named) == 1:
        return f"{named[0]}: "
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f"{len(named)} trials ({', '.join(named[:NAMED])}{more}): "
