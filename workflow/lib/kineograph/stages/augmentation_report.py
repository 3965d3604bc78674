"""Can a network's markers be used? Its answers, judged by the keypoints that they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kineograph.catalog.augmenters import AugmenterCard, MarkerNetworkCard
from kineograph.model.points import Points3D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray, finite

STAGE = "augmentation"
FEWEST_COMPLETE = 0.8
"""Part of the participant's frames that must have all keypoints a network takes, or it is not asked."""
FARTHEST_M = 0.12
"""Joints' markers are this near their keypoints: in squats, lying or with raised arms at most 0.10 m, half that on average."""
MOST_FAR = 0.05
"""With joints farther off in more frames than this part, the network's answer is left out."""
WARN_ARMS_UP = 0.2


@dataclass(frozen=True)
class Answer:
    """What a network says of a participant.

    Attributes
    ----------
    participant : str
        The participant.
    network : MarkerNetworkCard
        The network.
    height_m : float
        The height that it was told, m; NaN where unknown, and then it was not asked.
    height_given : bool
        True where the height is not estimated.
    position_m, covariance_m2 : (F, O, 3) and (F, O, 3, 3) arrays
        Its markers, in its axes, m; NaN in frames in which it was not asked.
    names : tuple of str
        The M markers from which it was asked, and others.
    markers_m : (F, M, 3) array
        Where they were, m.
    """

    participant: str
    network: MarkerNetworkCard
    height_m: float
    height_given: bool
    position_m: FloatArray
    covariance_m2: FloatArray
    names: tuple[str, ...]
    markers_m: FloatArray

    @property
    def answered(self) -> BoolArray:
        """Frames (F,) with markers."""
        return np.asarray(finite(self.position_m).all(axis=1))

    def of_markers(self, name: str) -> FloatArray:
        """One of the markers from which it was asked, (F, 3); NaN where there is none."""
        missing = np.full((len(self.markers_m), 3), np.nan)
        return self.markers_m[:, self.names.index(name)] if name in self.names else missing

    def distances_m(self) -> dict[str, FloatArray]:
        """How far the mean of its markers around each joint is from the joint's keypoint, (F,), m."""
        return {
            joint: np.linalg.norm(
                self.position_m[:, [self.network.outputs.index(part) for part in parts]].mean(axis=1)
                - self.of_markers(joint),
                axis=-1,
            )
            for joint, parts in self.network.near.items()
        }


def report_on(
    points: Points3D, card: AugmenterCard, lacking: Sequence[str], answers: Sequence[Answer]
) -> tuple[StageReport, list[Answer]]:
    """The report, and the answers that may be used.

    Parameters
    ----------
    points : Points3D
        The keypoints.
    card : AugmenterCard
        The augmenter.
    lacking : sequence of str
        Keypoints without which it can't do anything, and that the skeleton has not.
    answers : sequence of Answer
        Of each network on each participant.
    """
    came_in = {"frames": points.n_frames, "participants": list(points.participants), "augmenter": card.name}
    if lacking or not answers:
        return StageReport(STAGE, came_in, {"augmented": {}}, (_no_answer(points, card, lacking),)), []
    reasons: list[Reason] = []
    accepted: list[Answer] = []
    for participant in points.participants:
        own = [answer for answer in answers if answer.participant == participant]
        doubts = [(answer, _doubt(answer)) for answer in own]
        reasons += [reason for _, reason in doubts if reason]
        if any(reason for answer, reason in doubts if answer.network.required):
            continue
        accepted += [answer for answer, reason in doubts if not reason]
        reasons += _remarks(accepted, participant, card)
    came_out: dict[str, Any] = {"augmented": {answer.participant: {} for answer in accepted}}
    for answer in accepted:
        came_out["augmented"][answer.participant][answer.network.name] = _figures(answer)
    return StageReport(STAGE, came_in, came_out, worst_first(reasons)), accepted


