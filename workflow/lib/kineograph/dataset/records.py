"""The records of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

FILMED = ("video", "images")
"""Kinds of recordings that have pictures; every other kind is a keypoint format."""


@dataclass(frozen=True)
class CameraSource:
    """What one camera recorded in one trial.

    Attributes
    ----------
    name : str
        The camera's name, from its file or folder.
    kind : str
        ``video`` (a file), ``images`` (a folder of pictures), or the name of a keypoint format.
    path : Path
        The file or folder.
    """

    name: str
    kind: str
    path: Path

    @property
    def filmed(self) -> bool:
        """Whether it has pictures; else it has keypoints that were made before."""
        return self.kind in FILMED


@dataclass(frozen=True)
class CalibrationSource:
    """Where a trial's calibration comes from.

    Attributes
    ----------
    name : str
        Its name in the results: trials of a session with the same name share one calibration.
    path : Path
        The file, or the folder that holds it.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class Trial:
    """One trial: the same seconds seen by several cameras.

    Attributes
    ----------
    session, name : str
        Unique together; they name the folders of the results.
    participants : tuple of str
        Who is in it.
    cameras : tuple of CameraSource
        Its cameras, in natural order of their names.
    calibration : CalibrationSource
        Its calibration.
    fps_hz : float or None
        Frame rate where the sheet states it, Hz.
    frames : tuple of int or None
        First and last frame to use on the common clock, both included; None for all.
    static : bool
        Whether its participants stand still in it to be measured: their models are then scaled from such trials only.
    problems : tuple of str
        What is wrong with its entry: named in its verdict, so that the other trials go on.
    """

    session: str
    name: str
    participants: tuple[str, ...]
    cameras: tuple[CameraSource, ...]
    calibration: CalibrationSource
    fps_hz: float | None = None
    frames: tuple[int, int] | None = None
    static: bool = False
    problems: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Session and trial."""
        return self.session, self.name

    def camera(self, name: str) -> CameraSource:
        """The camera of that name."""
        return next(camera for camera in self.cameras if camera.name == name)


@dataclass(frozen=True)
class Participant:
    """One person.

    Attributes
    ----------
    name : str
        As in the trial sheet.
    height_m, mass_kg : float or None
        None where not stated.
    """

    name: str
    height_m: float | None = None
    mass_kg: float | None = None


@dataclass(frozen=True)
class Dataset:
    """All trials and participants.

    Attributes
    ----------
    trials : tuple of Trial
        Sorted by session and name.
    participants : dict of str to Participant
        By name; those that no sheet describes have neither height nor mass.
    source : str
        Where the trials were read: the sheet's path, or "folders of ...".
    varied : tuple of Trial
        Trials once more under other settings, in sessions of other names. They are found by name, but not among `trials`.
    """

    trials: tuple[Trial, ...]
    participants: dict[str, Participant] = field(default_factory=dict)
    source: str = ""
    varied: tuple[Trial, ...] = ()

    def trial(self, session: str, name: str) -> Trial:
        """The trial of that session and name; KeyError where there is none."""
        return self._by_key[session, name]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {trial.key: trial for trial in self.every_trial})

    _by_key: dict[tuple[str, str], Trial] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def every_trial(self) -> tuple[Trial, ...]:
        """All trials, also under other settings."""
        return self.trials + self.varied

    def sessions(self) -> list[str]:
        """The sessions' names, sorted."""
        return sorted({trial.session for trial in self.trials})

    def telling_heights_m(self, trial: Trial) -> dict[str, float]:
        """The known heights of a trial's participants, m; none of one who is alone: there is nobody to be told from."""
        people = [self.participants[name] for name in trial.participants] if len(trial.participants) > 1 else []
        return {person.name: person.height_m for person in people if person.height_m is not None}

    def trials_of(self, session: str, participant: str) -> list[Trial]:
        """The trials of a session that a participant is in."""
        return [t for t in self.every_trial if t.session == session and participant in t.participants]

    def measured_trials_of(self, session: str, participant: str) -> list[Trial]:
        """The trials that a participant's model is scaled from: the static ones, or all where none is."""
        trials = self.trials_of(session, participant)
        return [trial for trial in trials if trial.static] or trials

    def trials_calibrated_by(self, session: str, calibration: str) -> list[Trial]:
        """The trials of a session that share a calibration."""
        return [t for t in self.every_trial if (t.session, t.calibration.name) == (session, calibration)]
