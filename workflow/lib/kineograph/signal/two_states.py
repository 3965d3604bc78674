"""Which of two states each frame is in, when changing costs something."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray


def decide(gain: FloatArray, change_cost: float) -> BoolArray:
    """The likeliest sequence of two states, by the Viterbi algorithm.

    Source: Forney 1973, The Viterbi algorithm, doi:10.1109/PROC.1973.9030.

    Parameters
    ----------
    gain : (F, N) array
        What the second state gains over the first in each frame of N series; may be negative.
    change_cost : float
        What a change of state costs. Before the first and after the last frame the state is the first.

    Returns
    -------
    (F, N) array of bool
        True where the second state is likelier.
    """
    second = np.zeros(gain.shape, bool)
    columns = np.flatnonzero((gain > 0).any(axis=0))
    if not len(columns):
        return second
    some = gain[:, columns]
    lead = np.full(len(columns), -change_cost)  # of the best sequence that ends in the second state over the other
    from_second = np.empty((len(some), 2, len(columns)), bool)  # where the best way into each state comes from
    for frame, here in enumerate(some):
        from_second[frame, 0] = lead > change_cost
        from_second[frame, 1] = lead >= -change_cost
        lead = np.clip(lead, -change_cost, change_cost) + here
    state = lead > change_cost
    index = np.arange(len(columns))
    for frame in range(len(some) - 1, -1, -1):
        second[frame, columns] = state
        state = from_second[frame, state.astype(int), index]
    return second
