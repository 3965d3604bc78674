"""Write the page and the table of all trials, worst first."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from kineograph.dataset.names import natural_key
from kineograph.io.atomic import write_text
from kineograph.io.reports import read_json, read_report
from kineograph.model.report import VERDICTS, StageReport, badness
from kineograph.pages.render import joined, write_page
from kineograph.stages.repeatability import Repeated, repeatability


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
    found = sorted(((read_json(path), path) for path in args.verdicts), key=lambda item: _badness(item[0]))
    records = [record for record, _ in found]
    rows = [_row(record, os.path.relpath(path.parent, args.out.parent)) for record, path in found]
    write_text(args.table, _table(rows))
    counts = Counter(row["verdict"] for row in rows)
    write_page(
        args.out,
        "dataset/page.html",
        n_trials=len(rows),
        counts=[(verdict, counts[verdict]) for verdict in reversed(VERDICTS) if counts[verdict]],
        calibrations=_health(args.health),
        data={
            "rows": [
                {**row, "hint": record["hint"], "thumbnail": str(Path(row["page"]).with_name("thumbnail.svg"))}
                for row, record in zip(rows, records, strict=True)
            ],
            "repeated": [_rounded(item) for item in repeatability(records)],
        },
        page_style=joined("dataset", ["page.css"]),
        script=joined("dataset", ["page.js"]),
    )


def _badness(record: dict[str, Any]) -> tuple[Any, ...]:
    """Sorts records worst first, within a verdict by what they put in doubt, then by name."""
    return badness(record["verdict"], record["touches"]), natural_key(record["session"]), natural_key(record["trial"])


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a table of tab-separated values."""
    import pandas as pd

    text: str = pd.DataFrame(rows).to_csv(sep="\t", index=False, lineterminator="\n")
    return text


def _rounded(item: Repeated) -> dict[str, Any]:
    """A row of what repeats, with no more digits than the page shows."""
    return {key: round(value, 2) if isinstance(value, float) else value for key, value in asdict(item).items()}


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


def _row(record: dict[str, Any], folder: str) -> dict[str, Any]:
    """One trial's row of the table; figures as text, empty where there is none."""
    figures = {
        key: "" if record["figures"].get(key) is None else f"{record['figures'][key]:.3g}"
        for key in ("reprojection_error_px", "cameras_used", "missing", "marker_error_mm")
    }
    return {
        **{key: record[key] for key in ("session", "trial")},
        "participants": ", ".join(record["participants"]),
        **{key: record[key] for key in ("verdict", "stage", "reason", "blame")},
        **figures,
        "page": f"{folder}/report/index.html",
    }
