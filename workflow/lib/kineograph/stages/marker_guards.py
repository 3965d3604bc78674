"""Are these the markers of a person who stands on the ground? Caught before a solver bends a model to fit them."""

from __future__ import annotations

import numpy as np

from kineograph.errors import InputError
from kineograph.io.trc import MarkerTrajectories
from kineograph.model.report import Reason
from kineograph.model.shapes import FloatArray, finite

LEAST_SIZE_M, MOST_SIZE_M = 0.3, 3.5
"""Largest distance between two markers of a person in a typical frame: from a crouched child's trunk to a tall person's raised
arms."""
HEAD = ("Nose", "Head", "Neck", "LShoulder", "RShoulder", "C7_study")
FEET = ("LAnkle", "RAnkle", "LHeel", "RHeel", "r_calc_study", "L_calc_study", "LKnee", "RKnee")
UPRIGHT = 0.5
"""Share of the frames in which a head is higher than the feet; other motions (handstands, floor exercises) get a warning only."""
SIDES = (("RShoulder", "LShoulder"), ("RHip", "LHip"), ("RKnee", "LKnee"))
FRONT = (("RBigToe", "RHeel"), ("LBigToe", "LHeel"))


def check_markers(markers: MarkerTrajectories) -> tuple[MarkerTrajectories, list[Reason]]:
    """Look at a trial's markers.

    Raises
    ------
    InputError
        Where names occur twice, or the person's size is impossible (millimetres for metres).

    Returns
    -------
    markers : MarkerTrajectories
        The markers; zeros in all three axes, which some programs write for missing, are NaN.
    reasons : list of Reason
        What speaks against them.
    """
    doubles = sorted({name for name in markers.names if markers.names.count(name) > 1})
    if doubles:
        raise InputError(
            f"markers occur more than once: {', '.join(doubles)}",
            expected="a name for each marker",
            found=f"{', '.join(f'{name} {markers.names.count(name)} times' for name in doubles)}",
            hint="remove or rename the doubles in the TRC file",
        )
    position = np.where((markers.position_m == 0).all(axis=-1, keepdims=True), np.nan, markers.position_m)
    zeros = int((finite(markers.position_m) & ~finite(position)).sum())
    markers = MarkerTrajectories(markers.names, position, markers.time_s, markers.fps_hz)
    _check_size(position)
    reasons = [*_upside_down(markers), *_mirrored(markers)]
    if zeros:
        text = f"{zeros} marker positions are exactly 0, 0, 0 and were taken for missing"
        reasons.append(Reason("warn", text, "", "write missing markers as blanks or nan"))
    return markers, reasons


def _check_size(position_m: FloatArray) -> None:
    present = finite(position_m)
    whole = present.sum(axis=1) >= max(2, present.sum(axis=1).max() // 2)
    low, high = np.nanmin(position_m[whole], axis=1), np.nanmax(position_m[whole], axis=1)
    size = float(np.median(np.linalg.norm(high - low, axis=-1)))
    if not LEAST_SIZE_M < size < MOST_SIZE_M:
        unit = "millimetres or centimetres taken for metres" if size >= MOST_SIZE_M else "metres taken for millimetres"
        raise InputError(
            "the markers can't be a person's: their unit seems wrong",
            expected=f"markers spread over {LEAST_SIZE_M:g} to {MOST_SIZE_M:g} m in a frame",
            found=f"{size:.3g} m (median)",
            hint=f"correct the file's Units, or the calibration's unit: {unit}",
        )


def _upside_down(markers: MarkerTrajectories) -> list[Reason]:
    head, feet = _mean(markers, HEAD), _mean(markers, FEET)
    rise = head - feet
    known = finite(rise)
    if not known.any():
        return []
    share = float((rise[known, 1] > 0.3 * np.linalg.norm(rise[known], axis=-1)).mean())
    if share >= UPRIGHT:
        return []
    main = "XYZ"[int(np.abs(np.median(rise[known], axis=0)).argmax())]
    return [
        Reason(
            "warn",
            f"the head is above the feet in {share:.0%} of the frames only; the body lies along {main}, and up is Y",
            "",
            "unless the person does not stand, the axes are swapped: set calibration.world_up",
            "everything",
        )
    ]


def _mirrored(markers: MarkerTrajectories) -> list[Reason]:
    """Right and left exchanged: toes would point backwards."""
    right = [_point(markers, r) - _point(markers, left) for r, left in SIDES]
    front = [_point(markers, toe) - _point(markers, heel) for toe, heel in FRONT]
    up = _mean(markers, HEAD) - _mean(markers, FEET)
    to_right, ahead = _average(right, up.shape), _average(front, up.shape)
    handed = np.einsum("fi,fi->f", np.cross(ahead, up), to_right)  # forward x up = right
    known = np.isfinite(handed)
    if not known.any() or float((handed[known] < 0).mean()) < UPRIGHT:
        return []
    share = float((handed[known] < 0).mean())
    return [
        Reason(
            "warn",
            f"the feet point backwards in {share:.0%} of the frames: left and right are exchanged, or the room is mirrored",
            "",
            "look at the cameras on the trial's page; for a mirrored room, see the calibration's axes",
            "everything",
        )
    ]


def _point(markers: MarkerTrajectories, name: str) -> FloatArray:
    if name not in markers.names:
        return np.full((len(markers.time_s), 3), np.nan)
    point: FloatArray = markers.position_m[:, markers.names.index(name)]
    return point


def _mean(markers: MarkerTrajectories, names: tuple[str, ...]) -> FloatArray:
    return _average([_point(markers, name) for name in names], (len(markers.time_s), 3))


def _average(vectors: list[FloatArray], shape: tuple[int, ...]) -> FloatArray:
    """The mean of those that are known, NaN where none is."""
    stacked = np.stack(vectors) if vectors else np.full((1, *shape), np.nan)
    count = np.isfinite(stacked).sum(axis=0)
    total: FloatArray = np.nansum(stacked, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
