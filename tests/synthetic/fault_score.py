"""Did the verdicts name what is wrong? The rules by which a session's charges are held against the fault that was made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.model.report import Reason
from synthetic.fault_studies import FPS_HZ, Study

CALIBRATION = ("calibration", "calibration_health")
STAGES = {
    "bumped camera": CALIBRATION,
    "wrong square size": (*CALIBRATION, "association"),
    "offset camera": ("synchronization",),
    "swapped cameras": CALIBRATION,
    "dropped frames": ("inputs", "synchronization"),
    "mirrored video": CALIBRATION,
    "wrong intrinsics": CALIBRATION,
    "wrong person": (*CALIBRATION, "synchronization", "association", "scaling"),
}
"""The stages at which a fault belongs: where its cause is put right, and not where its effects are seen."""
WORDS = {
    "bumped camera": "stands|moved",
    "wrong square size": "lengths",
    "offset camera": "started",
    "swapped cameras": "exchanged",
    "dropped frames": "lost frames|different numbers of frames",
    "mirrored video": "mirrored",
    "wrong intrinsics": "focal length",
    "wrong person": "does not fit|fits the other cameras nowhere|tall in|segments in trial",
}
"""What a charge must speak of, so that naming the camera for another cause does not count."""


@dataclass(frozen=True)
class Charge:
    """A reason of some stage, and the trials that it is about."""

    stage: str
    reason: Reason
    trials: frozenset[str]

    @property
    def cameras(self) -> frozenset[str]:
        """The cameras that it blames."""
        return frozenset(re.findall(r"\bcam\d+\b", self.reason.blame))


def charge(stage: str, reason: Reason, trial: str | None, trials: Iterable[str]) -> Charge:
    """The charge of a trial's reason, or, without a trial, of a session's: about the trials that it names, or about all."""
    named = frozenset([trial] if trial else re.findall(r"\bT\d+\b", f"{reason.text} {reason.blame}"))
    return Charge(stage, reason, named or frozenset(trials))


def names_the_fault(study: Study, item: Charge) -> bool:
    """True where a charge names the right stage, cause, camera and trials, and no others."""
    blame = study.blame
    if blame is None or item.stage not in STAGES[study.fault] or not re.search(WORDS[study.fault], item.reason.text):
        return False
    concerned = set(blame.trials)
    if study.fault == "bumped camera" and "moved between" in item.reason.text:  # it names the last trial before as well
        concerned |= {f"T{int(blame.trials[0][1:]) - 1}"}
    if not item.trials <= concerned:
        return False
    if blame.also:
        return bool(item.cameras & {blame.camera, blame.also}) and {blame.camera, blame.also} <= _cameras(
            item.reason.text
        )
    if blame.camera:
        return item.cameras == {blame.camera}
    return not item.cameras or item.cameras == set(study.given.names)


def mended(study: Study, offset_s: Mapping[str, Mapping[str, float]]) -> bool:
    """True where the fault is an offset and it was found, to half a frame, and no other camera was moved.

    Parameters
    ----------
    study : Study
        The session.
    offset_s : dict of str to dict of str to float
        By trial and camera, the offsets that were taken.
    """
    if not study.offset_s:
        return False
    for trial, taken in offset_s.items():
        true = np.array([study.offset_s.get((trial, name), 0.0) for name in study.given.names])
        error = np.array([taken[name] for name in study.given.names]) - true
        if np.ptp(error) > 0.5 / FPS_HZ:
            return False
    return True


def wrongly_blamed(study: Study, charges: Sequence[Charge]) -> list[str]:
    """The cameras that are blamed and not at fault, with the trial; and on a healthy session everything that is blamed."""
    blame = study.blame
    right = {blame.camera, blame.also} if blame else set()
    found = set()
    for item in charges:
        whole_rig = item.cameras == set(study.given.names)
        for camera in item.cameras - right if not whole_rig or blame is None else ():
            found.add(f"{camera} in {' '.join(sorted(item.trials))} ({item.stage})")
        if blame is None and not item.cameras:
            found.add(f"{item.reason.blame or item.reason.text} ({item.stage})")
        if whole_rig and blame is not None and blame.camera:
            found.add(f"all cameras in {' '.join(sorted(item.trials))} ({item.stage})")
    return sorted(found)


def _cameras(text: str) -> set[str]:
    return set(re.findall(r"\bcam\d+\b", text))
