"""What either tool made of a trial, in the same terms, so that the two can be measured alike."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Trajectories:
    """A person's points: names (K), times (F,) on the tool's own common clock in s, positions (F, K, 3) in m, world axes."""

    names: tuple[str, ...]
    time_s: np.ndarray
    position_m: np.ndarray


@dataclass(frozen=True)
class Result:
    """What a tool made of a trial, and what it said.

    Attributes
    ----------
    tool : str
        Its name in the tables.
    triangulated, filtered : list of Trajectories
        Before and after filtering, one a person found.
    offset_s : (C,) array
        The offsets that it found or took, so that ``t_common = t_camera + offset_s``.
    cpu_s : dict of str to float
        CPU seconds by stage.
    total_cpu_s, memory_mb : float
        CPU seconds of all its processes, and the largest one's memory.
    said : list of str
        Its warnings and failures, as it wrote them.
    named : frozenset of str
        The cameras that these blame.
    noted : str
        What its log states besides, without judging it.
    error : str
        Why it broke off; empty where it did not.
    """

    tool: str
    triangulated: list[Trajectories]
    filtered: list[Trajectories]
    offset_s: np.ndarray
    cpu_s: dict[str, float]
    total_cpu_s: float
    memory_mb: float
    said: list[str] = field(default_factory=list)
    named: frozenset[str] = frozenset()
    noted: str = ""
    error: str = ""
