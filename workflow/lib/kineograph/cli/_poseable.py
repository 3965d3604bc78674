"""The generic model as arrays that can be posed, for the verb `scale`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from kineograph.errors import InputError
from kineograph.model.report import Reason
from kineograph.stages.posed_lengths import Poseable


def poseable(model: Any, setup_file: Path) -> tuple[Poseable | None, list[Reason]]:
    """A loaded model with the weights and tasks of a set-up file; None, and why, where it has joints that arrays can't follow."""
    from kineograph.opensim.kinematic_tree import read_tree
    from kineograph.opensim.model import write_model
    from kineograph.opensim.setup_files import read_tasks

    with tempfile.TemporaryDirectory(prefix="kineograph-scale-") as folder:
        path = Path(folder) / "generic.osim"
        write_model(model, path)
        try:
            tree = read_tree(path)
        except InputError as error:
            text = f"lengths are compared with the generic model's default pose, not the person's: the model has {error.found}"
            return None, [Reason("warn", text, "", "the upper arms can be 10 % too long; another model is free of it")]
    tasks = read_tasks(setup_file)
    return Poseable(tree, tasks.markers, tasks.coordinates), []
