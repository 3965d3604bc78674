"""The verdict on a trial: that of all its stages, worst first, with the stage, camera or joint to blame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kineograph.errors import KineographError
from kineograph.model.report import TOUCHES, VERDICTS, StageReport, Verdict, badness, worst

STAGE_ORDER = (
    "calibration",
    "refinement",
    "inputs",
    "pose",
    "synchronization",
    "association",
    "triangulation",
    "filtering",
    "augmentation",
    "scaling",
    "kinematics",
    "quality",
)


NO_REASON = {"verdict": VERDICTS[0], "stage": "", "of": "", "text": "", "blame": "", "hint": "", "touches": None}


@dataclass(frozen=True)
class VerdictSettings:
    """Settings of the section ``verdicts``."""

    fail_at: Literal["error", "fail", "warn", "never"] = "error"

    def fails(self, verdict: Verdict) -> bool:
        """Whether a verdict makes the run fail."""
        return self.fail_at != "never" and VERDICTS.index(verdict) >= VERDICTS.index(self.fail_at)


@dataclass(frozen=True)
class NamedReport:
    """A stage's report and what it is about: a camera, a participant, or nothing where there is one a trial."""

    of: str
    report: StageReport


def trial_verdict(reports: Sequence[NamedReport], settings: VerdictSettings) -> dict[str, Any]:
    """The verdict record of a trial.

    Returns
    -------
    dict
        ``verdict``; ``failed``, whether the run should fail because of it; ``stage``, ``of``, ``reason``, ``blame``, ``hint`` and
        ``touches`` of the first of the ranked reasons; ``error``, three lines, where the input could not be used; ``figures``
        for tables; ``people``, what to compare between trials of a participant; ``stages``, each with its reasons, ranked.
    """
    ordered = sorted(reports, key=lambda item: STAGE_ORDER.index(item.report.stage))
    verdict = worst(item.report.verdict for item in ordered)
    errors = [KineographError.from_record(item.report.error) for item in ordered if item.report.error]
    stages = [_stage(item) for item in ordered]
    first = next(iter(ranked_reasons(stages)), NO_REASON)
    return {
        "verdict": verdict,
        "failed": settings.fails(verdict),
        "stage": first["stage"],
        "of": first["of"],
        "reason": errors[0].what if errors else first["text"],
        "blame": first["blame"] or (first["of"] if first["verdict"] == "error" else ""),
        "hint": first["hint"],
        "touches": first["touches"],
        "error": "\n".join(errors[0].lines()) if errors else None,
        "figures": _figures(ordered),
        "people": _comparable(ordered),
        "stages": stages,
    }


