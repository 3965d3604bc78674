"""Inverse kinematics of known motions by both solvers: `python benchmarks/kinematics.py accuracy|speed|alone SETUP [options]`.

SETUP is the folder with OpenSim's models and set-up files (the asset `opensim_setup` in the cache). `opensim` runs at 1e-5
with the peer's set-up (lumbar task 0.1) and, beside it, with this workflow's default (`weak`); `trajectory` with its defaults.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow" / "lib"), str(ROOT / "tests")]

from synthetic.known_motion import (  # noqa: E402
    MARKER_SETS,
    MOTIONS,
    by_opensim,
    by_trajectory,
    compared_alone,
    coverage,
    leg_rms_deg,
    person,
    trial,
)

NOISE_M = 0.015


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """OpenSim's own printing goes nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def accuracy(setup: Path, frames: int, seeds: list[int]) -> None:
    """Error of the leg angles and coverage of two standard deviations, by marker set and motion."""
    columns = ("markers", "motion", "opensim, peer's set-up", "opensim, weak", "trajectory", "share of the peer's")
    print("|", " | ".join((*columns, "inside 2 sd, opensim", "trajectory")), "|")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for marker_set in MARKER_SETS:
            who = person(setup, marker_set, Path(folder))
            every = []
            for motion in MOTIONS:
                rows = []
                for seed in seeds:
                    what = trial(who, motion, seed, frames, NOISE_M)
                    with quiet():
                        peer, weak = by_opensim(who, what)[0], by_opensim(who, what, "weak")[0]
                    own, _ = by_trajectory(who, what)
                    errors = [leg_rms_deg(who, what, solution) for solution in (peer, weak, own)]
                    rows.append([*errors, coverage(what, peer), coverage(what, own)])
                every.append(np.mean(rows, axis=0))
                print(line(marker_set, motion, every[-1]), flush=True)
            print(line(marker_set, "mean", np.mean(every, axis=0)), flush=True)


def line(marker_set: str, motion: str, row: np.ndarray) -> str:
    """A row of the table."""
    peer, weak, own, inside_peer, inside_own = row
    return (
        f"| {marker_set} | {motion} | {peer:.1f}° | {weak:.1f}° | {own:.1f}° | {own / peer:.0%} |"
        f" {inside_peer:.0%} | {inside_own:.0%} |"
    )


def speed(setup: Path, frames: int) -> None:
    """CPU time a frame of a long trial."""
    print("| markers | frames | opensim, ms a frame | trajectory, ms a frame |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for marker_set in MARKER_SETS:
            who = person(setup, marker_set, Path(folder))
            what = trial(who, "turning", 3, frames, NOISE_M)
            with quiet():
                _, reference = by_opensim(who, what)
            _, own = by_trajectory(who, what)
            print(
                f"| {marker_set} | {frames} | {reference / frames * 1e3:.1f} | {own / frames * 1e3:.1f} |", flush=True
            )


def alone(setup: Path, frames: int, seeds: list[int]) -> None:
    """Frames by themselves, without smoothness and priors: is any of them in a worse or a wrong minimum than OpenSim's?"""
    print(
        "| markers | movement | frames | highest over OpenSim's | frames above +0.1 % | pelvis and elbows, largest error |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for marker_set in MARKER_SETS:
            who = person(setup, marker_set, Path(folder))
            for motion in MOTIONS:
                with quiet():
                    found = [compared_alone(who, trial(who, motion, seed, frames, NOISE_M)) for seed in seeds]
                higher = np.concatenate([part for part, _ in found])
                print(
                    f"| {marker_set} | {motion} | {len(higher)} | {higher.max():+.2%} | {(higher > 0.001).sum()} |"
                    f" {max(wrong for _, wrong in found):.0f}° |",
                    flush=True,
                )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["accuracy", "speed", "alone"])
    parser.add_argument("setup", type=Path)
    parser.add_argument("--frames", type=int, default=None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102])
    args = parser.parse_args()
    if args.what == "accuracy":
        accuracy(args.setup, args.frames or 120, args.seeds)
    elif args.what == "alone":
        alone(args.setup, args.frames or 120, args.seeds)
    else:
        speed(args.setup, args.frames or 3000)


if __name__ == "__main__":
    main()
