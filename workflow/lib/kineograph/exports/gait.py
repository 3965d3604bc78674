"""Gait events and spatiotemporal parameters of somebody who walks: a table of strides (CSV), and a report (JSON).

Whether the trial shows walking is found out from the feet; where it does not, the table is empty, and the report says why.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.geometry.gait import LEAST_SPEED_M_S, LEAST_STANCE, SIDES, STRIDE_COLUMNS, Feet, Gait, stance_part, walk
from kineograph.geometry.gait import why_not_walking as not_walking
from kineograph.io.atomic import write_text
from kineograph.io.reports import write_report
from kineograph.model.report import Reason, StageReport

LEVEL = "person"
FILES = (".gait.csv", ".gait.json")
NEEDS = ("points",)
FEW_STRIDES = 3
MOST_DISAGREEMENT_S = 0.06
METHOD = "Zeni et al. 2008, doi:10.1016/j.gaitpost.2007.07.007; check: O'Connor et al. 2007, doi:10.1016/j.gaitpost.2006.05.016"
TOES = ("BigToe", "SmallToe", "FootIndex", "Ankle")
HEELS = ("Heel", "Ankle")


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the table and the report.

    Raises
    ------
    InputError
        Where the trial has no frame.
    """
    came_in = {"frames": subject.all_points.n_frames, "fps_hz": subject.all_points.fps_hz}
    feet, used, reasons = _feet(subject)
    why = "the skeleton has no hips or feet" if feet is None else not_walking(feet)
    gait = walk(feet) if feet is not None and not why else None
    if gait is not None and stance_part(gait) < LEAST_STANCE:
        why, gait = f"the feet are on the ground in {stance_part(gait):.0%} of a stride: running", None
    if gait is None:
        report = StageReport("gait", came_in, {"walking": False, "why_not": why})
    else:
        report = StageReport("gait", came_in | used, _figures(gait), (*reasons, *_doubts(gait)))
    write_text(paths[0], _table(gait))
    write_report(paths[1], report)


def _feet(subject: Subject) -> tuple[Feet | None, dict[str, Any], list[Reason]]:
    """The feet, the keypoints that stand for them, and doubts about those."""
    points, person = subject.all_points, subject.places[0]

    def both(candidates: tuple[str, ...]) -> str:
        return next((n for n in candidates if {f"L{n}", f"R{n}"} <= set(points.names)), "")

    heel, toe, hip = both(HEELS), both(TOES), both(("Hip",))
    if not (heel and toe and hip):
        return None, {}, []

    def places(name: str) -> Any:
        return points.position_m[:, person][:, [points.names.index(f"{side}{name}") for side in "LR"]]

    reasons = []
    if "Ankle" in (heel, toe):
        text = "ankles stand for heels or toes, which the skeleton has not: strikes are told late, and toes leave early"
        reasons.append(Reason("warn", text, "ankles", "take a network with feet, such as rtmpose-m_halpe26"))
    feet = Feet(places(heel), places(toe), places(hip), points.time_s, points.fps_hz)
    return feet, {"heel": heel, "toe": toe}, reasons


def _figures(gait: Gait) -> dict[str, Any]:
    """Means and standard deviations over the strides, of each side and of both."""
    result: dict[str, Any] = {
        "walking": True,
        "method": METHOD,
        "speed_m_s": gait.speed_m_s,
        "events_s": {
            side: {"strike": found.strike_s.tolist(), "off": found.off_s.tolist()}
            for side, found in zip(SIDES, gait.events, strict=True)
        },
        "check_s": gait.check_s,
    }
    for side in (*SIDES, "both"):
        rows = [row for row in gait.strides if side in (row["side"], "both")]
        result[side] = {"strides": len(rows)}
        for column in STRIDE_COLUMNS[3:]:
            values = np.array([float(row[column]) for row in rows])
            values = values[np.isfinite(values)]
            result[side][column] = {
                "mean": float(values.mean()) if len(values) else float("nan"),
                "sd": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
                "n": len(values),
            }
    return result


def _doubts(gait: Gait) -> list[Reason]:
    reasons = []
    for side in SIDES:
        count = sum(row["side"] == side for row in gait.strides)
        if count < FEW_STRIDES:
            text = f"{count} strides (wanted: {FEW_STRIDES} or more): means are uncertain"
            reasons.append(Reason("warn", text, side, "record a longer walk"))
    if not gait.check_s <= MOST_DISAGREEMENT_S:
        text = f"events by the feet's vertical speed are {gait.check_s:.3f} s away (median; wanted: {MOST_DISAGREEMENT_S:g})"
        reasons.append(Reason("warn", text, "events", "look at the heels and toes in the trial's page"))
    if gait.speed_m_s < LEAST_SPEED_M_S:
        text = f"the pelvis moves at {gait.speed_m_s:.2f} m/s: a treadmill, or on the spot; lengths and speeds are not told"
        reasons.append(Reason("warn", text, "pelvis", "multiply stride times by the treadmill's speed"))
    return reasons


def _table(gait: Gait | None) -> str:
    rows = [] if gait is None else gait.strides
    lines = [",".join(STRIDE_COLUMNS)]
    for row in rows:
        cells = [row[column] for column in STRIDE_COLUMNS]
        lines.append(",".join(c if isinstance(c, str) else ("" if np.isnan(c) else f"{c:.6g}") for c in cells))
    return "\n".join(lines) + "\n"
