"""Write the page and the table of all trials, worst first."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from kineograph.io.atomic import write_text
from kineograph.io.reports import read_json
from kineograph.model.report import VERDICTS


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--verdicts", type=Path, nargs="+", required=True, metavar="FILE", help="verdict.json of the trials"
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
    write_page(args.out, "dataset.html", rows=table.to_dict("records"), counts=ordered)


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
