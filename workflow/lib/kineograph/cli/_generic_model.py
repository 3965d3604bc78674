"""The generic model as arrays that can be posed, for the verb `scale`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kineograph.errors import InputError
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.report import Reason

if TYPE_CHECKING:
    from kineograph.opensim.setup_files import Tasks


@dataclass(frozen=True)
class GenericModel:
    """A loaded model with the weights and tasks of its set-up.

    Attributes
    ----------
    tree : KinematicTree or None
        None where it has joints that arrays can't follow.
    lacks : str
        What it has that they can't.
    tasks : Tasks
        The set-up's weights of markers and tasks of coordinates.
    """

    tree: KinematicTree | None
    lacks: str
    tasks: Tasks

    def in_default_pose(self) -> Reason:
        """The warning that lengths are compared with a pose that the person was not in."""
        text = (
            f"lengths are compared with the generic model's default pose, not the person's: the model has {self.lacks}"
        )
        return Reason("warn", text, "", "the upper arms can be 10 % too long; another model is free of it", "note")


def generic_model(model: Any, setup_file: Path) -> GenericModel:
    """Read an OpenSim model that is loaded, with the inverse kinematics' set-up file."""
    from kineograph.opensim.kinematic_tree import read_tree
    from kineograph.opensim.model import write_model
    from kineograph.opensim.setup_files import read_tasks

    tasks = read_tasks(setup_file)
    with tempfile.TemporaryDirectory(prefix="kineograph-scale-") as folder:
        path = Path(folder) / "generic.osim"
        write_model(model, path)
        try:
            return GenericModel(read_tree(path), "", tasks)
        except InputError as error:
            return GenericModel(None, error.found, tasks)
