"""Make the shapes of an OpenSim model's bones small enough for the trials' pages."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from kineograph.dataset.listing import list_folder
from kineograph.geometry.fewer_triangles import area_m2, fewer_triangles
from kineograph.io.atomic import write_text
from kineograph.io.vtp import read_vtp
from kineograph.pages.packing import packed, text

FEWEST, PER_M2 = 16, 4500.0
"""Triangles of a shape: so many, and so many more per m^2 of its surface. About 3000 for a whole skeleton, which a phone draws
in time."""
QUANTUM_M = 0.0001


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--geometry", type=Path, required=True, metavar="DIR", help="VTP files, as OpenSim models name them"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the shapes (.json)")


def run(args: argparse.Namespace) -> None:
    """Read, reduce and write all of a folder's shapes; none of a folder that is not there."""
    shapes = {}
    entries = list_folder(args.geometry) if args.geometry.is_dir() else []
    for path in (Path(entry.path) for entry in entries if entry.name.endswith(".vtp")):
        surface = read_vtp(path)
        reduced = fewer_triangles(surface, FEWEST + round(PER_M2 * area_m2(surface)))
        triangles = text(np.ascontiguousarray(reduced.triangles, "<u2").tobytes())
        shapes[path.name] = {"points": packed(reduced.points_m, QUANTUM_M), "triangles": triangles}
    write_text(args.out, json.dumps(shapes, sort_keys=True) + "\n")
