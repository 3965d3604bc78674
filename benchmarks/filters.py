"""Error and CPU time of every filter: `python benchmarks/filters.py [--seed 101] [--long 3000]`.

People who stand, walk, run and throw are filmed by four cameras with noise of 2 px, 10 % occlusion and 5 % outliers,
triangulated, and filtered with each filter's defaults. The error is the distance from the truth, root mean square and worst, mm.
Then outlier rejection: how much of clean noise it rejects, how far it moves exact tracks, and what it does to the error.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow" / "lib"), str(ROOT / "tests")]

from kineograph.io.skeletons import read_skeleton  # noqa: E402
from kineograph.model.points import Points3D  # noqa: E402
from kineograph.model.skeleton import Skeleton  # noqa: E402
from kineograph.model.tracks import PersonTracks  # noqa: E402
from kineograph.settings.plugins import plugin_names  # noqa: E402
from kineograph.signal.filters._apply import FOLDER  # noqa: E402
from kineograph.signal.outliers import outliers, replaced  # noqa: E402
from kineograph.stages.observe import observe  # noqa: E402
from kineograph.stages.smooth import SmoothSettings, smooth  # noqa: E402
from kineograph.stages.synchronize import SynchronizeSettings, synchronize  # noqa: E402
from kineograph.stages.triangulate import TriangulateSettings, triangulate  # noqa: E402
from synthetic.scene import Faults, Motion, film, ring, walker  # noqa: E402

CAMERAS = 4
SECONDS = 4.0
FAULTS = Faults(noise_px=2, occlusion=0.1, outliers=0.05)


def throwing(skeleton: Skeleton) -> Motion:
    """Stands, and throws with the right hand each 1.6 s: it turns by 166 degrees in a quarter of a second, at 10 m/s."""
    still = walker(skeleton, step_hz=0.1)

    def motion(time_s: np.ndarray) -> np.ndarray:
        points = still(time_s)
        part = np.clip(((time_s % 1.6) - 0.4) / 0.25, 0, 1) - np.clip(((time_s % 1.6) - 0.9) / 0.6, 0, 1)
        turn = 2.9 * part**2 * (3 - 2 * part) - 2.0
        along = np.stack([np.sin(turn), 0.2 * np.ones_like(turn), np.cos(turn)], axis=-1)
        shoulder = points[:, skeleton.index("RShoulder")]
        points[:, skeleton.index("RElbow")] = shoulder + 0.29 * along
        points[:, skeleton.index("RWrist")] = shoulder + 0.55 * along
        return points

    return motion


def motions(skeleton: Skeleton) -> dict[str, Motion]:
    """The people."""
    return {
        "standing": walker(skeleton, step_hz=0.1),
        "walking": walker(skeleton, start_m=(-1.2, 0.0), velocity_m_s=(0.6, 0.1)),
        "running": walker(skeleton, step_hz=1.5, phase=0.4),
        "throwing": throwing(skeleton),
    }


def seen(skeleton: Skeleton, motion: Motion, faults: Faults, rate_hz: float, seconds: float, seed: int) -> Points3D:
    """The triangulated points of a person."""
    rig = ring(CAMERAS)
    keypoints = film(rig, skeleton, [motion], seconds=seconds, fps_hz=rate_hz, faults=faults, seed=seed)
    clock, _ = synchronize(keypoints, rig, rate_hz, None, SynchronizeSettings(method="none"))
    frames = len(clock.time_s)
    frame = np.tile(np.arange(frames)[:, None], (1, CAMERAS))
    tracks = PersonTracks(("P1",), rig.names, np.zeros((frames, 1, CAMERAS), int), frame, clock.time_s, rate_hz)
    return triangulate(observe(keypoints, rig, clock, tracks), rig, skeleton, TriangulateSettings())[0]


def errors(points: Points3D, motion: Motion) -> np.ndarray:
    """Distances from the truth, mm."""
    away = np.linalg.norm(points.position_m[:, 0] - motion(points.time_s), axis=-1) * 1e3
    return away[np.isfinite(away)]


def figures(away: np.ndarray) -> str:
    """Root mean square and worst."""
    return f"{np.sqrt(np.square(away).mean()):.1f} / {away.max():.0f}"


def table_of_filters(skeleton: Skeleton, seed: int, long: int) -> None:
    """Error of each filter on each motion, and CPU seconds for a long trial."""
    people = motions(skeleton)
    points = {name: seen(skeleton, motion, FAULTS, 60.0, SECONDS, seed) for name, motion in people.items()}
    repeated = long // points["walking"].n_frames + 1
    walk = points["walking"]
    grown = {
        name: value if isinstance(value, (str, tuple, float)) else np.concatenate([value] * repeated)[:long]
        for name, value in vars(walk).items()
    }
    trial = Points3D(**grown | {"time_s": np.arange(long) / 60.0})
    print(f"| filter | {' | '.join(people)} | CPU s, {long} frames |")
    print("|---|" + "---|" * (len(people) + 1))
    rows = [("triangulated", "none", False), ("without rejection: butterworth", "butterworth", False)]
    rows += [(name, name, True) for name in ("none", *plugin_names(FOLDER))]
    for label, method, reject in rows:
        settings = SmoothSettings(method=method, reject_outliers=reject)
        cells = [figures(errors(smooth(points[name], settings)[0], motion)) for name, motion in people.items()]
        started = time.process_time()
        smooth(trial, settings)
        print(f"| {label} | {' | '.join(cells)} | {time.process_time() - started:.2f} |", flush=True)


def per_coordinate(track: np.ndarray, window: int = 7, threshold: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Hampel's identifier as Pose2Sim has it: each coordinate by itself, the median in place of an outlier."""
    half = window // 2
    around = np.lib.stride_tricks.sliding_window_view(track, window, axis=0)
    median = np.median(around, axis=-1)
    spread = np.median(np.abs(around - median[..., None]), axis=-1)
    inner = track[half : len(track) - half]
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = 0.6745 * np.abs(inner - median) / spread > threshold
    result = track.copy()
    result[half : len(track) - half] = np.where(wrong & (spread > 0), median, inner)
    return result, (wrong & (spread > 0)).any(axis=-1)


