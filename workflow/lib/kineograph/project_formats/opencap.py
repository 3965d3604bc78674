"""OpenCap sessions, as downloaded from its web application or as its processing lays them out.

``sessionMetadata.yaml``, ``Videos/Cam0/cameraIntrinsicsExtrinsics.pickle`` and ``Videos/Cam0/InputMedia/<trial>/`` with the
recording and, where OpenCap has synchronised it, ``<trial>_sync.mp4`` (https://github.com/stanfordnmbl/opencap-core, Apache-2.0).
A folder of such sessions is one dataset.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kineograph.dataset.folders import VIDEO_SUFFIXES
from kineograph.dataset.listing import list_folder
from kineograph.errors import InputError
from kineograph.project_formats._project import LOOK, NOT_NEEDED, TAKEN, UNKNOWN, Note, Project, shown, usable_name

TITLE = "OpenCap session"
METADATA = "sessionMetadata.yaml"
VIDEOS, MEDIA = "Videos", "InputMedia"
SYNCHRONISED = "_sync"
STATIC_TRIALS = ("neutral", "static")
CALIBRATION_TRIALS = ("calibration", "intrinsics")
NOT_NEEDED_HERE = {
    "iphoneModel": "the lenses are in the cameras' calibration files",
    "cameraModel": "the lenses are in the cameras' calibration files",
    "checkerBoard": "the calibration is computed already",
    "sessionWithCalibration": "whether there is a calibration shows in the files",
    "gender_mf": "not used", "sex": "not used", "sessionDate": "not used", "sessionDescription": "not used",
    "sync_ver": "OpenCap's own synchronisation", "resolutionPoseDetection": "of another network",
    "imageUpsampleFactor": "of another network", "settings": "of OpenCap's own processing",
}  # fmt: skip


def recognised(root: Path) -> bool:
    """Whether the folder, or one in it, has OpenCap's metadata and videos."""
    return bool(_sessions(root))


def read(root: Path) -> Project:
    """The session, or all sessions of the folder, in this program's terms.

    Raises
    ------
    InputError
        Where the metadata can't be read, or there is no trial.
    """
    root = root.resolve()
    rows: list[dict[str, str]] = []
    people: list[dict[str, str]] = []
    notes: list[Note] = []
    config: dict[str, Any] = {"calibration": {"format": "opencap"}}
    for folder in _sessions(root):
        session = usable_name("session", folder.name, {row["session"] for row in rows})
        values = _metadata(folder / METADATA)
        person, said = _person(values, folder.name, [row["participant"] for row in people])
        trials, more = _trials(root, folder, session, person["participant"])
        chosen, choices = _settings(values)
        config |= chosen
        rows += trials
        people.append(person)
        notes += [Note(n.outcome, n.key, n.value, n.meaning, n.trial or session) for n in (*said, *more, *choices)]
    if not rows:
        raise InputError(
            f"the OpenCap session {root} holds no trial",
            expected=f"{VIDEOS}/Cam0/{MEDIA}/<trial>/ with a video",
            found="none but the calibration's",
            hint="download the session with its videos",
        )
    if all(row["videos"].endswith(f"*{SYNCHRONISED}.*") for row in rows):
        config["synchronization"] = {"method": "none"}
        notes.append(
            Note(TAKEN, SYNCHRONISED, "all trials", "OpenCap synchronised the videos: synchronization.method: none")
        )
    return Project(TITLE, tuple(rows), tuple(people), config, (), tuple(notes))


def _sessions(root: Path) -> list[Path]:
    found = [folder for folder in (root, *(Path(entry.path) for entry in list_folder(root))) if _is_session(folder)]
    return found[:1] if root in found else found


def _is_session(folder: Path) -> bool:
    return (folder / METADATA).is_file() and (folder / VIDEOS).is_dir()


def _metadata(path: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} can't be read",
            expected="OpenCap's metadata in YAML",
            found=shown(error),
            hint="download the session again",
        ) from error
    return values if isinstance(values, dict) else {}


