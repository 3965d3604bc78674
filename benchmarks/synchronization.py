"""How right synchronization is on random scenes with known clocks: `python benchmarks/synchronization.py`.

Families of scenes, some of each, by seeds that no threshold was chosen on (`--tuning` has the others). For each family: the rms
error of the cameras' offsets, over all pairs of cameras, without and with synchronizing (median and worst over scenes), by how
much the worst scene became worse, and of how many scenes an error of more than 5 ms was left without a word about it, or an
estimate right to 2 ms was not used. Two CPU minutes for three scenes of each family.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow" / "lib"), str(ROOT / "tests")]

from kineograph.io.skeletons import read_skeleton  # noqa: E402
from kineograph.model.report import StageReport  # noqa: E402
from kineograph.stages.synchronize import SynchronizeSettings, synchronize  # noqa: E402
from synthetic.random_scenes import FAMILIES, Scene, random_scene  # noqa: E402

WRONG_S = 0.005
RIGHT_S = 0.002


@dataclass(frozen=True)
class Outcome:
    """One scene: its rms errors over all pairs of cameras, s, and what was said."""

    scene: str
    without_s: float
    with_s: float
    estimate_s: float
    warned: bool
    cpu_s: float
    report: StageReport

    @property
    def worse_s(self) -> float:
        """By how much synchronizing made it worse."""
        return max(0.0, self.with_s - self.without_s)

    @property
    def silent(self) -> bool:
        """An error of more than 5 ms, and no camera was named."""
        return self.with_s > WRONG_S and not self.warned

    @property
    def refused(self) -> bool:
        """The estimate is right to 2 ms and would have helped, but was not used."""
        return self.estimate_s < RIGHT_S and self.with_s > max(RIGHT_S, 2 * self.estimate_s)


def spread_s(error_s: np.ndarray) -> float:
    """The rms difference over all pairs of cameras."""
    pairs = (error_s[:, None] - error_s[None])[np.triu_indices(len(error_s), 1)]
    return float(np.sqrt(np.square(pairs).mean()))


def judge(scene: Scene) -> Outcome:
    """Synchronize a scene and compare with the truth."""
    began = time.process_time()
    result, report = synchronize(
        scene.keypoints, scene.rig, max(item.fps_hz for item in scene.keypoints), None, SynchronizeSettings()
    )
    used = time.process_time() - began
    estimated = report.came_out.get("estimated", {})
    guess = np.array([estimated[name]["offset_s"] if name in estimated else np.nan for name in scene.rig.names])
    return Outcome(
        scene.name,
        spread_s(scene.offset_s),
        spread_s(result.offset_s - scene.offset_s),
        spread_s(guess - scene.offset_s) if np.isfinite(guess).all() else np.inf,
        any("camera" in reason.blame or not reason.blame for reason in report.reasons),
        used,
        report,
    )


def main() -> None:
    """Judge the scenes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=3, help="of each family")
    parser.add_argument("--first", type=int, default=0, help="the first scene's number")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--tuning", action="store_true", help="the scenes that thresholds may be chosen on")
    parser.add_argument("--each", action="store_true", help="a line a scene as well")
    args = parser.parse_args()
    skeleton = read_skeleton(ROOT / "resources" / "skeletons" / "halpe26.toml")
    lines = []
    for family in args.families:
        found = []
        for number in range(args.first, args.first + args.scenes):
            found.append(judge(random_scene(skeleton, family, number, tuning=args.tuning)))
            if args.each:
                tell(found[-1])
        lines.append(row(family, found))
    print(
        "| scenes | n | without, ms | with, median | worst | worse by, at most | left silent | refused though right | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))


def row(family: str, found: list[Outcome]) -> str:
    """A family's line of the table."""
    without, with_ = (np.array([getattr(item, name) for item in found]) * 1e3 for name in ("without_s", "with_s"))
    worse = max(item.worse_s for item in found) * 1e3
    counts = [sum(getattr(item, name) for item in found) for name in ("silent", "refused")]
    cells = [
        family,
        len(found),
        f"{np.median(without):.1f}",
        f"{np.median(with_):.2f}",
        f"{with_.max():.2f}",
        f"{worse:.2f}",
    ]
    return "| " + " | ".join(map(str, [*cells, *counts, f"{np.mean([item.cpu_s for item in found]):.1f}"])) + " |"


def tell(item: Outcome) -> None:
    """A scene's line, with what was said of it."""
    marks = "".join(
        mark for mark, there in (("S", item.silent), ("R", item.refused), ("W", item.worse_s > 1e-9)) if there
    )
    print(
        f"{item.scene:24} {item.without_s * 1e3:7.1f} -> {item.with_s * 1e3:7.2f} ms (estimate {item.estimate_s * 1e3:.2f}) "
        f"{item.cpu_s:.1f} s {item.report.verdict} {marks}",
        flush=True,
    )
    for reason in item.report.reasons:
        print(f"      {reason.verdict}: {reason.text}")


if __name__ == "__main__":
    main()
