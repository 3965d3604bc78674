"""Which cameras saw a movement by which their times can be compared, from the table of their lags."""

from __future__ import annotations

import numpy as np

from kineograph.geometry.lags import LagTable
from kineograph.model.shapes import BoolArray

MISFIT = 3.0
"""A camera whose views disagree with the others' by so many times their own disagreement, at any lag, does not fit ..."""
MISFIT_CONTRAST = 1.5
"""... unless the disagreement at the other lags is larger by this factor."""
MOVING_CONTRAST = 1.1
"""Movement tells the time of a camera if disagreement over all lags (median) is larger than at the best by this factor."""


def without_misfits(table: LagTable, together: BoolArray) -> tuple[BoolArray, list[int]]:
    """The cameras (C,) that fit each other at some lags, and those that don't fit them at any."""
    together, misfits = together.copy(), []
    while together.sum() > 2:
        here = table.restricted(together)
        worst, size = -1, MISFIT
        for camera in np.flatnonzero(together):
            own = [curve for pair, curve in here.plain.items() if camera in pair]
            others = [float(curve.min()) for pair, curve in here.plain.items() if camera not in pair]
            if not own or not others:
                continue
            least = float(np.median([curve.min() for curve in own]))
            contrast = float(np.median([np.median(curve) / max(curve.min(), 1e-9) for curve in own]))
            times = least / max(float(np.median(others)), 1e-9)
            if contrast < MISFIT_CONTRAST and times > size:
                worst, size = int(camera), times
        if worst < 0:
            break
        together[worst] = False
        misfits.append(worst)
    return together, sorted(misfits)


def without_still(table: LagTable, together: BoolArray) -> tuple[BoolArray, list[int]]:
    """The cameras (C,) that saw enough movement to tell their time by, and those that didn't."""
    here = table.restricted(together)
    offset = here.best_offsets(int(np.flatnonzero(together)[0]))
    moving = together.copy()
    for camera in np.flatnonzero(together):
        profile = here.profile(int(camera), offset)
        known = profile[np.isfinite(profile)]
        moving[camera] = known.size > 0 and float(np.median(known)) > MOVING_CONTRAST * float(known.min())
    return moving, np.flatnonzero(together & ~moving).tolist()
