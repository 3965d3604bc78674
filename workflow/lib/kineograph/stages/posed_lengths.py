"""How long are a model's marker pairs in the postures in which the person's were measured?

A pair that scales a body mostly spans joints: from the shoulder's marker on the trunk to the elbow, from the hip's on the pelvis
to the shoulder. Its length changes with the posture (shoulder to elbow by 15 % between arms stretched sideways, as generic
models have them, and arms that hang) and with the size of the other bodies that it spans. So the model is brought into the
person's postures by inverse kinematics, with the sizes found so far, and sizes and postures are found in turn. Coordinates that
the set-up's tasks name (lumbar flexion) are held at their value as firmly as these say: left free they would bend to make good
for a wrong length, and it would stay wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.markers import arranged
from kineograph.geometry.natural_posture import natural_posture
from kineograph.geometry.pose_fit import Pull, fit_poses
from kineograph.geometry.pose_starts import start_poses
from kineograph.geometry.scaled_tree import scaled_tree
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import BoolArray, FloatArray, finite
from kineograph.stages.coordinate_tasks import USUAL_NOISE_M, task_spreads

FRAMES = 40
"""Spread evenly over the frames that lengths are measured in."""
MOSTLY_THERE = 0.8
"""A frame serves where it has this share of the markers."""
FEWEST_MARKERS = 8
STEPS = 15
LARGEST_CHANGE = 0.3
"""A pair whose length would change more with the posture is taken as in the default pose: there the postures are not to be
trusted."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Poseable:
    """The generic model as something that can be posed.

    Attributes
    ----------
    tree : KinematicTree
        Its joints and markers.
    weights : dict of str to float
        Weight of each marker in inverse kinematics.
    tasks : dict of str to (float, float)
        Coordinate -> (weight, value), as the set-up file has them.
    """

    tree: KinematicTree
    weights: Mapping[str, float]
    tasks: Mapping[str, tuple[float, float]]


class PosedModel:
    """A model in some of a person's postures.

    Parameters
    ----------
    body : Poseable
        The generic model.
    names : sequence of tuple of str
        Marker names of each trial.
    position_m : sequence of (F, M, 3) array
        The trials' markers, m, NaN where missing.
    used : sequence of (F,) array of bool
        The frames that lengths are measured in.
    """

    def __init__(
        self,
        body: Poseable,
        names: Sequence[tuple[str, ...]],
        position_m: Sequence[FloatArray],
        used: Sequence[BoolArray],
    ) -> None:
        self.body = body
        there = {name for trial in names for name in trial}
        wanted = [name for name in body.tree.markers if name in there and body.weights.get(name, 0) > 0]
        markers = MarkerModel(body.tree, wanted).markers
        self.markers = markers
        rows = [
            arranged(position[mask], trial, markers)
            for trial, position, mask in zip(names, position_m, used, strict=True)
        ]
        every = np.concatenate([np.zeros((0, len(markers), 3)), *rows])
        good = every[finite(every).mean(axis=1) >= MOSTLY_THERE] if len(markers) else every[:0]
        chosen = np.unique(np.linspace(0, len(good) - 1, FRAMES).round().astype(int)) if len(good) else np.zeros(0, int)
        position = good[chosen]
        present = finite(position)
        weight = np.array([body.weights[name] for name in markers])
        self._measured = np.where(present[..., None], position, 0.0)
        self._precision = present * weight / (weight.mean() if len(weight) else 1.0) / USUAL_NOISE_M**2
        self._present = present
        self._x: FloatArray | None = None

    @property
    def usable(self) -> bool:
        """Whether there are frames and markers enough to tell postures."""
        return len(self._measured) > 0 and len(self.markers) >= FEWEST_MARKERS

    def lengths(self, factors: Mapping[str, FloatArray], pairs: Sequence[Pair]) -> dict[Pair, FloatArray]:
        """Length of each pair of the model, scaled so, in each posture that shows it, m.

        Parameters
        ----------
        factors : dict of str to (3,) array
            Body -> scale along its axes.
        pairs : sequence of pair of str
            The pairs wanted; those that no marker of the model has are left out.
        """
        tree = self.body.tree
        scale = np.array([factors.get(joint.body, np.ones(3)) for joint in tree.joints])
        model = MarkerModel(scaled_tree(tree, scale), self.markers)
        posture = natural_posture(model, task_spreads(self.body.tasks, "setup", len(self.markers)))
        pull = Pull(posture.spread**-2.0, posture.centre)
        if self._x is None:
            self._x = start_poses(model, self._measured, self._precision, pull)
        self._x = fit_poses(model, self._measured, self._precision, self._x, pull, steps=STEPS)
        places = np.where(self._present[..., None], model.places(self._x), np.nan)
        at = {name: index for index, name in enumerate(model.markers)}
        return {
            (a, b): np.linalg.norm(places[:, at[a]] - places[:, at[b]], axis=-1)
            for a, b in pairs
            if a in at and b in at
        }