def ranked_reasons(stages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The reasons of all stages of a verdict record but its notes, each with its stage: the worst first.

    Within a verdict those that touch the most are first (:data:`kineograph.model.report.TOUCHES`), in the order of the stages.
    """
    reasons = [
        {**reason, "stage": row["stage"], "of": row["of"]}
        for row in stages
        for reason in row["reasons"]
        if reason["verdict"] != VERDICTS[0]
    ]
    return sorted(reasons, key=lambda reason: badness(reason["verdict"], reason["touches"]))


def _stage(item: NamedReport) -> dict[str, Any]:
    return {
        "stage": item.report.stage,
        "of": item.of,
        "verdict": item.report.verdict,
        "reasons": _reasons(item.report),
        "note": _note(item.report),
    }


def _reasons(report: StageReport) -> list[dict[str, Any]]:
    reasons = [asdict(reason) for reason in report.ranked()]
    if report.error:
        error = report.error
        text = f"{error['what']} (expected {error['expected']}; found {error['found']})"
        told = {"text": text, "blame": error.get("where", ""), "hint": error["hint"], "touches": TOUCHES[0]}
        reasons.insert(0, {"verdict": "error", **told})
    return reasons


def _figures(reports: Sequence[NamedReport]) -> dict[str, float | None]:
    """What tables of trials show."""
    by_stage = {item.report.stage: item.report.came_out for item in reports}
    points = by_stage.get("triangulation", {})
    total = sum(points.get(f"points_{kind}", 0) for kind in ("triangulated", "interpolated", "missing"))
    errors = [
        item.report.came_out.get("marker_error_mm", {}).get("mean")
        for item in reports
        if item.report.stage == "kinematics"
    ]
    known = [error for error in errors if error is not None]
    return {
        "reprojection_error_px": points.get("reprojection_error_px", {}).get("mean"),
        "cameras_used": points.get("cameras_used_mean"),
        "missing": points["points_missing"] / total if total else None,
        "marker_error_mm": max(known) if known else None,
    }


def _comparable(reports: Sequence[NamedReport]) -> dict[str, dict[str, Any]]:
    """Of each participant what should repeat: the range of each coordinate (degrees, m) and the bones' lengths (m)."""
    people: dict[str, dict[str, Any]] = {}
    for item in reports:
        out = item.report.came_out
        if item.report.stage == "kinematics" and "range" in out:
            people.setdefault(item.of, {})["range"] = out["range"]
        if item.report.stage == "quality":
            for name, lengths in out.get("segment_length_m", {}).items():
                people.setdefault(name, {})["segment_length_m"] = lengths
    return people


def _note(report: StageReport) -> str:
    """What a stage says of itself, in a line; empty where it has nothing to say."""
    known: dict[str, Callable[[dict[str, Any], dict[str, Any]], str]] = {
        "calibration": lambda given, out: f"{len(given['cameras'])} cameras from {given['source']} ({given['format']})",
        "refinement": lambda given, out: _refinement(out),
        "inputs": lambda given, out: (
            f"{len(out['usable_cameras'])} of {len(given['cameras'])} cameras, "
            + ", ".join(f"{rate:.6g}" for rate in sorted(set(out["camera_fps_hz"].values()), reverse=True))
            + " frames/s"
        ),
        "pose": lambda given, out: f"{out['frames']} frames, a person in {out['frames_with_a_person']}",
        "synchronization": lambda given, out: out["why"],
        "association": lambda given, out: _people(out),
        "triangulation": lambda given, out: (
            f"mean reprojection error {out['reprojection_error_px']['mean']:.1f} px with {out['cameras_used_mean']:.1f} cameras"
            + _swaps(out.get("swaps", []))
        ),
        "filtering": lambda given, out: f"{out['method']}: moves points by {out['moved_mm']['median']:.0f} mm (median)",
        "scaling": lambda given, out: (
            f"from {sum(given['frames_used'].values())} frames of {', '.join(given['trials'])}"
        ),
        "kinematics": lambda given, out: (
            f"mean marker error {out['marker_error_mm']['mean']:.0f} mm" + _not_observed(out.get("not_observed", {}))
        ),
        "quality": lambda given, out: (
            "median residual "
            + ", ".join(f"{name} {value:.0f} px" for name, value in out["median_px_by_camera"].items())
        ),
    }
    try:
        return str(known[report.stage](report.came_in, report.came_out))
    except (KeyError, TypeError):  # a stage that gave up has no such figures
        return ""


def _swaps(swaps: list[dict[str, Any]]) -> str:
    """Where left and right were exchanged back."""
    if not swaps:
        return ""
    cameras = ", ".join(sorted({swap["camera"] for swap in swaps}))
    frames = sum(swap["last_frame"] - swap["first_frame"] + 1 for swap in swaps)
    return f"; left and right exchanged back in {frames} frame{'s' if frames > 1 else ''} of {cameras}"


def _not_observed(share: dict[str, float]) -> str:
    """The joint angles that are no measurements."""
    return f"; the markers don't tell, so these are no measurements: {', '.join(share)}" if share else ""


def _refinement(out: dict[str, Any]) -> str:
    error = out["held_out_median_px"]
    figures = f"held-out median residual {error['given']:.1f} px given, {error['refined']:.1f} px adjusted"
    return ("refined: " if out["accepted"] else "the given calibration is kept: ") + figures


def _people(out: dict[str, Any]) -> str:
    seen = [
        f"{name} in {item['present']:.0%} of the frames, by {item['mean_cameras']:.1f} cameras on average"
        for name, item in out["participants"].items()
    ]
    bystanders = out["bystanders"]
    return "; ".join(seen) + (f"; {bystanders} bystander{'s' if bystanders > 1 else ''} left out" if bystanders else "")
