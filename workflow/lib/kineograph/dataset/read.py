"""Reading a dataset, from its sheets or from its folders."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from kineograph.dataset.folders import scan
from kineograph.dataset.listing import list_folder
from kineograph.dataset.records import Dataset, Participant, Trial
from kineograph.dataset.sheets import read_participants, read_trials
from kineograph.errors import InputError, Mistakes, noted_in

NAMED = 6
TABLE_SUFFIXES = {".tsv", ".csv", ".txt", ".xlsx", ".xls", ".ods", ".numbers"}
TRIALS_SHEET = "trials.tsv"
PARTICIPANTS_SHEET = "participants.tsv"


def read_dataset(
    root: Path, trials: str | None = None, participants: str | None = None, mistakes: Mistakes | None = None
) -> Dataset:
    """The dataset of a folder.

    Parameters
    ----------
    root : Path
        The dataset folder.
    trials, participants : str, optional
        Paths of the sheets; without them, ``trials.tsv`` and ``participants.tsv`` of the folder where they are there,
        and else the folders themselves are read.
    mistakes : Mistakes, optional
        Where to note what can't be understood; the dataset is then what is left of it.

    Raises
    ------
    InputError
        Where the folder or a sheet can't be understood and `mistakes` is not given: the first mistake, with the others
        beside it.
    """
    sheet = Path(trials) if trials else root / TRIALS_SHEET
    people_sheet = Path(participants) if participants else root / PARTICIPANTS_SHEET
    from_sheet = bool(trials) or sheet.exists()
    found: tuple[Trial, ...] = ()
    known: dict[str, Participant] = {}
    with noted_in(mistakes) as noted:
        if not from_sheet:
            with noted.noted():
                _no_other_sheet(root, TRIALS_SHEET)
        if not participants and not people_sheet.exists():
            with noted.noted():
                _no_other_sheet(root, PARTICIPANTS_SHEET)
        with noted.noted():
            found = read_trials(sheet, root, noted) if from_sheet else scan(root, noted)
        if participants or people_sheet.exists():
            with noted.noted():
                known = read_participants(people_sheet, noted)
    ordered = tuple(sorted((_with_known_people(trial, known, people_sheet) for trial in found), key=lambda t: t.key))
    names = {name for trial in ordered for name in trial.participants}
    return Dataset(
        ordered,
        {name: known.get(name, Participant(name)) for name in sorted(names)},
        str(sheet) if from_sheet else f"the folders of {root}",
    )


def _no_other_sheet(root: Path, name: str) -> None:
    """Refuse a sheet that would be ignored: of another name or format than the one that is read.

    Raises
    ------
    InputError
        Where there is one.
    """
    stem = name.partition(".")[0]
    for entry in list_folder(root):
        first, dot, _ = entry.name.lower().partition(".")
        if first == stem and dot and Path(entry.name).suffix.lower() in TABLE_SUFFIXES and entry.is_file():
            raise InputError(
                f"the sheet {entry.path} would be ignored",
                expected=f"{root / name}, values separated by tabs",
                found=entry.name,
                hint=f"save it as {name} (tabs between the values), or name a sheet by '{stem}' in the configuration",
            )


def _with_known_people(trial: Trial, known: dict[str, Participant], sheet: Path) -> Trial:
    """The trial, with a problem for each participant that the sheet should have and lacks."""
    strangers = [name for name in trial.participants if known and name not in known]
    there = ", ".join(list(known)[:NAMED])
    problems = tuple(f"participant {name} is not in {sheet}, where {there} are" for name in strangers)
    return dataclasses.replace(trial, problems=trial.problems + problems)
