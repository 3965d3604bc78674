"""Joining the stretches of the same person over the times in which nobody saw them, by the best joining of all at once.

The stretches are the nodes of a graph, the joints its edges; the cheapest set of disjoint paths is an assignment of ends to
beginnings (min-cost flow with unit capacities; Zhang, Li and Nevatia 2008, doi:10.1109/CVPR.2008.4587584). Costs are
negative logarithms of likelihoods: of the places and velocities, given how far people come and turn in the time, and of the
bodies' sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.body_size import BodySize
from kineograph.geometry.followed import Stretch
from kineograph.model.shapes import FloatArray
from kineograph.signal.assignment import cheapest_pairs

FAR = 1e6
"""Cost of a joint that can't be."""
NO_JOINT = 12.0
"""Cost of an end without a continuation: a joint that is dearer isn't made (three standard deviations, and a room's spread)."""
UNDECIDED = 3.0
"""Another joining that costs less than this more is as likely as 1 to 20: too likely to be passed over in silence."""
PLACE_M = 0.12
"""Standard deviation of a place right after a person was seen, m."""
VELOCITY_M_S = 0.3
"""Standard deviation of a velocity right after a person was seen, m/s: the trunk sways with each step."""
TURN_M_S2 = 1.0
"""How much people speed up and turn while unseen, m/s2, as a standard deviation."""
ROOM_M = 3.0
"""After a long time a person may be anywhere in a volume of this standard deviation, m."""
COAST_S = 0.5
"""People keep their velocity for about this long, s."""
VELOCITY_S = 0.2
"""Velocities at the ends are taken over this time, s."""
LIKELY_S = 0.5
"""Shorter stretches don't count as another explanation of a joint."""


@dataclass(frozen=True)
class Doubt:
    """Two people who may have been exchanged.

    Attributes
    ----------
    people : (int, int)
        The two.
    from_frame, to_frame : int
        The frames between which it may have happened.
    """

    people: tuple[int, int]
    from_frame: int
    to_frame: int


@dataclass(frozen=True)
class Joining:
    """Who is made of which stretches.

    Attributes
    ----------
    people : tuple of tuples of int
        The stretches of each person, in order of time.
    doubts : tuple of Doubt
        Joints that another joining would have made otherwise at nearly the same cost.
    """

    people: tuple[tuple[int, ...], ...]
    doubts: tuple[Doubt, ...]


def join(
    stretches: Sequence[Stretch], sizes: BodySize, fps_hz: float, max_distance_m: float, max_speed_m_s: float
) -> Joining:
    """Join stretches into people.

    Parameters
    ----------
    stretches : sequence of Stretch
        The stretches.
    sizes : BodySize
        Their bone lengths.
    fps_hz : float
        Rate of the frames, Hz.
    max_distance_m, max_speed_m_s : float
        Nobody is farther from where they were than the distance and what they can run in the time.
    """
    count = len(stretches)
    if not count:
        return Joining((), ())
    cost = joint_costs(stretches, sizes, fps_hz, max_distance_m, max_speed_m_s)
    alone = np.where(np.eye(count, dtype=bool), NO_JOINT, FAR)
    ends, starts = cheapest_pairs(np.concatenate([cost, alone], axis=1))
    follower = {int(i): int(j) for i, j in zip(ends, starts, strict=True) if j < count}
    people = []
    for head in sorted(set(range(count)) - set(follower.values()), key=lambda i: int(stretches[i].frames[0])):
        path = [head]
        while path[-1] in follower:
            path.append(follower[path[-1]])
        people.append(tuple(path))
    return Joining(tuple(people), tuple(_doubts(stretches, cost, follower, people, fps_hz)))


