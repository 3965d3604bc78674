"""Standard deviations of a solution that was found frame by frame, and which of its coordinates the markers tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.frame_uncertainty import frame_uncertainty
from kineograph.geometry.natural_posture import natural_posture, observed
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import finite
from kineograph.model.solution import Solution
from kineograph.stages.coordinate_tasks import WEAK_RAD
from kineograph.stages.followed_markers import Followed


def with_uncertainty(
    solution: Solution, tree: KinematicTree, followed: Followed, tasks: Mapping[str, tuple[float, float]]
) -> Solution:
    """Add standard deviations and what is observed.

    Parameters
    ----------
    solution : Solution
        What a weighted least-squares solver found.
    tree : KinematicTree
        Its model.
    followed : Followed
        The markers that it followed.
    tasks : dict of str to (float, float)
        Coordinate -> (weight, value) that it was pulled to, where marker weights of a frame sum to 1. However firmly: people
        are as far from it as `coordinate_tasks: weak` says.
    """
    coordinates = solution.coordinates
    model = MarkerModel(tree, followed.names)
    frames = np.flatnonzero(finite(coordinates.values))
    columns = [followed.names.index(name) for name in model.markers]
    weight = followed.weight[frames][:, columns]
    position = np.where((weight > 0)[..., None], followed.position_m[frames][:, columns], 0.0)
    posture = natural_posture(model, {name: (WEAK_RAD, value) for name, (weight, value) in tasks.items() if weight > 0})
    total = float(np.median(weight.sum(axis=1)))
    names = [tree.names[coordinate] for coordinate in model.free]
    pinned = np.array([tasks.get(name, (0.0, 0.0))[0] * total for name in names])
    x = coordinates.values[frames][:, model.free]
    sd, _ = frame_uncertainty(model, x, position, weight, posture.spread, pinned)
    deviation, told = np.full(coordinates.values.shape, np.nan), np.zeros(coordinates.values.shape, bool)
    slopes = model.slopes(x)
    deviation[frames] = np.sqrt((np.square(slopes) * np.square(sd)[:, None]).sum(axis=2))
    seen = observed(model, sd, posture)
    told[frames] = ((slopes != 0) & seen[:, None]).any(axis=2)
    return dataclasses.replace(solution, coordinates=dataclasses.replace(coordinates, sd=deviation, observed=told))
