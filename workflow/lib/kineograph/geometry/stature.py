"""How tall a person is, from the keypoints of a standing or walking body: what an augmenter asks for.

Augmenters place markers before any model is scaled, so the segments are added up from heel to head. Where a model is scaled,
its own proportions tell the height: :mod:`kineograph.stages.body_proportions`. On the demo they tell 1.72 and 1.66 m;
neither is handed on to the other stage.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.geometry.flexion import flexion_deg
from kineograph.model.shapes import FloatArray

SEGMENTS = (("Heel", "Ankle"), ("Ankle", "Knee"), ("Knee", "Hip"), ("Hip", "Shoulder"))
"""From the floor to the shoulders, on each side."""
HEAD, ABOVE_HEAD = "Head", 1.008
NOSE, ABOVE_NOSE = "Nose", 1.5
"""From between the shoulders to the top of the head, as a multiple of the distance of a keypoint there."""
HEEL_M = 0.1
"""From the floor to the ankle, where no heel is known."""
LARGEST_FLEXION_DEG = 90.0
TRIMMED = 0.5
PLAUSIBLE_M = (0.8, 2.4)


def stature_m(names: Sequence[str], position_m: FloatArray) -> float:
    """A person's height: the lengths from heel to shoulder on both sides, and of neck and head, added up frame by frame.

    Of all frames with hips and knees less bent than 90 degrees, the half in the middle is averaged. Source: Pose2Sim 0.10
    (`common.py`, compute_height).

    Parameters
    ----------
    names : sequence of str
        M markers.
    position_m : (F, M, 3) array
        m, NaN where missing.

    Returns
    -------
    float
        m; NaN where the keypoints don't tell, or tell no person's height.
    """

    def at(name: str) -> FloatArray:
        return position_m[:, names.index(name)] if name in names else np.full((len(position_m), 3), np.nan)

    def apart(one: FloatArray, other: FloatArray) -> FloatArray:
        distance: FloatArray = np.linalg.norm(one - other, axis=-1)
        return distance

    total = np.zeros(len(position_m))
    bent = np.zeros(len(position_m), bool)
    for side in "RL":
        for low, high in SEGMENTS:
            length = apart(at(side + low), at(side + high))
            total += (np.where(np.isnan(length), HEEL_M, length) if low == "Heel" else length) / 2
        for limb in (("Shoulder", "Hip", "Knee"), ("Hip", "Knee", "Ankle")):
            angle = flexion_deg(np.stack([at(side + name) for name in limb], axis=1))
            bent |= np.nan_to_num(angle) > LARGEST_FLEXION_DEG
    middle = (at("RShoulder") + at("LShoulder")) / 2
    head = ABOVE_HEAD * apart(middle, at(HEAD)) if HEAD in names else ABOVE_NOSE * apart(middle, at(NOSE))
    heights = np.sort((total + head)[~bent & np.isfinite(total + head)])
    cut = int(len(heights) * TRIMMED / 2)
    kept = heights[cut : len(heights) - cut]
    height = float(kept.mean()) if kept.size else float("nan")
    return height if PLAUSIBLE_M[0] <= height <= PLAUSIBLE_M[1] else float("nan")
