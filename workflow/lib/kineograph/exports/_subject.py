"""What an export is made of: the results of one trial, or of one of its participants, each read when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kineograph.errors import InputError
from kineograph.io.npz import read_npz
from kineograph.model.coordinates import Coordinates
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.model.tracks import PersonTracks


@dataclass(frozen=True)
class Subject:
    """A trial, or one of its participants.

    Attributes
    ----------
    session, trial : str
        Their names.
    participants : tuple of str
        The participants that are asked for: one, or all of the trial.
    files : dict of str to tuple of Path
        The results, by their kind.
    skeleton_card : function
        The skeleton of that name.
    """

    session: str
    trial: str
    participants: tuple[str, ...]
    files: dict[str, tuple[Path, ...]]
    skeleton_card: Callable[[str], Skeleton] = field(repr=False)

    @functools.cached_property
    def all_points(self) -> Points3D:
        """The final points of all of the trial's participants.

        Raises
        ------
        InputError
            Where the trial has no frame.
        """
        points = read_npz(self.files["points"][0], Points3D)
        if not points.n_frames:
            raise self.nothing("no frame", "the trial's verdict says why")
        return points

    @functools.cached_property
    def places(self) -> tuple[int, ...]:
        """Where the participants asked for are in :attr:`all_points`."""
        return tuple(self.all_points.participants.index(name) for name in self.participants)

    @functools.cached_property
    def skeleton(self) -> Skeleton:
        """The skeleton of the points."""
        return self.skeleton_card(self.all_points.skeleton)

    @functools.cached_property
    def coordinates(self) -> Coordinates:
        """The joint angles of the one participant asked for.

        Raises
        ------
        InputError
            Where none could be solved.
        """
        coordinates = read_npz(self.files["coordinates"][0], Coordinates)
        if not coordinates.names or not np.isfinite(coordinates.values).all(axis=1).any():
            raise self.nothing("no joint angle", "the verdict of the kinematics says why")
        return coordinates

    @functools.cached_property
    def tree(self) -> KinematicTree:
        """The OpenSim model of the one participant asked for.

        Raises
        ------
        InputError
            Where there is none, or it has what a tree of joints can't have.
        """
        from kineograph.opensim.kinematic_tree import read_tree

        path = self.files["model"][0]
        if not path.stat().st_size:
            raise self.nothing("no model", "the verdict of the scaling says why")
        return read_tree(path)

    @functools.cached_property
    def keypoints(self) -> tuple[Keypoints2D, ...]:
        """The keypoints of each camera."""
        return tuple(read_npz(path, Keypoints2D) for path in self.files["keypoints"])

    @functools.cached_property
    def tracks(self) -> PersonTracks:
        """Which detection is which participant."""
        return read_npz(self.files["tracks"][0], PersonTracks)

    def covariance_sd_m(self) -> FloatArray:
        """Standard deviation of a coordinate of each point, (F, P, K), m; NaN where unknown."""
        variance: FloatArray = np.trace(self.all_points.covariance_m2, axis1=-2, axis2=-1)[:, self.places] / 3
        return np.sqrt(variance)

    def nothing(self, found: str, hint: str) -> InputError:
        """The error of an export that has nothing to be made of."""
        return InputError(
            f"nothing of {', '.join(self.participants)} in {self.session}/{self.trial} can be exported",
            expected="results of a trial that could be solved",
            found=found,
            hint=hint,
        )
