"""Reading the trial sheet and the participants' sheet (tab-separated, one row each)."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from kineograph.dataset.folders import (
    DEFAULT_PARTICIPANT,
    find_calibration,
    find_cameras,
    find_keypoints,
    find_videos,
)
from kineograph.dataset.names import check_name
from kineograph.dataset.records import CalibrationSource, Participant, Trial
from kineograph.errors import InputError, Mistakes, in_larger_unit, nearest

TRIAL_COLUMNS = ("session", "trial", "participants", "videos", "keypoints", "calibration", "fps", "frames", "static")
PARTICIPANT_COLUMNS = ("participant", "height_m", "mass_kg")
HEIGHT_RANGE_M = (0.4, 2.6)
MASS_RANGE_KG = (2.0, 400.0)


def read_trials(sheet: Path, root: Path, mistakes: Mistakes) -> tuple[Trial, ...]:
    """The trials of a sheet; paths in it count from the dataset folder `root`. Rows that can't be understood are noted.

    A row whose files are missing still gives a trial, with its problem named: it gets a failing verdict, and the others go on.

    Raises
    ------
    InputError
        Where the sheet itself can't be understood.
    """
    rows = _rows(sheet, TRIAL_COLUMNS, required=("session", "trial"))
    if not rows:
        raise InputError(
            f"{sheet} names no trial",
            expected="a header and at least one row",
            found="no row",
            hint=f"write one row a trial with the columns {', '.join(TRIAL_COLUMNS)}",
        )
    seen: dict[str, int] = {}
    trials = []
    for line, row in rows:
        with mistakes.noted():
            trial = _trial(row, root, f"{sheet}, line {line}")
            _check_seen_once("trial", f"{trial.session}/{trial.name}", line, seen, sheet)
            trials.append(trial)
    _check_calibrations(trials, sheet, mistakes)
    return tuple(trials)


def read_participants(sheet: Path, mistakes: Mistakes) -> dict[str, Participant]:
    """The participants of a sheet, by name; a row whose height or mass is none of a person (centimetres, say) is noted.

    Raises
    ------
    InputError
        Where the sheet can't be understood.
    """
    people: dict[str, Participant] = {}
    seen: dict[str, int] = {}
    for line, row in _rows(sheet, PARTICIPANT_COLUMNS, required=("participant",)):
        with mistakes.noted():
            person = _participant(row, f"{sheet}, line {line}")
            _check_seen_once("participant", person.name, line, seen, sheet)
            people[person.name] = person
    return people


def _participant(row: dict[str, str], where: str) -> Participant:
    return Participant(
        check_name("participant", row["participant"], where),
        _number(row.get("height_m", ""), "height_m", HEIGHT_RANGE_M, "m", where),
        _number(row.get("mass_kg", ""), "mass_kg", MASS_RANGE_KG, "kg", where),
    )


def _check_seen_once(kind: str, name: str, line: int, seen: dict[str, int], sheet: Path) -> None:
    if name in seen:
        raise InputError(
            f"{sheet} names the {kind} {name} twice",
            expected=f"one row a {kind}",
            found=f"lines {seen[name]} and {line}",
            hint="remove or rename one of them",
        )
    seen[name] = line


def _rows(sheet: Path, columns: tuple[str, ...], required: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        text = sheet.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(
            f"the sheet {sheet} is not there",
            expected="a tab-separated table",
            found="no such file",
            hint="correct its path in the configuration",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"the sheet {sheet} is not text in UTF-8",
            expected="a tab-separated table in UTF-8",
            found=f"a byte that is not UTF-8 at position {error.start}",
            hint="save the sheet again as 'Text (tab delimited), UTF-8'",
        ) from error
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    if not lines:
        return []
    header = [cell.strip() for cell in lines[0][1].split("\t")]
    unknown = [name for name in header if name not in columns]
    missing = [name for name in required if name not in header]
    if unknown or missing:
        found = f"'{unknown[0]}'" if unknown else ", ".join(header)
        raise InputError(
            f"the header of {sheet} " + (f"has an unknown column {found}" if unknown else f"lacks '{missing[0]}'"),
            expected=f"tab-separated columns out of {', '.join(columns)}",
            found=found,
            hint=(nearest(unknown[0], columns) if unknown else "")
            or "separate the columns by tabs, not by commas or spaces",
        )
    rows = []
    for n, line in lines[1:]:
        cells = _cells(line, f"line {n} of {sheet}")
        if len(cells) > len(header):
            raise InputError(
                f"line {n} of {sheet} has too many columns",
                expected=f"{len(header)} columns as in the header",
                found=str(len(cells)),
                hint="remove the extra tabs",
            )
        rows.append((n, dict(zip(header, (cell.strip() for cell in cells), strict=False))))
    return rows


def _cells(line: str, where: str) -> list[str]:
    """The cells of a line of a sheet; quotation marks hold a cell together, as spreadsheets write them."""
    try:
        return next(csv.reader([line], delimiter="\t"))
    except csv.Error as error:
        raise InputError(
            f"{where} can't be understood",
            expected="cells of text between tabs",
            found=str(error),
            hint="remove quotation marks and control characters from that line",
        ) from error


def _trial(row: dict[str, str], root: Path, where: str) -> Trial:
    session = check_name("session", row["session"], where)
    name = check_name("trial", row["trial"], where)
    folder = root / session / name
    people = [part.strip() for part in row.get("participants", "").split(",") if part.strip()]
    problems = []
    if row.get("keypoints"):
        place = root / row["keypoints"]
        cameras = find_keypoints(place)
        wanted = "keypoint files"
    elif row.get("videos"):
        place = root / row["videos"]
        cameras = find_videos(place)
        wanted = "videos"
    else:
        place = folder
        cameras = find_cameras(folder)
        wanted = "videos/ or keypoints/"
    if not cameras:
        problems.append(f"no camera: {place} " + (f"holds no {wanted}" if place.is_dir() else "is not there"))
    return Trial(
        session=session,
        name=name,
        participants=tuple(check_name("participant", person, where) for person in people) or (DEFAULT_PARTICIPANT,),
        cameras=cameras,
        calibration=_calibration(row.get("calibration", ""), root, session, folder, name),
        fps_hz=_number(row.get("fps", ""), "fps", (1.0, 10_000.0), "Hz", where),
        frames=_frames(row.get("frames", ""), where),
        static=_yes(row.get("static", ""), where),
        problems=tuple(problems),
    )


def _calibration(text: str, root: Path, session: str, folder: Path, trial: str) -> CalibrationSource:
    if not text:
        return find_calibration(root / session, folder, trial)
    path = root / text
    name = (
        "".join(letter if letter.isalnum() or letter in "_.+-" else "-" for letter in text.strip("/.")) or "calibration"
    )
    return CalibrationSource(f"sheet-{name}", path)


def _check_calibrations(trials: list[Trial], sheet: Path, mistakes: Mistakes) -> None:
    paths: dict[tuple[str, str], Path] = {}
    for trial in trials:
        key = trial.session, trial.calibration.name
        other = paths.setdefault(key, trial.calibration.path)
        if other != trial.calibration.path:
            mistakes.add(
                InputError(
                    f"{sheet}: two calibrations of session {trial.session} would have the same name in the results",
                    expected="calibration paths that differ in letters or digits",
                    found=f"{other} and {trial.calibration.path}",
                    hint="rename one of them",
                )
            )


def _number(text: str, column: str, limits: tuple[float, float], unit: str, where: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not limits[0] <= value <= limits[1]:
        raise InputError(
            f"the {column} can't be used",
            expected=f"a number from {limits[0]:g} to {limits[1]:g} {unit}, with a decimal point, or nothing",
            found=repr(text),
            hint=in_larger_unit(value, unit, lambda other: limits[0] <= other <= limits[1]) or f"write it in {unit}",
            where=where,
        )
    return value


def _frames(text: str, where: str) -> tuple[int, int] | None:
    if not text:
        return None
    first, dash, last = text.partition("-")
    if not (dash and first.strip().isdigit() and last.strip().isdigit() and int(first) <= int(last)):
        raise InputError(
            "the range of frames can't be used",
            expected="first-last, both included and counted from 0, such as 10-300, or nothing for all",
            found=repr(text),
            hint="write it as two whole numbers with a dash",
            where=where,
        )
    return int(first), int(last)


def _yes(text: str, where: str) -> bool:
    if text.lower() not in ("", "yes", "no"):
        raise InputError(
            "the column static can't be used",
            expected="yes, no or nothing",
            found=repr(text),
            hint="yes marks the trial in which the participants stand still to be measured",
            where=where,
        )
    return text.lower() == "yes"