def joint_costs(
    stretches: Sequence[Stretch], sizes: BodySize, fps_hz: float, max_distance_m: float, max_speed_m_s: float
) -> FloatArray:
    """The cost (S, S) of each stretch going on as each other one; FAR where it can't."""
    step_s = 1 / fps_hz if fps_hz > 0 else 1.0
    begin = np.array([part.frames[0] for part in stretches])
    end = np.array([part.frames[-1] for part in stretches])
    gap_s = (begin[None] - end[:, None]) * step_s
    few = max(2, round(VELOCITY_S / step_s))
    last = [_end_state(part.frames[-few:], part.centre_m[-few:], step_s, -1) for part in stretches]
    first = [_end_state(part.frames[:few], part.centre_m[:few], step_s, 0) for part in stretches]
    last_m, last_m_s = (np.array(values)[:, None] for values in zip(*last, strict=True))
    first_m, first_m_s = (np.array(values)[None] for values in zip(*first, strict=True))
    time_s = np.maximum(gap_s, step_s)
    coast_s = COAST_S * (1 - np.exp(-time_s / 2 / COAST_S))[..., None]
    missed = np.linalg.norm((first_m - coast_s * first_m_s) - (last_m + coast_s * last_m_s), axis=-1)
    spread = np.minimum(PLACE_M + TURN_M_S2 * time_s**2, PLACE_M + ROOM_M * (1 - np.exp(-time_s)))
    ratio, error = sizes.log_ratio()
    place = 0.5 * (missed / spread) ** 2 + 2 * np.log(spread / PLACE_M)
    turned = np.linalg.norm(first_m_s - last_m_s, axis=-1) / (VELOCITY_M_S + TURN_M_S2 * time_s)
    cost = place + 0.5 * np.minimum(turned**2, 9.0) + 0.5 * np.minimum((ratio / error) ** 2, 25.0)
    reachable = np.linalg.norm(first_m - last_m, axis=-1) <= max_distance_m + max_speed_m_s * gap_s
    possible: FloatArray = np.where((gap_s > 0) & reachable, cost, FAR)
    return possible


def _end_state(frames: np.ndarray, centre_m: FloatArray, step_s: float, which: int) -> tuple[FloatArray, FloatArray]:
    """Place and velocity at an end of a stretch, from a straight line through its last or first moments."""
    time_s = (frames - frames[which]) * step_s
    if len(frames) < 4:
        return centre_m[which], np.zeros(3)
    middle = time_s - time_s.mean()
    velocity = (middle[:, None] * centre_m).sum(axis=0) / (middle**2).sum()
    return centre_m.mean(axis=0) - velocity * time_s.mean(), velocity


def _doubts(
    stretches: Sequence[Stretch],
    cost: FloatArray,
    follower: dict[int, int],
    people: list[tuple[int, ...]],
    fps_hz: float,
) -> list[Doubt]:
    """The joints that could as well have been made otherwise: exchanged with another joint, or with an open end."""
    person = {stretch: index for index, path in enumerate(people) for stretch in path}
    starts = set(follower.values())
    weighty = {i for i, part in enumerate(stretches) if len(part.frames) >= LIKELY_S * fps_hz}
    found = []
    for one, after in follower.items():
        for other in weighty - {one}:
            if person[other] == person[one]:
                continue
            its = follower.get(other)
            other_way = cost[other, after] + (cost[one, its] if its is not None else 0.0)
            this_way = cost[one, after] + (cost[other, its] if its is not None else 0.0)
            if other_way - this_way < UNDECIDED and (its is None or one < other):
                found.append(_doubt(stretches, person, one, other, after))
        for other in weighty - starts - {after}:
            if person[other] != person[one] and cost[one, other] - cost[one, after] < UNDECIDED:
                found.append(_doubt(stretches, person, one, other, after))
    return found


def _doubt(stretches: Sequence[Stretch], person: dict[int, int], one: int, other: int, after: int) -> Doubt:
    """The joint of `one` and `after`, in which `other` may have a part."""
    first, second = sorted((person[one], person[other]))
    return Doubt((first, second), int(stretches[one].frames[-1]), int(stretches[after].frames[0]))
