"""Joint angles over time, right and left together, with the band of two standard deviations; grey where no marker tells them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kineograph.model.coordinate_panels import named_panels, side
from kineograph.model.coordinates import Coordinates
from kineograph.plots.style import GREY, SIDE_COLOURS, nothing, save

COLUMNS = 3
SMALLEST_SPAN_DEG = 10.0


def plot_angles(path: Path, coordinates: Coordinates, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Write the plot of a participant's joint angles.

    Parameters
    ----------
    path : Path
        The SVG file.
    coordinates : Coordinates
        The angles.
    ranges : dict of str to (float, float)
        The model's range of each coordinate, rad or m: its ends are drawn where the angle comes near them.
    """
    import matplotlib.pyplot as plt

    panels = named_panels(coordinates.names)
    if not panels or not np.isfinite(coordinates.values).any():
        nothing(path, "no joint angles: see the verdict of the kinematics stage")
        return
    rows = -(-len(panels) // COLUMNS)
    figure, grid = plt.subplots(
        rows, COLUMNS, figsize=(10, 1.9 * rows), sharex=True, squeeze=False, layout="constrained"
    )
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, names) in zip(grid.flat, panels, strict=False):
        for name in names:
            colour = SIDE_COLOURS[side(name)]
            label = side(name) if len(names) > 1 else None
            values = np.degrees(coordinates.values[:, coordinates.names.index(name)])
            index = coordinates.names.index(name)
            band = 2 * np.degrees(coordinates.sd[:, index])
            told = coordinates.observed[:, index]
            axes.plot(coordinates.time_s, np.where(told, np.nan, values), color=GREY, linewidth=1.0)
            axes.plot(coordinates.time_s, np.where(told, values, np.nan), color=colour, label=label, linewidth=1.4)
            limits = axes.get_ylim()
            sure = told & np.isfinite(band)
            axes.fill_between(
                coordinates.time_s, values - band, values + band, where=sure, color=colour, alpha=0.15, linewidth=0
            )
            edges = np.concatenate([(values - band)[sure], (values + band)[sure], limits])
            axes.set_ylim(float(edges.min()), float(edges.max()))
        low, high = axes.get_ylim()
        if high - low < SMALLEST_SPAN_DEG:  # else the noise of an angle that is held looks like movement
            low, high = (low + high - SMALLEST_SPAN_DEG) / 2, (low + high + SMALLEST_SPAN_DEG) / 2
            axes.set_ylim(low, high)
        for limit in np.degrees(ranges.get(names[0], (np.nan, np.nan))):
            if low <= limit <= high:
                axes.axhline(limit, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_title(title, loc="left")
        axes.set_ylabel("°", rotation=0)
    grid[min(1, rows - 1)][0].legend(frameon=False, loc="best", fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("time (s)")
    save(figure, path)
