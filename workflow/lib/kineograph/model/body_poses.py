"""BodyPoses: where the bodies of a participant's model are over a trial, for showing its bones."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray, IntArray, require_shape


@dataclass(frozen=True)
class BodyPoses:
    """The bodies of a model in space, OpenSim's ground axes (right-handed, y up).

    Attributes
    ----------
    bodies : tuple of str
        B body names, parents before children.
    parent : (B,) array of int
        Index of the body on which each hangs, -1 for the ground.
    origin_m : (F, B, 3) array
        Where the body's frame is, m; NaN in frames that were not solved.
    rotation : (F, B, 3, 3) array
        Body to ground.
    time_s : (F,) array
        s.
    """

    bodies: tuple[str, ...]
    parent: IntArray
    origin_m: FloatArray
    rotation: FloatArray
    time_s: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.time_s), len(self.bodies))
        require_shape(self.parent, shape[1:], "parent")
        require_shape(self.origin_m, (*shape, 3), "origin_m")
        require_shape(self.rotation, (*shape, 3, 3), "rotation")
