"""What leaving out each camera in turn tells of the accuracy: how far the points are from what it saw, and the jackknife."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.cli._sweep_results import Person
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_report
from kineograph.layout import Layout
from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray
from kineograph.stages.sweep import FEWEST, angles_jackknife_sd, points_jackknife_sd_m

HELD_OUT, USED, JACKKNIFE = "error when left out", "error when used", "jackknife sd"
Row = dict[str, Any]


def accuracy_of(results: str, sessions: dict[str, Any], people: Sequence[Person]) -> list[Row]:
    """The rows of the table; none where no cameras were left out."""
    layout = Layout(results)
    rows: list[Row] = []
    for session, record in sessions.items():
        without = {item["left_out"]: item["session"] for item in record["variants"] if "left_out" in item}
        for trial in record["trials"] if without else ():
            rows += _held_out(layout, session, trial, without)
            if len(without) >= FEWEST:
                rows += _points(layout, session, trial, list(without.values()))
    for person in people:
        if len(person.without_each_camera) >= FEWEST:
            rows += _angles(person)
    return rows


def _held_out(layout: Layout, session: str, trial: str, without: dict[str, str]) -> list[Row]:
    """For each camera and keypoint, the median distance from the points, px: without that camera, and with it."""
    rows = []
    as_it_is = _median_px(layout, session, trial)
    for camera, varied in without.items():
        for measure, median in ((HELD_OUT, _median_px(layout, varied, trial)), (USED, as_it_is)):
            for participant, cameras in median.items():
                for keypoint, value in cameras.get(camera, {}).items():
                    what = {"measure": measure, "camera": camera, "name": keypoint, "unit": "px"}
                    rows.append(_row(session, trial, participant, what, value, float("nan")))
    return rows


def _median_px(layout: Layout, session: str, trial: str) -> dict[str, dict[str, dict[str, float]]]:
    report = read_report(Path(layout.path("quality", session=session, trial=trial)))
    found: dict[str, dict[str, dict[str, float]]] = report.came_out.get("median_px", {})
    return found


def _points(layout: Layout, session: str, trial: str, varied: list[str]) -> list[Row]:
    """For each keypoint, the jackknife's standard deviation of its position, mm."""
    base, *others = (
        read_npz(Path(layout.path("filtered", session=name, trial=trial)), Points3D) for name in [session, *varied]
    )
    if not base.n_frames or any(item.position_m.shape != base.position_m.shape for item in others):
        return []  # a stage gave up, and its verdict says why
    sd = points_jackknife_sd_m([item.position_m for item in others]) * 1000
    rows = []
    for person, participant in enumerate(base.participants):
        for index, name in enumerate(base.names):
            what = {"measure": JACKKNIFE, "camera": "", "name": name, "unit": "mm"}
            rows.append(_row(session, trial, participant, what, *_middle_and_high(sd[:, person, index])))
    return rows


def _angles(person: Person) -> list[Row]:
    """For each coordinate, the same, deg or m, over the frames in which markers tell it."""
    sd = angles_jackknife_sd(person.base, person.without_each_camera)
    sd[~person.base.observed] = np.nan  # what a default or a limit decides is the same without any camera
    rows = []
    for index, name in enumerate(person.base.names):
        unit = "deg" if person.base.rotational[index] else "m"
        what = {"measure": JACKKNIFE, "camera": "", "name": name, "unit": unit}
        middle_and_high = _middle_and_high(sd[:, index])
        rows.append(_row(person.session, person.trial, person.participant, what, *middle_and_high))
    return rows


def _middle_and_high(values: FloatArray) -> tuple[float, float]:
    """Median and 95th percentile over the frames; NaN where there is no value."""
    known = values[np.isfinite(values)]
    return (float(np.median(known)), float(np.percentile(known, 95))) if known.size else (float("nan"), float("nan"))


def _row(session: str, trial: str, participant: str, what: dict[str, str], median: float | None, high: float) -> Row:
    middle = float("nan") if median is None else median
    return {"session": session, "trial": trial, "participant": participant, **what, "median": middle, "p95": high}
