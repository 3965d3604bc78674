"""CPU time and memory of triangulation: `python benchmarks/triangulation.py FRAMES CAMERAS dlt|robust|temporal`."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow" / "lib"), str(ROOT / "tests")]

from kineograph.io.skeletons import read_skeleton  # noqa: E402
from kineograph.model.tracks import PersonTracks  # noqa: E402
from kineograph.stages.observe import observe  # noqa: E402
from kineograph.stages.synchronize import SynchronizeSettings, synchronize  # noqa: E402
from kineograph.stages.triangulate import TriangulateSettings, triangulate  # noqa: E402
from synthetic.scene import Faults, film, ring, walker  # noqa: E402

FPS_HZ = 60.0


def main() -> None:
    """Triangulate a walker and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=int)
    parser.add_argument("cameras", type=int)
    parser.add_argument("method", choices=["dlt", "robust", "temporal"])
    args = parser.parse_args()
    skeleton = read_skeleton(ROOT / "resources" / "skeletons" / "body25b.toml")
    rig = ring(args.cameras)
    faults = Faults(noise_px=2, occlusion=0.1, outliers=0.05)
    keypoints = film(rig, skeleton, [walker(skeleton)], seconds=args.frames / FPS_HZ, fps_hz=FPS_HZ, faults=faults)
    clock, _ = synchronize(keypoints, rig, FPS_HZ, None, SynchronizeSettings(method="none"))
    frame = np.tile(np.arange(args.frames)[:, None], (1, args.cameras))
    tracks = PersonTracks(
        ("P1",), rig.names, np.zeros((args.frames, 1, args.cameras), int), frame, clock.time_s, FPS_HZ
    )
    settings = TriangulateSettings(
        method="dlt" if args.method == "dlt" else "robust", temporal=args.method == "temporal"
    )
    started = time.process_time()
    triangulate(observe(keypoints, rig, clock, tracks), rig, skeleton, settings)
    used = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{args.frames} frames, {args.cameras} cameras, {args.method}: {used:.2f} CPU s, {memory:.0f} MB at most")


if __name__ == "__main__":
    main()
