"""Which OpenSim set-up goes with markers that a network placed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kineograph.catalog.augmenters import AugmenterCard, read_augmenter_card
from kineograph.cli._common_arguments import RESOURCES
from kineograph.io.npz import read_npz
from kineograph.model.points import Points3D
from kineograph.model.shapes import finite
from kineograph.model.skeleton import OpenSimSetup
from kineograph.opensim.setup_files import read_marker_names


def setup_of_points(points: Sequence[Path], participant: str) -> OpenSimSetup | None:
    """The set-up of the augmenter that placed markers of a participant in every one of the trials; None where none did.

    A model serves all of a participant's trials, so one trial without these markers brings all back to the keypoints.
    """
    trials = [read_npz(path, Points3D) for path in points]
    for card in _cards():
        if trials and all(_placed(card, trial, participant) for trial in trials):
            return OpenSimSetup(**card.opensim)
    return None


def setup_of_model(model: Path) -> OpenSimSetup | None:
    """The set-up of the augmenter whose markers a scaled model carries; None where it carries a skeleton's."""
    there = read_marker_names(model)
    return next((OpenSimSetup(**card.opensim) for card in _cards() if set(card.outputs) <= there), None)


def _cards() -> list[AugmenterCard]:
    folder = RESOURCES / "augmenters"
    return [read_augmenter_card(path.stem, folder) for path in sorted(folder.glob("*.toml"))]


def _placed(card: AugmenterCard, points: Points3D, participant: str) -> bool:
    if participant not in points.participants or not set(card.outputs) <= set(points.names):
        return False
    person = points.participants.index(participant)
    return bool(finite(points.position_m[:, person, [points.names.index(name) for name in card.outputs]]).any())
