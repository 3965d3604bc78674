"""Who gets which: pairs of rows and columns, each at most once, of the smallest sum of costs."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray


def cheapest_pairs(cost: FloatArray) -> tuple[IntArray, IntArray]:
    """The pairs of the smallest sum; as many as the smaller side has.

    Where each of the smaller side has a cheapest partner of its own, that is the only solution, and the one that
    :func:`scipy.optimize.linear_sum_assignment` gives: a person or two, frame after frame, do not need it, nor the half
    second that importing it takes.

    Parameters
    ----------
    cost : (R, C) array
        Costs; infinite where a pair must not be.

    Returns
    -------
    rows, columns : arrays of int
        The pairs, in the order of the rows.

    Raises
    ------
    ValueError
        Where a cost is NaN, or no set of pairs is finite.
    """
    own = _own_partners(cost if cost.shape[0] <= cost.shape[1] else cost.T)
    if own is not None:
        each = np.arange(len(own))
        if cost.shape[0] <= cost.shape[1]:
            return each, own
        order = np.argsort(own)
        return own[order], each[order]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    return np.asarray(rows), np.asarray(columns)


def _own_partners(cost: FloatArray) -> IntArray | None:
    """Each row's cheapest column, where it has only one and no other row has the same; else None."""
    if not cost.size or not np.isfinite(cost).all():
        return None
    partner = cost.argmin(axis=1)
    only = (cost == cost.min(axis=1, keepdims=True)).sum(axis=1) == 1
    taken_once = len(set(partner.tolist())) == len(partner)
    return np.asarray(partner) if only.all() and taken_once else None
