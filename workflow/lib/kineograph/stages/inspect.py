"""Do a trial's videos fit together and to their calibration? Asked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from kineograph.dataset.names import same_name_key
from kineograph.errors import InputError, KineographError
from kineograph.model.camera import Camera, Rig
from kineograph.model.inputs import SAME_RATE, CameraInput, TrialInputs
from kineograph.model.report import Reason, StageReport, worst_first

STAGE = "inputs"
CODEC_BLOCK_PX = 16
"""Video codecs work in blocks of 16 px: a width or height that differs by less was padded or cut at its far edge."""
NEARLY_SAME_RATE = 0.005
"""Rates that differ by less than this part may be meant to be the same."""
MIN_CAMERAS = 2


@dataclass(frozen=True)
class InspectSettings:
    """Settings of the section ``inputs``."""

    fps_hz: float | None = None
    camera_match: Literal["name", "order"] = "name"


@dataclass(frozen=True)
class Recording:
    """What is known of one camera's recording before it is processed.

    Attributes
    ----------
    name : str
        The camera's name in the dataset.
    fps_hz : float
        As its file states, Hz; NaN where it does not.
    n_frames : int
        As its file states.
    size_px : tuple of int
        px; (0, 0) where unknown.
    error : KineographError or None
        Why it can't be read.
    """

    name: str
    fps_hz: float = math.nan
    n_frames: int = 0
    size_px: tuple[int, int] = (0, 0)
    error: KineographError | None = None


@dataclass(frozen=True)
class Examination:
    """What was found out about a trial's recordings.

    Attributes
    ----------
    inputs : TrialInputs
        Which cameras can be used, and as which calibrated ones.
    errors : list of KineographError
        What can't be used; the first is the one that the trial's verdict names.
    reasons : list of Reason
        What is remarkable.
    """

    inputs: TrialInputs
    errors: list[KineographError]
    reasons: list[Reason]


def inspect(
    recordings: Sequence[Recording],
    rig: Rig,
    calibration_error: KineographError | None,
    problems: Sequence[str],
    stated_fps_hz: float | None,
    settings: InspectSettings,
) -> tuple[TrialInputs, StageReport]:
    """Match each recording with its calibrated camera and report every mistake; parameters as of :func:`examine`."""
    found = examine(recordings, rig, calibration_error, problems, stated_fps_hz, settings)
    inputs, errors = found.inputs, found.errors
    usable = inputs.usable
    reasons = [*found.reasons, *(Reason("fail", error.what, error.where, error.hint) for error in errors[1:])]
    report = StageReport(
        STAGE,
        came_in={"cameras": [item.name for item in recordings], "calibrated_cameras": list(rig.names)},
        came_out={
            "usable_cameras": [camera.name for camera in usable],
            "frames": {item.name: item.n_frames for item in recordings},
            "fps_hz": inputs.fps_hz,
            "camera_fps_hz": {camera.name: camera.fps_hz for camera in usable},
        },
        reasons=worst_first(reasons),
        error=errors[0].record() if errors else None,
    )
    return inputs, report


def examine(
    recordings: Sequence[Recording],
    rig: Rig,
    calibration_error: KineographError | None,
    problems: Sequence[str],
    stated_fps_hz: float | None,
    settings: InspectSettings,
) -> Examination:
    """Match each recording with its calibrated camera and name every mistake.

    Parameters
    ----------
    recordings : sequence of Recording
        One a camera.
    rig : Rig
        The calibration; without cameras where it failed.
    calibration_error : KineographError or None
        Why it failed.
    problems : sequence of str
        What reading the dataset found wrong with the trial.
    stated_fps_hz : float or None
        Frame rate that the trial sheet states, Hz; it goes before what the files say.
    settings : InspectSettings
        The section ``inputs``.
    """
    errors: list[KineographError] = [calibration_error] if calibration_error else []
    errors += [_dataset_error(problem) for problem in problems]
    errors += [recording.error for recording in recordings if recording.error]
    matches, mismatches = _match(recordings, rig, settings.camera_match)
    errors += mismatches
    reasons: list[Reason] = []
    usable = {}
    for recording in recordings:
        camera = matches.get(recording.name)
        error, remark = check_size(recording.name, recording.size_px, camera) if camera else (None, None)
        errors += [error] if error else []
        reasons += [remark] if remark else []
        usable[recording.name] = camera is not None and error is None and recording.error is None
    rates = {item.name: stated_fps_hz or _known(item.fps_hz) or settings.fps_hz or math.nan for item in recordings}
    rate_errors, unknown = _unknown_rates({name: rates[name] for name, good in usable.items() if good})
    errors += rate_errors
    usable.update(dict.fromkeys(unknown, False))
    usable_rates = {name: rates[name] for name, good in usable.items() if good}
    fps_hz = max(usable_rates.values(), default=math.nan)
    reasons += _nearly_equal_rates(usable_rates)
    reasons += _frame_counts([item for item in recordings if usable[item.name]], usable_rates)
    if sum(usable.values()) < MIN_CAMERAS and not errors:
        errors.append(_too_few(usable))
    inputs = TrialInputs(
        tuple(
            CameraInput(
                item.name,
                matches[item.name].name if item.name in matches else "",
                usable[item.name],
                rates[item.name],
                item.n_frames,
                item.size_px,
            )
            for item in recordings
        ),
        fps_hz,
    )
    return Examination(inputs, errors, reasons)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _dataset_error(problem: str) -> InputError:
    return InputError(
        problem,
        expected="recordings and people where the dataset's folders and sheets say",
        found="none there",
        hint="correct the sheet of the trials or of the participants, or put the files there",
    )


def _match(recordings: Sequence[Recording], rig: Rig, by: str) -> tuple[dict[str, Camera], list[KineographError]]:
    """The calibrated camera of each recording."""
    if not len(rig):
        return {}, []
    if by == "order":
        if len(recordings) == len(rig):
            return {item.name: camera for item, camera in zip(recordings, rig.cameras, strict=True)}, []
        return {}, [
            InputError(
                "the cameras can't be matched with the calibration by their order",
                expected=f"as many videos as calibrated cameras: {len(rig)} ({', '.join(rig.names)})",
                found=f"{len(recordings)} ({', '.join(item.name for item in recordings)})",
                hint="name the videos as the cameras are named, and set inputs.camera_match to name",
            )
        ]
    by_key = {same_name_key(camera.name): camera for camera in rig.cameras}
    matches, errors = {}, []
    for item in recordings:
        camera = by_key.get(same_name_key(item.name))
        if camera is None:
            errors.append(
                InputError(
                    f"camera '{item.name}' is not in the calibration",
                    expected=f"one of {', '.join(rig.names)}",
                    found=f"'{item.name}'",
                    hint="rename the video after its camera, or set inputs.camera_match to order",
                    where=f"camera {item.name}",
                )
            )
        else:
            matches[item.name] = camera
    return matches, list(errors)


def check_size(name: str, have: tuple[int, int], camera: Camera) -> tuple[KineographError | None, Reason | None]:
    """What is wrong with a camera whose video has the size `have`, px, and what is remarkable about it."""
    want = camera.size_px
    if have in ((0, 0), want):
        return None, None
    sizes = f"{have[0]}x{have[1]} px"
    if _fits(have, want):
        return None, Reason(
            "pass",
            f"the video of {name} is {sizes}, its calibration {want[0]}x{want[1]} px: taken as cut at its right or "
            "lower edge, as video codecs do",
            f"camera {name}",
            "check that the camera was calibrated at this resolution",
        )
    turned = _fits(have[::-1], want)
    example = _turn_example(have, want) if turned else _scale_example(have, want)
    either = " (or 270: degrees, clockwise)" if turned and example else ""
    return InputError(
        f"the video of camera '{name}' has another size than its calibration",
        expected=f"{want[0]}x{want[1]} px, as camera '{camera.name}' was calibrated",
        found=sizes + " (turned by a quarter)" * turned,
        hint="calibrate at the resolution of the videos, or say in calibration.image_edits how the video was cropped, resized or "
        + (f"turned, for example {{{name}: {{{example}}}}}{either}" if example else "turned"),
        where=f"camera {name}",
    ), None


def _fits(have: tuple[int, int], want: tuple[int, int]) -> bool:
    """Whether two sizes are the same but for what codecs pad."""
    return all(abs(a - b) < CODEC_BLOCK_PX for a, b in zip(have, want, strict=True))


def _scale_example(have: tuple[int, int], want: tuple[int, int]) -> str:
    """The edit that makes one size of the other, where a resize does."""
    scale = have[0] / want[0]
    return f"scale: {scale:.6g}" if abs(have[1] - scale * want[1]) <= 1 else ""


def _turn_example(have: tuple[int, int], want: tuple[int, int]) -> str:
    """The edit for a picture that was turned: the codec cut it at its right or lower edge before; none where it was padded."""
    cut = list(zip(("width_px", "height_px"), have[::-1], want, strict=True))
    if any(size > full for _, size, full in cut):
        return ""
    return ", ".join([*(f"{key}: {size}" for key, size, full in cut if size < full), "turn_deg: 90"])


def _unknown_rates(rates: dict[str, float]) -> tuple[list[KineographError], list[str]]:
    """An error where frame rates are not known, and the cameras concerned."""
    unknown = [name for name, rate in rates.items() if math.isnan(rate)]
    if not unknown:
        return [], []
    error = InputError(
        f"the frame rate of camera '{unknown[0]}' is not known",
        expected="a rate in the video, in the column 'fps' of the trial sheet, or in inputs.fps_hz",
        found="none (pictures and most keypoint files have no frame rate)",
        hint="set inputs.fps_hz in the configuration",
        where=f"camera {unknown[0]}",
    )
    return [error], unknown


def _nearly_equal_rates(rates: dict[str, float]) -> list[Reason]:
    """A warning where cameras state rates so close (59.94 and 60) that one of them may be a slip."""
    ordered = sorted(rates.items(), key=lambda item: item[1])
    for (slow, low), (quick, high) in pairwise(ordered):
        if SAME_RATE * high < high - low <= NEARLY_SAME_RATE * high:
            return [
                Reason(
                    "warn",
                    f"{slow} states {low:.6g} and {quick} {high:.6g} frames/s; both are taken at their word: in a minute they "
                    f"come apart by {60 * (high - low) / high * 1000:.0f} ms",
                    f"camera {slow}",
                    "if they were triggered together, give their common rate in the column fps of the trial sheet",
                )
            ]
    return []


def _frame_counts(recordings: list[Recording], rates: dict[str, float]) -> list[Reason]:
    """A warning where recordings end at different times, had they started together."""
    seconds = {item.name: item.n_frames / rates[item.name] for item in recordings}
    if not seconds:
        return []
    shortest, longest = (choice(seconds, key=lambda name: seconds[name]) for choice in (min, max))
    missing = round((seconds[longest] - seconds[shortest]) * rates[shortest])
    if missing < 1:
        return []
    counts = ", ".join(f"{item.name} {item.n_frames}" for item in recordings)
    return [
        Reason(
            "warn",
            f"the videos have different numbers of frames: {counts}"
            if len(set(rates.values())) == 1
            else "the videos last for different times: "
            + ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items()),
            f"camera {shortest}",
            f"{shortest} ends {missing} frames before the longest, if they started together",
        )
    ]


def _too_few(usable: dict[str, bool]) -> InputError:
    names = [name for name, good in usable.items() if good]
    return InputError(
        "fewer than two cameras can be used",
        expected="two calibrated cameras or more",
        found=", ".join(names) or "none",
        hint="see what the calibration's report says, and add cameras to the trial",
    )
