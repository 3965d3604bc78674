"""What to doubt in the clocks that movement tells: a reason for each camera that could not be compared, or not surely."""

from __future__ import annotations

import numpy as np

from kineograph.model.report import Reason
from kineograph.stages.motion_clocks import RIVAL_NAMED, UNPROVEN_FRAMES, MotionClocks

WARN_ERROR_S = 0.005
"""A camera whose offset is less sure than this (standard error) is named."""


def doubts(found: MotionClocks, names: list[str], fps_hz: float, limit: int) -> list[Reason]:
    """Reasons for doubt in clocks from motion, each with the camera to blame."""
    if not found.compared.any() and not found.misfits and not found.beyond:
        text = "too little movement" if found.still else "no two of them show the same person for long enough"
        return [not_compared(text, "")]
    reasons = [
        Reason(
            "fail",
            f"the movement that {names[c]} saw does not fit the other cameras' at any offset up to {limit / fps_hz:g} s",
            f"camera {names[c]}",
            "is it a video of another trial? else its calibration is wrong, or synchronization.max_offset_s too small",
        )
        for c in found.misfits
    ]
    reasons += [
        Reason(
            "fail",
            f"{names[c]} seems to have started {abs(frames) / fps_hz:.2f} s {'later' if frames > 0 else 'earlier'} than the "
            f"others: within {limit / fps_hz:g} s its movement fits theirs nowhere as well",
            f"camera {names[c]}",
            "raise synchronization.max_offset_s, or give the offsets; until then it is taken as in step",
        )
        for c, frames in found.beyond.items()
    ]
    reasons += [
        not_compared("it shows nobody whom another camera shows for long enough", names[c]) for c in found.unseen
    ]
    reasons += [not_compared("too little movement", names[c]) for c in found.still]
    reasons += [
        _rival_doubt(found, c, names[c], fps_hz) for c, (_, ratio) in found.rivals.items() if ratio < RIVAL_NAMED
    ]
    reasons += [
        Reason(
            "warn",
            f"even at its best offset, the views of {names[c]} disagree with the others' {times:.0f} times as much as those do",
            f"camera {names[c]}",
            "its offset may be larger than synchronization.max_offset_s, or its calibration wrong",
        )
        for c, times in found.poor.items()
    ]
    reasons += _loose(found, names)
    reasons += [_unproven(names[c], frames / fps_hz) for c, frames in _seeming_offsets(found).items()]
    error_s = found.estimate.error[0] / fps_hz
    offset = found.kept[0]
    for c in np.flatnonzero(found.compared).tolist():
        if error_s[c] > WARN_ERROR_S:
            text = f"the movement that {names[c]} saw tells its time to {error_s[c] * 1e3:.0f} ms only"
            reasons.append(Reason("warn", text, f"camera {names[c]}", "film a quick movement, or give the offsets"))
        if abs(offset[c]) >= limit - 1:
            text = f"the best offset of {names[c]} is at the end of the range searched ({limit / fps_hz:g} s)"
            reasons.append(Reason("warn", text, f"camera {names[c]}", "raise synchronization.max_offset_s"))
    return reasons


def _loose(found: MotionClocks, names: list[str]) -> list[Reason]:
    """A warning for each camera that no pair of views ties to the others; one for all where these are no more than they are."""
    tied = [c for c in np.flatnonzero(found.compared).tolist() if c not in found.loose and c not in found.refused]
    if tied and len(found.loose) >= len(tied):
        size, allowed = min(found.loose.values())
        text = (
            f"no view of {', '.join(names[c] for c in found.loose)} fits one of {', '.join(names[c] for c in tied)} closely at "
            f"any offset: they disagree by {size:.1f} px at best (wanted: {allowed:.1f} px), so the former are taken as in step"
        )
        hint = "which of them are right can't be told here: see the calibration's health, or give the offsets"
        return [Reason("warn", text, "", hint)]
    return [
        Reason(
            "warn",
            f"no view fits the movement that {names[c]} saw closely at any offset: it disagrees by {size:.1f} px with the best "
            f"of them (wanted: {allowed:.1f} px), so it is taken as in step",
            f"camera {names[c]}",
            "do people hide each other in it, or is its calibration wrong? Give the offsets if the cameras are not in step",
        )
        for c, (size, allowed) in found.loose.items()
    ]


def not_compared(why: str, camera: str) -> Reason:
    """A warning that a camera, or where none is named all of them, could not be compared with the others."""
    return Reason(
        "warn",
        f"{camera or 'the cameras'} could not be compared in time: {why}",
        f"camera {camera}" if camera else "",
        "offsets that could not be found are taken as zero; give them (synchronization.method: given) if they are not",
    )


def _seeming_offsets(found: MotionClocks) -> dict[int, float]:
    """The cameras that seem to be out of step, though that is not proven, and by how many frames.

    Counted from the first camera. Where most of the others are off it alike, it is the one.
    """
    offset = found.estimate.clocks[0]
    compared = np.flatnonzero(found.compared).tolist()
    seeming = {camera: float(offset[camera]) for camera in found.unproven}
    middle = float(np.median(offset[compared])) if compared else 0.0
    alike = [camera for camera in seeming if abs(seeming[camera] - middle) < UNPROVEN_FRAMES]
    if compared and abs(middle) >= UNPROVEN_FRAMES and len(alike) > len(compared) / 2:
        seeming = {camera: frames - middle for camera, frames in seeming.items() if camera not in alike}
        seeming[compared[0]] = -middle
    return seeming


def _unproven(name: str, offset_s: float) -> Reason:
    return Reason(
        "warn",
        f"{name} seems to have started {abs(offset_s):.3f} s {'later' if offset_s > 0 else 'earlier'}, but that did not make "
        "the views agree better where it was not estimated from, so it is taken as zero",
        f"camera {name}",
        "if the cameras were not started together, film a quick movement, or give the offsets",
    )


def _rival_doubt(found: MotionClocks, camera: int, name: str, fps_hz: float) -> Reason:
    best, (other, ratio) = found.estimate.clocks[0, camera] / fps_hz, found.rivals[camera]
    taken = "so it is taken as zero" if camera in found.refused else "which was taken"
    return Reason(
        "warn",
        f"the offset of {name} may be {other / fps_hz:.3f} s: there the views disagree only {ratio - 1:.0%} more than at "
        f"{best:.3f} s, {taken}",
        f"camera {name}",
        "the movement repeats itself: lower synchronization.max_offset_s below a stride, or give the offsets",
    )
