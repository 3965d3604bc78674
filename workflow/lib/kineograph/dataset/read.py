"""Reading a dataset, from its sheets or from its folders."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from kineograph.dataset.folders import scan
from kineograph.dataset.records import Dataset, Participant, Trial
from kineograph.dataset.sheets import read_participants, read_trials

TRIALS_SHEET = "trials.tsv"
PARTICIPANTS_SHEET = "participants.tsv"


def read_dataset(root: Path, trials: str | None = None, participants: str | None = None) -> Dataset:
    """The dataset of a folder.

    Parameters
    ----------
    root : Path
        The dataset folder.
    trials, participants : str, optional
        Paths of the sheets; without them, ``trials.tsv`` and ``participants.tsv`` of the folder where they are there,
        and else the folders themselves are read.

    Raises
    ------
    InputError
        Where the folder or a sheet can't be understood.
    """
    sheet = Path(trials) if trials else root / TRIALS_SHEET
    if trials or sheet.exists():
        found, source = read_trials(sheet, root), str(sheet)
    else:
        found, source = scan(root), f"the folders of {root}"
    people_sheet = Path(participants) if participants else root / PARTICIPANTS_SHEET
    known = read_participants(people_sheet) if participants or people_sheet.exists() else {}
    ordered = tuple(sorted((_with_known_people(trial, known, people_sheet) for trial in found), key=lambda t: t.key))
    names = {name for trial in ordered for name in trial.participants}
    return Dataset(ordered, {name: known.get(name, Participant(name)) for name in sorted(names)}, source)


def _with_known_people(trial: Trial, known: dict[str, Participant], sheet: Path) -> Trial:
    """The trial, with a problem for each participant that the sheet should have and lacks."""
    strangers = [name for name in trial.participants if known and name not in known]
    problems = tuple(f"participant {name} is not in {sheet}" for name in strangers)
    return dataclasses.replace(trial, problems=trial.problems + problems)
