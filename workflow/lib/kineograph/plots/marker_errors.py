"""Marker errors over time: a row a marker, the worst at the top, and the root mean square of each frame below."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.model.marker_errors import MarkerErrors
from kineograph.plots.style import GREY, MIDDLE, nothing, save

LEAST_TOP_MM = 40.0
"""Colours end here, or at the 98th percentile: OpenSim's advice is 20-40 mm at most."""
MOST_COLUMNS = 1200
"""Pictures of longer trials show the largest error of a few frames in each column."""


def plot_marker_errors(path: Path, errors: MarkerErrors) -> None:
    """Write the plot.

    Parameters
    ----------
    path : Path
        The SVG file.
    errors : MarkerErrors
        The distances.
    """
    import matplotlib.pyplot as plt

    table = errors.error_m * 1e3
    known = np.isfinite(table)
    if not known.any():
        nothing(path, "no marker errors: see the verdict of the kinematics stage")
        return
    table, time_s = table[:, known.any(axis=0)], errors.time_s
    names = np.array(errors.markers)[known.any(axis=0)]
    size = np.sqrt(np.nanmean(np.square(table), axis=0))
    worst_first = np.argsort(-size, kind="stable")
    top = max(LEAST_TOP_MM, float(np.nanpercentile(table, 98)))
    figure, (rows, line) = plt.subplots(
        2, 1, figsize=(10, 1.6 + 0.19 * len(names) + 1.4), sharex=True, layout="constrained",
        height_ratios=(0.19 * len(names) + 0.4, 1.4),
    )  # fmt: skip
    half = 0.5 * (time_s[-1] - time_s[0]) / max(len(time_s) - 1, 1) or 0.5
    extent = (time_s[0] - half, time_s[-1] + half, len(names) - 0.5, -0.5)
    image = rows.imshow(
        _condensed(table[:, worst_first]).T,
        cmap="YlOrRd",
        vmin=0,
        vmax=top,
        aspect="auto",
        extent=extent,
        interpolation="none",
    )
    labels = [f"{names[index]}  {size[index]:.0f}" for index in worst_first]
    rows.set_yticks(range(len(names)), labels, fontsize=7)
    rows.grid(visible=False)
    rows.set_facecolor("#e9ebee")
    rows.set_title(
        "Distance from the model (mm); beside each marker its root mean square; light grey: missing", loc="left"
    )
    figure.colorbar(image, ax=rows, pad=0.01)
    counted = known.any(axis=1)
    of_frame = np.full(len(table), np.nan)
    of_frame[counted] = np.sqrt(np.nanmean(np.square(table[counted]), axis=1))
    line.plot(time_s, of_frame, color=MIDDLE, linewidth=1.2)
    frame, marker = np.unravel_index(np.nanargmax(table), table.shape)
    line.axvline(time_s[frame], color=GREY, linewidth=0.8, linestyle=":")
    worst = f"{names[marker]} in frame {frame}, {table[frame, marker]:.0f} mm"
    line.set_title(f"Root mean square of each frame (mm); dotted, the worst: {worst}", loc="left")
    line.set_ylim(bottom=0)
    line.set_xlabel("time (s)")
    save(figure, path)


def _condensed(table: np.ndarray) -> np.ndarray:
    """At most so many rows, each the largest of some frames."""
    frames = len(table)
    step = -(-frames // MOST_COLUMNS)
    if step == 1:
        return table
    padded = np.concatenate([table, np.full((-frames % step, table.shape[1]), np.nan)]).reshape(
        -1, step, table.shape[1]
    )
    largest = np.where(np.isnan(padded), -1.0, padded).max(axis=1)
    return np.where(largest < 0, np.nan, largest)
