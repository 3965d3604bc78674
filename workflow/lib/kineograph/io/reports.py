"""Records as JSON files: stage reports and the synchronization."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.io.atomic import write_text
from kineograph.model.report import Reason, StageReport
from kineograph.model.synchronization import Synchronization


def write_json(path: Path, value: Any) -> None:
    """Write a record as JSON, atomically: two-space indent, NaN as null."""
    write_text(path, json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    InputError
        Where it is not there or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"{path} is not there", expected="a JSON file", found="no such file", hint="run the stage that makes it"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not JSON", expected="a JSON file", found=str(error), hint="remove it and run the workflow again"
        ) from error


def report_record(report: StageReport) -> dict[str, Any]:
    """A stage report as plain values, with its verdict."""
    return {"stage": report.stage, "verdict": report.verdict, **dataclasses.asdict(report)}


def write_report(path: Path, report: StageReport) -> None:
    """Write a stage report."""
    write_json(path, report_record(report))


def report_from_record(record: dict[str, Any]) -> StageReport:
    """The stage report that :func:`report_record` described."""
    return StageReport(
        stage=record["stage"],
        came_in=record["came_in"],
        came_out=record["came_out"],
        reasons=tuple(Reason(**reason) for reason in record["reasons"]),
        made_with=record["made_with"],
        error=record["error"],
    )


def read_report(path: Path) -> StageReport:
    """Read a stage report."""
    return report_from_record(read_json(path))


def write_synchronization(path: Path, result: Synchronization, report: StageReport) -> None:
    """Write the offsets together with the stage's report."""
    clock = {
        "fps_hz": result.fps_hz,
        "start_s": result.start_s,
        "n_frames": result.n_frames,
        "cameras": {
            name: {
                "offset_s": float(result.offset_s[index]),
                "drift_ppm": float(result.drift_ppm[index]),
                "fps_hz": float(result.camera_fps_hz[index]),
            }
            for index, name in enumerate(result.cameras)
        },
        "frame_time_s": dict(result.frame_time_s),
    }
    write_json(path, {"synchronization": clock, **report_record(report)})


def read_synchronization(path: Path) -> Synchronization:
    """Read the offsets of a trial."""
    clock = read_json(path)["synchronization"]
    cameras = clock["cameras"]
    return Synchronization(
        cameras=tuple(cameras),
        offset_s=np.array([item["offset_s"] for item in cameras.values()], dtype=float),
        drift_ppm=np.array([item["drift_ppm"] for item in cameras.values()], dtype=float),
        fps_hz=float(clock["fps_hz"]) if clock["fps_hz"] is not None else math.nan,
        start_s=float(clock["start_s"]),
        n_frames=int(clock["n_frames"]),
        camera_fps_hz=np.array([item["fps_hz"] for item in cameras.values()], dtype=float),
        frame_time_s={name: np.array(times, dtype=float) for name, times in clock["frame_time_s"].items()},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return round(value, 9) if math.isfinite(value) else None
    return value
