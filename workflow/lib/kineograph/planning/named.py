"""Whether what a configuration names is there: an error now, and not in the middle of the run."""

from __future__ import annotations

from pathlib import Path

from kineograph.catalog.models import read_network_cards
from kineograph.dataset.names import natural_key
from kineograph.dataset.records import Dataset
from kineograph.errors import ConfigError, Mistakes, nearest
from kineograph.settings.configuration import Configuration

NAME_CAMERAS = (
    ("triangulation", "without_cameras"),
    ("synchronization", "offsets_s"),
    ("synchronization", "approx_offsets_s"),
)
"""Keys whose values name cameras: in a list, or as the keys of a table."""


def note_unknown_names(config: Configuration, dataset: Dataset, mistakes: Mistakes) -> None:
    """Note overrides for sessions, trials, participants and cameras that the dataset does not have."""
    if not dataset.trials:
        return
    names = {
        "session": set(dataset.sessions()),
        "trial": {trial.name for trial in dataset.trials},
        "participant": set(dataset.participants),
        "camera": {camera.name for trial in dataset.trials for camera in trial.cameras},
    }
    with mistakes.noted():
        config.check_overrides(names)


def note_unknown_cameras(config: Configuration, dataset: Dataset, mistakes: Mistakes) -> None:
    """Note cameras that are to be left out, or whose offsets are stated, and that the dataset does not have."""
    known = {camera.name for trial in dataset.trials for camera in trial.cameras}
    for section, key in NAME_CAMERAS:
        named = {
            name
            for trial in dataset.every_trial
            for name in config.section(section, session=trial.session, trial=trial.name)[key]
        }
        for name in sorted(named - known):
            mistakes.add(
                ConfigError(
                    f"{section}.{key} names '{name}', and no trial has such a camera",
                    expected=f"a camera of the dataset: {', '.join(sorted(known, key=natural_key)[:8])}",
                    found=f"'{name}'",
                    hint=nearest(name, known) or "correct the name, or remove it",
                    key=f"{section}.{key}",
                )
            )


def note_missing_networks(config: Configuration, dataset: Dataset, models: Path, mistakes: Mistakes) -> None:
    """Note each network that a camera's settings ask for and that has no card in the folder `models`."""
    checked = set()
    for trial in dataset.every_trial:
        for camera in trial.cameras:
            settings = config.section("pose", session=trial.session, trial=trial.name, camera=camera.name)
            asked = settings["model"], settings["detector"]
            if camera.filmed and asked not in checked:
                checked.add(asked)
                with mistakes.noted():
                    read_network_cards(*asked, models)
