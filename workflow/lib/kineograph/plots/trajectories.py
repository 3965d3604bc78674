"""Points over time, as triangulated and as filtered, and the skeleton in space."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.model.points import Origin, Points3D
from kineograph.model.skeleton import Skeleton
from kineograph.plots.style import GREY, SIDE_COLOURS, nothing, save

SHOWN = ("RWrist", "LWrist", "RKnee", "LKnee", "RAnkle", "LAnkle")
POSES = 5
AXES = ("x", "y", "z (up)")


def plot_trajectories(path: Path, raw: Points3D, filtered: Points3D, participant: int, skeleton: Skeleton) -> None:
    """Write the plot of a participant's points: some keypoints over time, and the skeleton at five instants.

    Parameters
    ----------
    path : Path
        The SVG file.
    raw, filtered : Points3D
        The points before and after filtering.
    participant : int
        Which participant.
    skeleton : Skeleton
        Their skeleton.
    """
    import matplotlib.pyplot as plt

    position = filtered.position_m[:, participant]
    if not np.isfinite(position).any():
        nothing(path, "no points: see the verdicts of association and triangulation")
        return
    names = [name for name in SHOWN if name in filtered.names]
    figure = plt.figure(figsize=(10, 7.2), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.7, 1))
    grid = upper.subplots(3, len(names), sharex=True, sharey="row", squeeze=False)
    for column, name in enumerate(names):
        index = filtered.names.index(name)
        colour = SIDE_COLOURS[skeleton.side(name)]
        filled = np.isin(raw.origin[:, participant, index], (Origin.INTERPOLATED, Origin.PREDICTED))
        rejected = filtered.origin[:, participant, index] == Origin.REJECTED
        for row in range(3):
            axes = grid[row][column]
            series = raw.position_m[:, participant, index, row]
            axes.plot(raw.time_s, series, color=GREY, linewidth=0.8, alpha=0.8, label="triangulated")
            axes.plot(raw.time_s[filled], series[filled], ".", color="black", markersize=3, label="filled")
            axes.plot(raw.time_s[rejected], series[rejected], "x", color="crimson", markersize=4, label="rejected")
            axes.plot(filtered.time_s, position[:, index, row], color=colour, linewidth=1.4, label="filtered")
            if column == 0:
                axes.set_ylabel(f"{AXES[row]} (m)")
        grid[0][column].set_title(name, loc="left")
        grid[2][column].set_xlabel("time (s)")
    grid[0][0].legend(frameon=False, fontsize=7)
    _draw_poses(lower, filtered, participant, skeleton)
    save(figure, path)


def _draw_poses(figure: object, points: Points3D, participant: int, skeleton: Skeleton) -> None:
    """The skeleton at instants spread over the trial, seen from the side with most spread, z up."""
    position = points.position_m[:, participant]
    seen = np.flatnonzero(np.isfinite(position).all(axis=-1).sum(axis=1) > len(points.names) // 2)
    frames = seen[np.linspace(0, len(seen) - 1, POSES).round().astype(int)] if len(seen) else []
    if not len(frames):
        return
    centres = [np.nanmean(position[frame], axis=0) for frame in frames]
    radius = max(float(np.nanmax(np.abs(position[f] - centre))) for f, centre in zip(frames, centres, strict=True))
    for place, (frame, centre) in enumerate(zip(frames, centres, strict=True)):
        axes = figure.add_subplot(1, POSES, place + 1, projection="3d")  # type: ignore[attr-defined]
        for first, second in skeleton.bones:
            ends = [
                position[frame, points.names.index(n)] if n in points.names else np.full(3, np.nan)
                for n in (first, second)
            ]
            sides = {skeleton.side(first), skeleton.side(second)}
            colour = SIDE_COLOURS[sides.pop() if len(sides) == 1 else "middle"]
            axes.plot(*np.array(ends).T, color=colour, linewidth=1.6)
        for set_limits, middle in zip((axes.set_xlim, axes.set_ylim, axes.set_zlim), centre, strict=True):
            set_limits(middle - radius, middle + radius)
        axes.set_box_aspect((1, 1, 1), zoom=1.35)
        axes.set_xticklabels([])
        axes.set_yticklabels([])
        axes.view_init(elev=12, azim=-60)
        axes.tick_params(labelsize=5, pad=-3)
        axes.set_title(f"{points.time_s[frame]:.2f} s", fontsize=8)
