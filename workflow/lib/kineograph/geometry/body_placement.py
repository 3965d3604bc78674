"""Where all bodies of a model are in given poses, for all frames at once."""

from __future__ import annotations

import dataclasses

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.model.body_poses import BodyPoses
from kineograph.model.coordinates import Coordinates
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import finite


def body_poses(tree: KinematicTree, coordinates: Coordinates) -> BodyPoses:
    """The bodies of a model at its solved coordinates; NaN in frames in which a coordinate is NaN.

    Parameters
    ----------
    tree : KinematicTree
        The model.
    coordinates : Coordinates
        Its coordinates, by their names; one that is absent keeps its default.
    """
    bodies = tuple(joint.body for joint in tree.joints)
    every = np.arange(len(bodies))
    origins = dataclasses.replace(
        tree, markers=bodies, marker_joint=every, marker_place_m=np.zeros((len(bodies), 3))
    )  # a marker at each body's origin
    model = MarkerModel(origins, bodies)
    x = np.tile(tree.default, (len(coordinates.time_s), 1))
    for index, name in enumerate(tree.names):
        if name in coordinates.names:
            x[:, index] = coordinates.values[:, coordinates.names.index(name)]
    solved = finite(x)
    poses = np.where(solved[:, None], x, 0.0)[:, model.free]
    order = [model.markers.index(name) for name in bodies]
    origin_m = np.where(solved[:, None, None], model.places(poses)[:, order], np.nan)
    rotation = np.where(solved[:, None, None, None], model.bodies(poses)[:, order], np.nan)
    parent = np.array([joint.parent for joint in tree.joints], int)
    return BodyPoses(bodies, parent, origin_m, rotation, coordinates.time_s)


def no_bodies(coordinates: Coordinates) -> BodyPoses:
    """What is known of a model whose bodies can't be followed."""
    frames = len(coordinates.time_s)
    return BodyPoses((), np.zeros(0, int), np.zeros((frames, 0, 3)), np.zeros((frames, 0, 3, 3)), coordinates.time_s)
