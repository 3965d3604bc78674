"""What to doubt in the clocks that movement tells: a reason for each camera that could not be compared, or not surely."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kineograph.model.report import Reason, Verdict
from kineograph.stages.motion_clocks import RIVAL_NAMED, UNPROVEN_FRAMES, MotionClocks
from kineograph.stages.offset_search import Searched

WARN_ERROR_S = 0.005
"""A camera whose offset is less sure than this (standard error) is named."""
FARTHER = "say about when it started (synchronization.approx_offsets_s), raise max_offset_s, or give the offsets"
REPEATS = (
    "the movement repeats itself, so that offsets of whole strides fit alike: film a clap or a jump that all cameras see, give "
    "the offsets, or say them to within half a stride (synchronization.approx_offsets_s, and max_offset_s below that)"
)


def doubts(searched: Searched, names: list[str], fps_hz: float) -> list[Reason]:
    """Reasons for doubt in clocks from motion, each with the camera to blame.

    A camera in doubt whose views do not fit the others' as it is taken either is out of step: that fails. The others are in
    step as far as anybody can tell, which is a warning.
    """
    found, limit_s = searched.found, searched.limit / fps_hz
    if found is None:
        return []
    if not found.compared.any() and not found.misfits and not found.beyond and not searched.out_of_step:
        text = "too little movement" if found.still else "no two of them show the same person for long enough"
        return [not_compared(text, "")]
    told = _Telling(searched, found, names, fps_hz)
    reasons = [told.misfit(c) for c in found.misfits]
    reasons += [told.beyond(c, frames) for c, frames in found.beyond.items()]
    reasons += [told.not_compared(c, "it shows nobody whom another camera shows for long enough") for c in found.unseen]
    reasons += [told.not_compared(c, "too little movement") for c in found.still]
    reasons += [told.rival(c) for c, (_, ratio) in found.rivals.items() if ratio < RIVAL_NAMED]
    reasons += [told.poor(c, times) for c, times in found.poor.items()]
    reasons += told.all_loose()
    reasons += [told.unproven(c, frames) for c, frames in _seeming_offsets(found).items()]
    error_s = found.estimate.error[0] / fps_hz
    for c in np.flatnonzero(found.compared).tolist():
        if error_s[c] > WARN_ERROR_S:
            text = f"the movement that {names[c]} saw tells its time to {error_s[c] * 1e3:.0f} ms only"
            reasons.append(Reason("warn", text, f"camera {names[c]}", "film a quick movement, or give the offsets"))
        if abs(found.kept[0][c]) >= searched.limit - 1:
            text = f"the best offset of {names[c]} is at the end of the range searched ({limit_s:g} s)"
            reasons.append(Reason("warn", text, f"camera {names[c]}", FARTHER))
    return reasons


def not_compared(why: str, camera: str) -> Reason:
    """A warning that a camera, or where none is named all of them, could not be compared with the others."""
    return Reason(
        "warn",
        f"{camera or 'the cameras'} could not be compared in time: {why}",
        f"camera {camera}" if camera else "",
        "offsets that could not be found are taken as zero; give them (synchronization.method: given) if they are not",
    )


@dataclass(frozen=True)
class _Telling:
    """The words for each doubt in a camera."""

    searched: Searched
    found: MotionClocks
    names: list[str]
    fps_hz: float

    @property
    def limit_s(self) -> float:
        return self.searched.limit / self.fps_hz

    def misfit(self, c: int) -> Reason:
        name, reach_s = self.names[c], self.searched.reach / self.fps_hz
        text = f"the movement that {name} saw does not fit the other cameras' at any offset up to {reach_s:g} s"
        hint = f"is it a video of another trial? else its calibration is wrong, or its offset larger: {FARTHER}"
        return Reason("fail", text, f"camera {name}", hint)

    def beyond(self, c: int, frames: float) -> Reason:
        text = (
            f"{self.names[c]} seems to have started {self._when(c, frames, 2)} than the "
            f"others: within {self.limit_s:g} s its movement fits theirs nowhere as well"
        )
        return Reason("fail", text, f"camera {self.names[c]}", f"{FARTHER}; until then it is taken as {self._taken(c)}")

    def not_compared(self, c: int, why: str) -> Reason:
        reason = not_compared(why, self.names[c])
        if c not in self.searched.out_of_step:
            return reason
        text = f"{self.names[c]} is not in step with the others, and its offset could not be told{self._misfit(c)}"
        return Reason("fail", text, reason.blame, FARTHER)

    def rival(self, c: int) -> Reason:
        best, (other, ratio) = self._s(c, self.found.estimate.clocks[0, c]), self.found.rivals[c]
        refused = c in self.found.refused
        text = (
            f"the offset of {self.names[c]} may be {self._s(c, other):.3f} s: there the views disagree only {ratio - 1:.0%} "
            f"more than at {best:.3f} s, {f'so it is taken as {self._taken(c)}' if refused else 'which was taken'}"
        )
        return Reason(self._verdict(c), text + self._misfit(c), f"camera {self.names[c]}", REPEATS)

    def poor(self, c: int, times: float) -> Reason:
        text = (
            f"even at its best offset, the views of {self.names[c]} disagree with the others' {times:.0f} times as much as "
            "those do"
        )
        hint = f"its calibration may be wrong, or its offset larger than was looked for: {FARTHER}"
        return Reason(self._verdict(c), text, f"camera {self.names[c]}", hint)

    def all_loose(self) -> list[Reason]:
        """A reason for each camera that no pair of views ties to the others; one for all where these are no more than they."""
        loose = self.found.loose
        tied = [c for c in np.flatnonzero(self.found.compared).tolist() if c not in {*loose, *self.found.refused}]
        if not tied or len(loose) < len(tied) or loose.keys() & self.searched.out_of_step.keys():
            return [self.loose(c, *sizes) for c, sizes in loose.items()]
        size_px, allowed_px = min(loose.values())
        text = (
            f"no view of {', '.join(self.names[c] for c in loose)} fits one of {', '.join(self.names[c] for c in tied)} closely "
            f"at any offset: they disagree by {size_px:.1f} px at best (wanted: {allowed_px:.1f} px), so the former are taken as "
            "in step"
        )
        hint = "which of them are right can't be told here: see the calibration's health, or give the offsets"
        return [Reason("warn", text, "", hint)]

    def loose(self, c: int, size_px: float, allowed_px: float) -> Reason:
        text = (
            f"no view fits the movement that {self.names[c]} saw closely at any offset: it disagrees by {size_px:.1f} px with "
            f"the best of them (wanted: {allowed_px:.1f} px), so it is taken as {self._taken(c)}"
        )
        hint = "do people hide each other in it, or is its calibration wrong? Give the offsets if the cameras are not in step"
        return Reason(self._verdict(c), text + self._misfit(c), f"camera {self.names[c]}", hint)

    def unproven(self, c: int, frames: float) -> Reason:
        text = (
            f"{self.names[c]} seems to have started {self._when(c, frames, 3)}, but that did not make the views agree better "
            f"where it was not estimated from, so it is taken as {self._taken(c)}"
        )
        hint = "if the cameras were not started together, film a quick movement, or give the offsets"
        return Reason(self._verdict(c), text + self._misfit(c), f"camera {self.names[c]}", hint)

    def _verdict(self, c: int) -> Verdict:
        return "fail" if c in self.searched.out_of_step else "warn"

    def _misfit(self, c: int) -> str:
        times = self.searched.out_of_step.get(c)
        if times is None:
            return ""
        if math.isnan(times):
            return "; but other cameras started seconds apart"
        return f"; but it does not fit there either: {times:.0f} times the disagreement that there should be"

    def _s(self, c: int, frames: float) -> float:
        """An offset of a camera, s, from frames about what it was looked for about."""
        return float(self.searched.about[c] + frames) / self.fps_hz

    def _when(self, c: int, frames: float, digits: int) -> str:
        offset_s = self._s(c, frames)
        return f"{abs(offset_s):.{digits}f} s {'later' if offset_s > 0 else 'earlier'}"

    def _taken(self, c: int) -> str:
        return f"{self._s(c, 0):.3f} s" if self.searched.about[c] else "in step"


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
