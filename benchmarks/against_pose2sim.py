"""Kineograph against Pose2Sim on the same keypoints: errors against truth, CPU seconds, and what each notices.

.venv/bin/python benchmarks/against_pose2sim.py --write        (its cost is in benchmarks/README.md)

Pose2Sim goes into a virtual environment of its own, in the cache's folder or where --environment says, never into this one.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import platform
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from comparison import REPOSITORY, angles, errors, pose2sim, tables
from comparison.demo import write_demo
from comparison.kineograph_workflow import run_kineograph, variants
from comparison.result import Result
from comparison.scaling import ours, theirs
from comparison.scenes import SCENES, Scene
from comparison.trial_files import TrialFiles, write_scene

from kineograph import __version__
from kineograph.assets.store import obtain
from kineograph.catalog.assets import default_cache, read_catalogue
from synthetic.motions import MOTIONS

README = Path(__file__).parent / "README.md"
PARTS = ("scenes", "demo", "scaling", "angles")
LENS_TOO = {"clean", "poor_keypoints"}
"""Scenes in which Pose2Sim is also run with its option to take lenses into account, which it ships switched off."""
FRAMES = (100, 1000, 3000)
LONG = (36_000, 8)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the results into benchmarks/README.md")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS, help="what to run; all without it")
    parser.add_argument("--scenes", nargs="*", default=[], metavar="NAME", help="only these scenes")
    environment = default_cache() / f"pose2sim-{pose2sim.VERSION}"
    parser.add_argument(
        "--environment", type=Path, default=environment, help=f"Pose2Sim's own, by default {environment}"
    )
    parser.add_argument("--work", type=Path, help="keep the scenes and results in this folder")
    args = parser.parse_args()
    if args.write and args.scenes:
        parser.error("--write takes all scenes: leave out --scenes")
    return args


def main() -> None:
    """Run the parts; print each, and write it where asked to, as soon as it is there."""
    args = arguments()
    python = pose2sim.install(args.environment)
    with tempfile.TemporaryDirectory() as temporary:
        work = (args.work or Path(temporary)).absolute()
        for part in args.parts:
            folder = work / part
            if part == "scenes":
                sections = scenes(python, folder, args.scenes)
            elif part == "demo":
                sections = demo(python, folder)
            elif part == "scaling":
                sections = scaling(python, folder)
            else:
                sections = joint_angles(python, folder)
            text = "\n\n".join([conditions(), *sections])
            print(text, end="\n\n", flush=True)
            if args.write:
                README.write_text(tables.replaced(README.read_text(), part, text))


def conditions() -> str:
    """Date, versions and machine."""
    return (
        f"{datetime.date.today()}, {os.cpu_count()} shared cores ({platform.machine()}), Python {platform.python_version()}, "
        f"Kineograph {__version__}, Pose2Sim {pose2sim.VERSION}; each tool on one thread."
    )


def scenes(python: Path, work: Path, only: list[str]) -> list[str]:
    """The synthetic scenes: the table, and what was said."""
    rows: list[list[str]] = []
    said: list[str] = []
    for make in SCENES:
        scene = make()
        if only and scene.name not in only:
            continue
        note(scene.name)
        results = both(python, write_scene(scene, work / scene.name), lenses=scene.name in LENS_TOO)
        rows += scene_rows(scene, results)
        said += tables.sayings(scene.name, results, scene.blame)
    return [
        tables.table(tables.SCENE_HEADER, rows),
        "\n".join(["What they said (where one said something):", "", *said]),
    ]


def scene_rows(scene: Scene, results: list[Result]) -> list[list[str]]:
    """The rows of a scene, measured on the keypoints that all tools have."""
    names = errors.common_names([result for result in results if result.filtered])
    return [
        tables.scene_row(
            f"{scene.name}: {scene.what}" if result is results[0] else "",
            result,
            errors.accuracy(result, scene, names) if result.filtered else None,
            scene.blame,
        )
        for result in results
    ]


def demo(python: Path, work: Path) -> list[str]:
    """The demo's real videos, whose cameras are in step, without and with the search for offsets."""
    note("demo")
    files, rig, keypoints = write_demo(work)
    rows = []
    for name, search in (("in step", False), ("offsets searched", True)):
        results = both(python, dataclasses.replace(files, synchronize=search))
        names = errors.common_names([result for result in results if result.filtered])
        rows += [
            tables.demo_row(
                name, result, errors.consistency(result, rig, keypoints, names) if result.filtered else None
            )
            for result in results
        ]
    return [tables.table(tables.DEMO_HEADER, rows)]


def scaling(python: Path, work: Path) -> list[str]:
    """Association and triangulation of longer and longer walks, 25 keypoints."""
    loads = []
    for frames in FRAMES:
        note(f"{frames} frames")
        folder = work / str(frames)
        loads += [*ours(folder, frames, 4, from_json=True), theirs(python, folder, frames, 4)]
    note(f"{LONG[0]} frames")
    loads += ours(work / "long", *LONG, from_json=False)
    return [tables.table(tables.LOAD_HEADER, [tables.load_row(load) for load in loads])]


def joint_angles(python: Path, work: Path) -> list[str]:
    """Leg angles of known movements through both tools' whole line."""
    catalogue = read_catalogue(REPOSITORY / "resources" / "assets.toml")
    setup = obtain(catalogue.asset("opensim_setup"), default_cache())
    rows, rms = [], defaultdict(list)
    for motion in MOTIONS:
        for seed in angles.SEEDS:
            note(f"{motion}, seed {seed}")
            for result in angles.compare(python, work / f"{motion}_{seed}", setup, motion, seed):
                rows.append(tables.angle_row(f"{motion}, seed {seed}" if result.tool == pose2sim.TOOL else "", result))
                rms[result.tool].append(result.rms_deg)
    means = [["mean of all", tool, tables.number(float(np.mean(found)), 2), "", "", ""] for tool, found in rms.items()]
    return [tables.table(tables.ANGLE_HEADER, [*rows, *means])]


def both(python: Path, files: TrialFiles, *, lenses: bool = False) -> list[Result]:
    """All tools on one trial."""
    results = [pose2sim.run_pose2sim(python, files)]
    if lenses:
        settings = {"triangulation": {"undistort_points": True}}
        results.append(pose2sim.run_pose2sim(python, files, tool=f"{pose2sim.TOOL}, lenses", settings=settings))
    return results + [run_kineograph(files, tool=tool, changes=changes) for tool, changes in variants().items()]


def note(text: str) -> None:
    """Tell the progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
