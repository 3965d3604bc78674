"""What jobs and results cost, from the measured table ``resources/costs.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Costs:
    """The table.

    Attributes
    ----------
    cpu_s : dict
        CPU seconds of a rule's job: ``fixed`` and ``per_frame``; ``other`` for rules that are not named.
    bytes : dict
        Bytes of results.
    """

    cpu_s: dict[str, dict[str, float]]
    bytes: dict[str, float]

    def job_cpu_s(self, rule: str, n_frames: float) -> float:
        """CPU seconds of a job, from its number of frames."""
        cost = self.cpu_s.get(rule, self.cpu_s["other"])
        return cost["fixed"] + cost["per_frame"] * n_frames

    def trial_bytes(self, frames: Sequence[int], participants: int) -> float:
        """Bytes of a trial's results, from the number of frames of each of its cameras."""
        each = self.bytes
        return (
            each["per_trial"]
            + each["per_camera"] * len(frames)
            + each["per_frame_and_camera"] * sum(frames)
            + each["per_frame_and_participant"] * max(frames, default=0) * participants
        )


def read_costs(path: Path) -> Costs:
    """Read the table."""
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Costs(table["cpu_s"], table["bytes"])
