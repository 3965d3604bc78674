"""Are the people found as large as people are? If not, the calibration's lengths are wrong: of its unit, or of its board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kineograph.model.report import Reason
from kineograph.model.shapes import FloatArray

THIGH_PER_HEIGHT = 0.245
"""Length of the thigh, hip to knee, relative to standing height (Winter, Biomechanics and Motor Control, 4th ed., fig. 4.1)."""
PLAUSIBLE_M = (0.6, 2.6)
"""Heights of people, with room for what keypoints are off their joints by."""
AS_STATED = 1.25
"""A height that differs from the stated one by more than this factor is not the keypoints' error: that is a tenth or so."""


def heights_m(length_m: FloatArray, bones: Sequence[tuple[str, str]]) -> FloatArray:
    """Standing heights (N,) of people with bones of these lengths (N, B), m; NaN where no thigh was measured.

    Parameters
    ----------
    length_m : (N, B) array
        m; NaN where not measured.
    bones : sequence of (str, str)
        The keypoints at the ends of each bone.
    """
    thighs = [index for index, ends in enumerate(bones) if {end[1:] for end in ends} == {"Hip", "Knee"}]
    own = length_m[:, thighs]
    known = np.isfinite(own)
    total: FloatArray = np.where(known, own, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan) / THIGH_PER_HEIGHT


def implausible_heights(
    found_m: Mapping[str, float], stated_m: Mapping[str, float], cameras: Sequence[str]
) -> list[Reason]:
    """A failing verdict for each participant who is larger or smaller than people are, or than was stated."""
    reasons = []
    for name, height in found_m.items():
        stated = stated_m.get(name)
        low, high = (stated / AS_STATED, stated * AS_STATED) if stated else PLAUSIBLE_M
        if not np.isfinite(height) or low <= height <= high:
            continue
        wanted = f"{stated:.2f} m in the participants' sheet" if stated else f"{low:.1f} to {high:.1f} m"
        factor = f", {height / stated:.2f} times as large as stated" if stated else ""
        reasons.append(
            Reason(
                "fail",
                f"{name} would be {height:.2f} m tall by the thighs ({wanted}){factor}: the lengths of the calibration are wrong",
                f"cameras {', '.join(cameras)}",
                "is the board's square (boards.square_m) or the calibration's unit right? All distances are wrong by that factor",
                "everything",
            )
        )
    return reasons
