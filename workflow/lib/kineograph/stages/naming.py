"""Which of the people found is which participant: by where they start, else by height, else by how well each is seen.

Somebody who is seen as well as a participant without being one is told from them by moving about less, with a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.body_size import BodySize
from kineograph.model.report import Reason
from kineograph.model.shapes import FloatArray
from kineograph.signal.assignment import cheapest_pairs

LEAST_SUPPORT = 0.1
"""Somebody with a smaller part of the detections of the best supported person isn't looked at as a participant by place."""
FAR_FROM_START_M = 1.0
"""A participant who is first seen farther from the start that the configuration names gets a warning."""
AS_WELL_SEEN = 0.8
"""People whose supports differ by less than this part are seen equally well."""
HEIGHT_DIFFERENCE_M = 0.03
"""Smaller differences of height can't be measured from keypoints."""
SURE = 2.0
"""Sizes differ measurably by so many standard errors."""


@dataclass(frozen=True)
class Found:
    """The people found.

    Attributes
    ----------
    support : sequence of int
        Number of detections of each.
    first_m : (N, 3) array
        Where each was first seen, m.
    extent_m : (N,) array
        How far about each moves: from the 5th to the 95th percentile of where the trunk is, m.
    size : BodySize
        Their bone lengths.
    """

    support: Sequence[int]
    first_m: FloatArray
    extent_m: FloatArray
    size: BodySize


@dataclass(frozen=True)
class Naming:
    """Who is who.

    Attributes
    ----------
    person : dict of str to int
        The person found for each participant; without those for whom there is nobody.
    by : dict of str to str
        What decided: ``start``, ``height``, ``support``, or ``only`` where there was nothing to decide.
    reasons : tuple of Reason
        What can't be trusted about it.
    """

    person: dict[str, int]
    by: dict[str, str]
    reasons: tuple[Reason, ...]


def name_people(
    found: Found,
    participants: Sequence[str],
    start_m: Mapping[str, Sequence[float]],
    height_m: Mapping[str, float],
) -> Naming:
    """Choose the participants among the people found.

    Parameters
    ----------
    found : Found
        The people.
    participants : sequence of str
        Who is in the trial.
    start_m : mapping of str to (x, y)
        Where participants are first seen in the world, m; those of other trials are left aside.
    height_m : mapping of str to float
        Heights of participants, as far as they are known, m.
    """
    person, reasons = _by_start(found, {name: start_m[name] for name in participants if name in start_m})
    by = dict.fromkeys(person, "start")
    rest = [name for name in participants if name not in person]
    others = [index for index in range(len(found.support)) if index not in person.values()]
    seen, rivals = _best_seen(found, others, rest)
    reasons += rivals
    if len(rest) > 1:
        named, decided, more = _by_height(found.size, seen, rest, height_m)
        reasons += more
        by |= {name: "height" if name in decided else "support" for name in named}
    else:
        named = dict(zip(rest, seen, strict=False))
        by |= dict.fromkeys(named, "support" if len(participants) > 1 else "only")
    return Naming(person | named, by, tuple(reasons))


def _best_seen(found: Found, others: Sequence[int], names: Sequence[str]) -> tuple[list[int], list[Reason]]:
    """As many of the others as there are names, best seen first; of those seen equally well, who moves about most."""
    order = sorted(others, key=lambda index: -found.support[index])
    if not names or len(order) <= len(names):
        return order[: len(names)], []
    last = found.support[order[len(names) - 1]]
    certain = [index for index in order if found.support[index] * AS_WELL_SEEN > last]
    alike = [index for index in order if index not in certain and found.support[index] >= AS_WELL_SEEN * last]
    alike.sort(key=lambda index: -found.extent_m[index])
    seen = certain + alike[: len(names) - len(certain)]
    left_out = [index for index in alike if index not in seen]
    if not left_out:
        return seen, []
    rival = max(left_out, key=lambda index: found.support[index])
    reason = Reason(
        "warn",
        f"somebody else is seen as well as {', '.join(names)} ({found.support[rival]} and {last} detections), and was left out "
        f"for moving about less ({found.extent_m[rival]:.1f} and {found.extent_m[seen[-1]]:.1f} m)",
        "participants " + ", ".join(names),
        "look at the cameras on the trial's page; name where each participant starts in association.start_m",
    )
    return sorted(seen, key=lambda index: -found.support[index]), [reason]


def _by_start(found: Found, start_m: Mapping[str, Sequence[float]]) -> tuple[dict[str, int], list[Reason]]:
    most = max(found.support, default=0)
    able = [index for index, support in enumerate(found.support) if support >= LEAST_SUPPORT * most]
    if not start_m or not able:
        return {}, []
    names = list(start_m)
    wanted = np.array([start_m[name] for name in names], float)
    distance = np.linalg.norm(wanted[:, None] - found.first_m[able][None, :, :2], axis=-1)
    rows, columns = cheapest_pairs(distance)
    pairs = [(names[i], able[j], float(distance[i, j])) for i, j in zip(rows, columns, strict=True)]
    reasons = [
        Reason(
            "warn",
            f"{name} is first seen {away:.1f} m from where association.start_m has them (wanted: {FAR_FROM_START_M:.1f} m)",
            f"participant {name}",
            "correct association.start_m for this trial (overrides), in metres of the calibration's world",
        )
        for name, _, away in pairs
        if away > FAR_FROM_START_M
    ]
    return {name: index for name, index, _ in pairs}, reasons


def _by_height(
    size: BodySize, seen: Sequence[int], names: Sequence[str], height_m: Mapping[str, float]
) -> tuple[dict[str, int], set[str], list[Reason]]:
    """The person of each name, the names that heights decide, and a reason for the others.

    Sizes are measured between keypoints and heights from head to floor, so only their orders are compared.
    """
    if len(seen) < len(names) or any(name not in height_m for name in names):
        named = dict(zip(names, seen, strict=False))
        return (
            named,
            set(),
            [_arbitrary(names, "not all their heights are known, or not all were found")] if seen else [],
        )
    ratio, error = size.log_ratio()
    among = np.ix_(seen, seen)
    by_size = [seen[i] for i in np.argsort(ratio[among].mean(axis=1), kind="stable")]
    by_height = sorted(names, key=lambda name: height_m[name])
    named = dict(zip(by_height, by_size, strict=True))
    alike = [
        (a, b)
        for i, a in enumerate(by_height)
        for b in by_height[i + 1 :]
        if height_m[b] - height_m[a] < HEIGHT_DIFFERENCE_M
        or not ratio[named[b], named[a]] > SURE * error[named[b], named[a]]
    ]
    undecided = {name for pair in alike for name in pair}
    reasons = [_arbitrary(sorted(undecided), "they are measurably of one size, or of one height")] if alike else []
    return named, set(names) - undecided, reasons


def _arbitrary(names: Sequence[str], why: str) -> Reason:
    return Reason(
        "warn",
        f"who is who among {', '.join(names)} is arbitrary: {why}",
        "participants " + ", ".join(names),
        "look at the cameras on the trial's page; name each one's start in association.start_m, or heights in participants.tsv",
    )