def _no_answer(points: Points3D, card: AugmenterCard, lacking: Sequence[str]) -> Reason:
    if not points.n_frames:
        return Reason("warn", "no frame came in", "", "see the earlier stages' verdicts")
    return Reason(
        "warn",
        f"{card.name} needs {', '.join(lacking)}, which the skeleton {points.skeleton} has not: no marker is added",
        "",
        "take a network that finds heels and toes, or set augmentation.method to none",
    )


def _doubt(answer: Answer) -> Reason | None:
    """Why an answer can't be used; None where it can."""
    item, who = answer.network, f"participant {answer.participant}"
    left_out = f"the {item.name} markers of {answer.participant} are left out"
    if not np.isfinite(answer.height_m):
        text = f"{answer.participant}'s height is not given, and the keypoints don't tell it: {left_out}"
        return Reason("warn", text, who, "add height_m to participants.tsv")
    present = finite(answer.markers_m).any(axis=1)
    share = answer.answered.sum() / max(int(present.sum()), 1)
    if share < FEWEST_COMPLETE:
        seen = {name: float(finite(answer.of_markers(name)).sum()) for name in item.inputs}
        worst = min(seen, key=lambda name: seen[name])
        text = f"only {share:.0%} of the frames have all keypoints for them (wanted: {FEWEST_COMPLETE:.0%}): {left_out}"
        return Reason("warn", text, f"keypoint {worst}", "see in the triangulation's verdict why they are missing")
    distance = answer.distances_m()
    far = np.stack(list(distance.values()), axis=1) > FARTHEST_M
    if far.any(axis=1).sum() > MOST_FAR * answer.answered.sum():
        joint = list(distance)[int(far.sum(axis=0).argmax())]
        text = (
            f"{joint}'s markers would be {np.nanmax(distance[joint]) * 1e3:.0f} mm from it (plausible: under "
            f"{FARTHEST_M * 1e3:.0f} mm), so this is no body or pose that the network knows: {left_out}"
        )
        return Reason("warn", text, f"keypoint {joint}", "look at the keypoints, and at the height in participants.tsv")
    return None


def _remarks(accepted: Sequence[Answer], participant: str, card: AugmenterCard) -> list[Reason]:
    """What to know of a participant's markers that are used."""
    own = [answer for answer in accepted if answer.participant == participant]
    reasons = []
    if not own[0].height_given:
        text = f"{participant}'s height is not given: {own[0].height_m:.2f} m, from the keypoints, is taken"
        reasons.append(Reason("warn", text, f"participant {participant}", "add height_m to participants.tsv", "note"))
    raised = _arms_up(own[0])
    if raised > WARN_ARMS_UP:
        text = (
            f"{participant}'s arms are over the head in {raised:.0%} of the frames, where elbows are placed 3 cm worse"
        )
        reasons.append(Reason("warn", text, f"participant {participant}", "", "note"))
    missing = int((~own[0].answered).sum())
    if missing:
        text = f"{missing} frames of {participant} have no markers of {card.name}, since keypoints are missing in them"
        frame = int(np.flatnonzero(~own[0].answered)[0])
        reasons.append(Reason("warn", text, f"frame {frame}", "they will have no joint angles"))
    return reasons


def _arms_up(answer: Answer) -> float:
    """Part of the frames with an elbow farther along the trunk than the nose."""
    hips = (answer.of_markers("RHip") + answer.of_markers("LHip")) / 2
    trunk = answer.of_markers("Neck") - hips
    along = {name: (answer.of_markers(name) * trunk).sum(axis=-1) for name in ("Nose", "RElbow", "LElbow")}
    raised = np.fmax(along["RElbow"], along["LElbow"]) > along["Nose"]
    return float(raised.mean()) if len(raised) else 0.0


def _figures(answer: Answer) -> dict[str, Any]:
    deviation = np.sqrt(np.trace(answer.covariance_m2[answer.answered], axis1=-2, axis2=-1))
    return {
        "height_m": answer.height_m,
        "height_given": answer.height_given,
        "frames": int(answer.answered.sum()),
        "from_joint_mm": {joint: float(np.nanmedian(d) * 1e3) for joint, d in answer.distances_m().items()},
        "uncertainty_mm": float(np.median(deviation) * 1e3),
    }
