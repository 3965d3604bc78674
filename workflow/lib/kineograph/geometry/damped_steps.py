"""Damped Gauss-Newton steps, none of which makes the cost larger: where one would, it is tried anew with more damping."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

LEAST_DAMPING = 1e-9
MOST_DAMPING = 1e5

State = TypeVar("State")
Attempt = Callable[[float], tuple[State, float]]
"""From a damping to the state that the step comes to, and the step's length."""


def descend(
    state: State,
    cost: Callable[[State], float],
    linearised: Callable[[State], Attempt[State]],
    *,
    first_damping: float,
    least_raised: float,
    steps: int,
    tolerance: float,
) -> State:
    """The state that steps come to. Source: Marquardt 1963, doi:10.1137/0111030.

    Parameters
    ----------
    state
        Where to begin.
    cost : callable
        What is made small.
    linearised : callable
        The steps from a state, by their damping.
    first_damping : float
        A tenth of it after each step.
    least_raised : float
        Damping that is too little is taken for at least so much, and then tenfold.
    steps : int
        At most so many.
    tolerance : float
        Settled when a step is shorter.
    """
    total, damping = cost(state), first_damping
    for _ in range(steps):
        attempt = linearised(state)
        while damping < MOST_DAMPING:
            new, length = attempt(damping)
            new_total = cost(new)
            if new_total <= total:
                break
            damping = max(damping, least_raised) * 10
        else:
            break
        state, total, damping = new, new_total, max(damping * 0.1, LEAST_DAMPING)
        if length < tolerance:
            break
    return state
