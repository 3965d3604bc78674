"""Are a session's people as large as stated, and of one size in all trials?

Where they are not in all trials alike, it is the calibration's scale that is wrong; where in one, it is somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kineograph.model.report import Reason
from kineograph.stages.body_plausibility import AS_STATED

WARN_FACTOR = 1.15
"""Heights from keypoints are off by a tenth or so, but alike in all trials: a factor beyond this is not theirs."""
ALIKE = 0.06
"""Heights of one person differ by less than this part from trial to trial."""

Heights = Mapping[str, Mapping[str, float]]
"""Trial -> participant -> height, m."""


def size_reasons(found_m: Heights, stated_m: Mapping[str, float], cameras: Sequence[str]) -> list[Reason]:
    """What speaks against the calibration's scale, or against a trial's participant being who the sheet says.

    Parameters
    ----------
    found_m : dict of str to dict of str to float
        Heights as measured, by trial and participant, m.
    stated_m : dict of str to float
        Heights as stated, m.
    cameras : sequence of str
        All cameras of the calibration.
    """
    names = sorted({name for own in found_m.values() for name in own})
    reasons = [reason for name in names for reason in _odd(name, found_m)]
    return reasons or _scale(found_m, stated_m, cameras)


def _odd(name: str, found_m: Heights) -> list[Reason]:
    """A warning for the trial in which a participant is of another size than in all others, which agree."""
    own = {trial: heights[name] for trial, heights in found_m.items() if np.isfinite(heights.get(name, np.nan))}
    for trial, height in own.items():
        others = np.array([value for other, value in own.items() if other != trial])
        if len(others) < 2 or np.ptp(others) > ALIKE * others.mean():
            continue
        usual = float(np.median(others))
        if abs(height / usual - 1) > ALIKE:
            return [
                Reason(
                    "warn",
                    f"{name} would be {height:.2f} m tall in {trial} by the thighs, and {usual:.2f} m in the other trials",
                    f"trial {trial}",
                    "is it the same person? If so, does the calibration hold for that trial?",
                )
            ]
    return []


def _scale(found_m: Heights, stated_m: Mapping[str, float], cameras: Sequence[str]) -> list[Reason]:
    """A verdict on the calibration where everybody is larger, or smaller, than stated by one factor."""
    factors = {
        (trial, name): height / stated_m[name]
        for trial, heights in found_m.items()
        for name, height in heights.items()
        if name in stated_m and np.isfinite(height)
    }
    if not factors:
        return []
    factor = float(np.median(list(factors.values())))
    alike = np.mean([abs(value / factor - 1) < ALIKE for value in factors.values()])
    size = max(factor, 1 / factor)
    if size < WARN_FACTOR or alike < 0.8:
        return []
    people = sorted({name for _, name in factors})
    who = f"all {len(people)} participants are" if len(people) > 1 else f"{people[0]} is"
    or_sheet = "" if len(people) > 1 else ", or the height in participants.tsv"
    return [
        Reason(
            "fail" if size > AS_STATED or len(people) > 1 else "warn",
            f"{who} {factor:.2f} times as tall as stated, in all trials alike: the lengths of the calibration are wrong by that "
            f"factor{or_sheet}",
            f"cameras {', '.join(cameras)}",
            "is the board's square (boards.square_m) or the calibration's unit right? All distances are wrong by that factor",
        )
    ]