def table_of_rejection(skeleton: Skeleton, seed: int) -> None:
    """What each way of rejection does to noise, exact tracks, and clean and poor keypoints."""
    defaults = SmoothSettings()
    window, threshold = defaults.outlier_window_frames, defaults.outlier_threshold

    def ours(track: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wrong, _ = outliers(track, window, threshold)
        return replaced(track, wrong), wrong

    noise = np.random.default_rng(seed).normal(0, 0.01, (5000, 20, 3))
    print("\n| rejection | of noise | exact tracks moved, 30 Hz | clean keypoints, Butterworth after | poor ones |")
    print("|---|---|---|---|---|")
    people = motions(skeleton)
    faults = {"clean": Faults(noise_px=2), "poor": Faults(noise_px=4, occlusion=0.25, outliers=0.08)}
    points = {
        (kind, name): seen(skeleton, motion, fault, 60.0, SECONDS, seed)
        for kind, fault in faults.items()
        for name, motion in people.items()
    }
    for label, way in (("none", None), ("Pose2Sim's, 7 frames, 2", per_coordinate), ("ours", ours)):
        cells = ["0 %", "0 mm"]
        if way:
            exact = [motion(np.arange(120) / 30) for motion in people.values()]
            moved = [np.nanmax(np.linalg.norm(way(track)[0] - track, axis=-1)) for track in exact]
            cells = [f"{way(noise)[1].mean():.1%}", f"{max(moved) * 1e3:.0f} mm"]
        for kind in faults:
            away = []
            for name, motion in people.items():
                item = points[kind, name]
                position = way(item.position_m[:, 0])[0][:, None] if way else item.position_m
                changed = Points3D(**vars(item) | {"position_m": position})
                away.append(errors(smooth(changed, SmoothSettings(reject_outliers=False))[0], motion))
            cells.append(figures(np.concatenate(away)))
        print(f"| {label} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--long", type=int, default=3000)
    args = parser.parse_args()
    skeleton = read_skeleton(ROOT / "resources" / "skeletons" / "body25b.toml")
    table_of_filters(skeleton, args.seed, args.long)
    table_of_rejection(skeleton, args.seed)


if __name__ == "__main__":
    main()
