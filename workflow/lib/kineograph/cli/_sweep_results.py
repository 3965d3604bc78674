"""Reading the joint angles of a sweep: each participant in each trial, as it is and under other settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kineograph.io.npz import read_npz
from kineograph.layout import Layout
from kineograph.model.coordinates import Coordinates
from kineograph.model.shapes import FloatArray
from kineograph.stages.sweep import on_times_of


@dataclass(frozen=True)
class Choice:
    """A value of a key, and the joint angles that it gives.

    Attributes
    ----------
    key, value : str
        The key with its section, and the value as it is read.
    current : bool
        Whether the configuration has that value anyway.
    left_out : str
        The camera that it leaves out; empty where it leaves none.
    values : (F, Q) array
        The coordinates, deg or m, at the times of the result as it is.
    """

    key: str
    value: str
    current: bool
    left_out: str
    values: FloatArray


@dataclass(frozen=True)
class Person:
    """A participant in a trial: the coordinates as they are, and under each choice."""

    session: str
    trial: str
    participant: str
    base: Coordinates
    choices: tuple[Choice, ...]

    @property
    def label(self) -> str:
        """What a reader knows them by."""
        return f"{self.session} / {self.trial}: {self.participant}"

    @property
    def without_each_camera(self) -> list[FloatArray]:
        """The coordinates without each camera in turn."""
        return [choice.values for choice in self.choices if choice.left_out]


def people_of(results: str, sessions: dict[str, Any]) -> list[Person]:
    """Every participant in every trial, from the results folder and what the workflow says of its sessions."""
    layout = Layout(results)
    found = []
    for session, record in sessions.items():
        for trial, participants in record["trials"].items():
            for participant in participants:

                def angles(where: str, trial: str = trial, participant: str = participant) -> Coordinates:
                    path = layout.path("coordinates", session=where, trial=trial, participant=participant)
                    return read_npz(Path(path), Coordinates)

                base = angles(session)
                choices = tuple(
                    Choice(
                        item["key"],
                        item["value"],
                        item["current"],
                        item.get("left_out", ""),
                        on_times_of(base, angles(item["session"])),
                    )
                    for item in record["variants"]
                )
                found.append(Person(session, trial, participant, base, choices))
    return found
