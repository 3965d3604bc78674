"""Write the page and the table of all trials, worst first."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from kineograph.io.atomic import write_text
from kineograph.io.reports import read_json, read_report
from kineograph.model.report import VERDICTS, StageReport


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--verdicts", type=Path, nargs="+", required=True, metavar="FILE", help="verdict.json of the trials"
    )
    parser.add_argument(
        "--health", type=Path, nargs="*", default=[], metavar="FILE", help="health.json of the calibrations"
    )
    parser.add_argument("--table", type=Path, required=True, metavar="FILE", help="the table (.tsv)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page (.html)")


def run(args: argparse.Namespace) -> None:
    """Read the verdicts and write the page and the table."""
    import pandas as pd

    from kineograph.pages.render import write_page

    table = pd.DataFrame([_row(path, args.out.parent) for path in args.verdicts])
    badness = table["verdict"].map({verdict: -index for index, verdict in enumerate(VERDICTS)})
    table = table.assign(badness=badness).sort_values(["badness", "session", "trial"]).drop(columns="badness")
    write_text(args.table, table.to_csv(sep="\t", index=False, lineterminator="\n"))
    counts = table["verdict"].value_counts()
    ordered = [(verdict, int(counts[verdict])) for verdict in reversed(VERDICTS) if verdict in counts]
    write_page(
        args.out, "dataset.html", rows=table.to_dict("records"), counts=ordered, calibrations=_health(args.health)
    )


def _health(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """What the page says of each calibration, worst first; named by its folders, session and calibration."""
    rows = []
    for path in paths:
        report = read_report(path)
        texts = [asdict(reason) for reason in report.reasons]
        if report.error:
            texts = [{"verdict": "error", "text": report.error["what"], "blame": "", "hint": report.error["hint"]}]
        rows.append(
            {
                "session": path.parents[2].name,
                "calibration": path.parent.name,
                "verdict": report.verdict,
                "reasons": texts,
                "residuals": _residuals(report),
            }
        )
    return sorted(rows, key=lambda row: (-VERDICTS.index(row["verdict"]), row["session"], row["calibration"]))


def _residuals(report: StageReport) -> list[dict[str, Any]]:
    """Each camera's median residual and bias over the trials, px, and how much of its image keypoints covered."""
    rows = []
    for camera, covered in report.came_out.get("image_covered", {}).items():
        size = _median([trial[camera] for trial in report.came_out["median_residual_px"].values()])
        biases = [trial[camera] for trial in report.came_out["bias_px"].values()]
        across, down = (_median([bias[axis] for bias in biases]) for axis in (0, 1))
        rows.append({"camera": camera, "median": size, "across": across, "down": down, "covered": f"{covered:.0%}"})
    return rows


def _median(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.1f}" if known else ""


def _row(path: Path, base: Path) -> dict[str, Any]:
    """One trial's row of the table; figures as text, empty where there is none."""
    record = read_json(path)
    figures = {
        key: "" if record["figures"].get(key) is None else f"{record['figures'][key]:.3g}"
        for key in ("reprojection_error_px", "cameras_used", "missing", "marker_error_mm")
    }
    return {
        **{key: record[key] for key in ("session", "trial")},
        "participants": ", ".join(record["participants"]),
        **{key: record[key] for key in ("verdict", "stage", "reason", "blame")},
        **figures,
        "page": os.path.relpath(path.parent / "report" / "index.html", base),
    }
