"""What repeats between the trials of a participant: ranges and peaks of joint angles in trials of one movement, bone lengths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kineograph.model.coordinate_panels import PANELS

NUMBER = re.compile(r"[\s_.-]*\d+$")
CHOSEN = tuple(
    name for title, names in PANELS for name in names if title.split()[0] in {"Hip", "Knee", "Ankle", "Elbow"}
)
"""Coordinates that are compared: of the hips, knees, ankles and elbows."""
MM = 1000.0


@dataclass(frozen=True)
class Repeated:
    """A quantity over the trials of a participant.

    Attributes
    ----------
    participant, movement : str
        Whose, and in trials of which name; the movement of lengths, which are the same in all, is empty.
    kind : str
        "range", "peak" or "length".
    what : str
        The coordinate or the bone.
    unit : str
        Degrees or mm.
    trials : int
        Trials that have it.
    mean, sd, low, high : float
        Over those trials; the standard deviation is the sample's.
    farthest : str
        The trial farthest from the mean, as session/trial.
    """

    participant: str
    movement: str
    kind: str
    what: str
    unit: str
    trials: int
    mean: float
    sd: float
    low: float
    high: float
    farthest: str


def movement(trial: str) -> str:
    """The name that trials of one movement share: without the number at its end (walk1, walk_02)."""
    return NUMBER.sub("", trial) or trial


def repeatability(records: Iterable[Mapping[str, Any]]) -> list[Repeated]:
    """What repeats, from the verdict records of all trials; nothing of a participant or movement with one trial.

    Trials whose verdict is `error` don't count.
    """
    values: dict[tuple[str, str, str, str, str], list[tuple[str, float]]] = {}
    for record in records:
        if record["verdict"] == "error":
            continue
        trial = f"{record['session']}/{record['trial']}"
        name = movement(record["trial"])
        for person, figures in record.get("people", {}).items():
            for coordinate in CHOSEN:
                low, high = figures.get("range", {}).get(coordinate) or (None, None)
                if low is not None and high is not None:
                    values.setdefault((person, name, "range", coordinate, "°"), []).append((trial, high - low))
                    values.setdefault((person, name, "peak", coordinate, "°"), []).append((trial, high))
            for bone, length in figures.get("segment_length_m", {}).items():
                values.setdefault((person, "", "length", bone, "mm"), []).append((trial, length * MM))
    return [_repeated(key, found) for key, found in sorted(values.items()) if len(found) > 1]


def _repeated(key: tuple[str, str, str, str, str], found: list[tuple[str, float]]) -> Repeated:
    numbers = np.array([value for _, value in found])
    mean = float(numbers.mean())
    return Repeated(
        *key,
        trials=len(found),
        mean=mean,
        sd=float(numbers.std(ddof=1)),
        low=float(numbers.min()),
        high=float(numbers.max()),
        farthest=found[int(np.abs(numbers - mean).argmax())][0],
    )
