"""How long a participant's bones are in a trial: the same person should have the same in the next."""

from __future__ import annotations

import numpy as np

from kineograph.model.points import Points3D

LIMBS = (("Shoulder", "Elbow"), ("Elbow", "Wrist"), ("Hip", "Knee"), ("Knee", "Ankle"))
NAMES = ("upper arm", "forearm", "thigh", "shank")


def bone_lengths(points: Points3D) -> dict[str, dict[str, float]]:
    """The median length of each limb's long bones over the trial, m, by participant; without those that are not seen.

    Skeletons that name their joints otherwise have none, nor have points of a triangulation that could not be done.
    """
    found: dict[str, dict[str, float]] = {name: {} for name in points.participants}
    for side, word in (("R", "right"), ("L", "left")):
        for ends, name in zip(LIMBS, NAMES, strict=True):
            if not {side + end for end in ends} <= set(points.names):
                continue
            first, second = (points.position_m[:, :, points.names.index(side + end)] for end in ends)
            distance = np.linalg.norm(first - second, axis=-1)
            for person, participant in enumerate(points.participants):
                known = distance[np.isfinite(distance[:, person]), person]
                if known.size:
                    found[participant][f"{word} {name}"] = float(np.median(known))
    return found