def _person(values: dict[str, Any], session: str, taken: list[str]) -> tuple[dict[str, str], list[Note]]:
    """The one participant of a session."""
    name = usable_name("participant", str(values.get("subjectID") or session), taken)
    row = {"participant": name}
    notes = [Note(TAKEN, "subjectID", shown(values.get("subjectID", "")), f"participant {name}")]
    for key in ("height_m", "mass_kg"):
        if isinstance(values.get(key), (int, float)):
            row[key] = f"{float(values[key]):g}"
            notes.append(Note(TAKEN, key, shown(values[key]), f"{key} of {name}"))
    return row, notes


def _trials(root: Path, folder: Path, session: str, person: str) -> tuple[list[dict[str, str]], list[Note]]:
    """A row a trial that any camera recorded, but for those of the calibration."""
    videos = folder / VIDEOS
    cameras = [Path(entry.path) for entry in list_folder(videos) if (Path(entry.path) / MEDIA).is_dir()]
    names = dict.fromkeys(entry.name for camera in cameras for entry in list_folder(camera / MEDIA) if entry.is_dir())
    rows: list[dict[str, str]] = []
    notes = []
    for name in names:
        if name.lower() in CALIBRATION_TRIALS:
            notes.append(Note(NOT_NEEDED, "trial", name, "the board's pictures: the calibration is computed already"))
            continue
        files = [
            Path(entry.path)
            for camera in cameras
            for entry in list_folder(camera / MEDIA / name)
            if Path(entry.name).suffix.lower() in VIDEO_SUFFIXES
        ]
        synchronised = [path for path in files if path.stem.endswith(SYNCHRONISED)]
        pattern = f"*{SYNCHRONISED}.*" if len(synchronised) == len(cameras) else f"{name}.*"
        place = (videos / "{camera}" / MEDIA / name / pattern).relative_to(root).as_posix()
        row = {
            "session": session,
            "trial": usable_name("trial", name, [row["trial"] for row in rows]),
            "participants": person,
            "videos": place,
            "calibration": videos.relative_to(root).as_posix(),
        }
        if name.lower().startswith(STATIC_TRIALS):
            row["static"] = "yes"
        rows.append(row)
        said = f"videos {place}" + ("; the participant's model is scaled from it" if "static" in row else "")
        notes.append(Note(TAKEN, "trial", name, said))
    return rows, notes


def _settings(values: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """Sections of the configuration, and a note on every value of the metadata that is not the participant's."""
    config: dict[str, Any] = {}
    notes = []
    for key, value in values.items():
        if key in ("subjectID", "height_m", "mass_kg"):
            continue
        text = shown(value)
        if key in NOT_NEEDED_HERE:
            notes.append(Note(NOT_NEEDED, key, text, NOT_NEEDED_HERE[key]))
        elif key in ("augmentermodel", "augmenter_model"):
            config["augmentation"] = {"method": "opencap_lstm"}
            own = "" if "0.3" in text else "; its version 0.3, not this one"
            notes.append(Note(LOOK if own else TAKEN, key, text, f"augmentation.method: opencap_lstm{own}"))
        elif key == "openSimModel":
            config["scaling"] = {"model": "muscles"}
            notes.append(Note(LOOK, key, text, "scaling.model: muscles, Pose2Sim's model that is made from it"))
        elif key in ("posemodel", "poseDetector"):
            notes.append(Note(LOOK, key, text, "keypoints are made anew, by the network of pose.model"))
        elif key in ("filterfrequency", "filterFrequency"):
            notes.append(_filter(config, key, value))
        elif key == "scalingsetup":
            notes.append(Note(NOT_NEEDED, key, text, "models are scaled from lengths, in any posture"))
        else:
            notes.append(Note(UNKNOWN, key, text, "no value of OpenCap's that is known here: it has no effect"))
    return config, notes


def _filter(config: dict[str, Any], key: str, value: Any) -> Note:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        config["filtering"] = {"method": "butterworth", "cutoff_hz": float(value)}
        return Note(TAKEN, key, shown(value), f"filtering: butterworth, cutoff_hz: {value:g}")
    return Note(LOOK, key, shown(value), "OpenCap's default depends on the trial; here it is filtering.cutoff_hz")
