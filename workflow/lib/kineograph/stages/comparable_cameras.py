"""Which cameras saw a movement by which their times can be compared, from the table of their lags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.geometry.lags import LagTable, tabulate
from kineograph.geometry.view_pairs import Pair
from kineograph.model.pieces import Piece
from kineograph.model.shapes import BoolArray, FloatArray

MISFIT = 3.0
"""A camera whose views disagree with the others' by so many times their own disagreement, at any lag, does not fit ..."""
MISFIT_CONTRAST = 1.5
"""... unless the disagreement at the other lags is larger by this factor."""
CLEAR_CONTRAST = 2.0
"""Where it is larger by this factor, no offset beyond the limit is looked for."""
BEYOND_S = 2.0
"""So far beyond the limit a camera is looked for that fits nowhere within it clearly ..."""
BEYOND_LENGTH = 0.6
"""... but no farther than this part of the trial, as little is shared then ..."""
BEYOND_BETTER = 0.6
"""... and it is there if its disagreement is smaller than this part of the smallest within the limit."""
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
    plain = LagTable(here.plain, here.limit, here.cameras)  # evidence also shrinks with what is shared at a lag
    for camera in np.flatnonzero(together):
        profile = plain.profile(int(camera), offset)
        known = profile[np.isfinite(profile)]
        moving[camera] = known.size > 0 and float(np.median(known)) > MOVING_CONTRAST * float(known.min())
    return moving, np.flatnonzero(together & ~moving).tolist()


def beyond_the_limit(
    people: Sequence[Sequence[Piece]],
    matrices: dict[Pair, FloatArray],
    table: LagTable,
    together: BoolArray,
    frames: int,
    fps_hz: float,
    *,
    step: int,
) -> dict[int, float]:
    """The cameras that fit the others at a larger offset than the table's limit only: that offset, frames.

    The first camera is the reference, and where all others fit it at large offsets only, it is the one.
    """
    limit = int(min(table.limit + BEYOND_S * fps_hz, BEYOND_LENGTH * frames))
    if limit <= table.limit or together.sum() < 2:
        return {}
    here = table.restricted(together)
    offset = here.best_offsets(int(np.flatnonzero(together)[0]))
    found = {}
    for camera in np.flatnonzero(together).tolist():
        others = together & (np.arange(len(together)) != camera)
        about = offset - round(
            float(np.median(offset[others]))
        )  # whichever camera is the first: the others are in step
        profile = here.profile(camera, offset)
        known = profile[np.isfinite(profile)]
        if known.size and np.median(known) > CLEAR_CONTRAST * known.min():
            continue
        own = {
            (i, j): matrix for (i, j), matrix in matrices.items() if camera in (i, j) and together[i] and together[j]
        }
        wide = tabulate(people, own, np.arange(frames), limit, step).profile(camera, about)
        inside = np.abs(np.arange(-limit, limit + 1)) <= table.limit
        best = int(np.argmin(np.where(inside, np.inf, wide)))
        if wide[best] < BEYOND_BETTER * wide[inside].min():
            found[camera] = float(best - limit)
    return _without_followers(found, together)


def _without_followers(found: dict[int, float], together: BoolArray) -> dict[int, float]:
    """Of two cameras that are far from each other, one: the later one."""
    return found if len(found) < together.sum() else dict(list(found.items())[1:])
