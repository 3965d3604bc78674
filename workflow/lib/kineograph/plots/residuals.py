"""Reprojection residuals, by camera and keypoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kineograph.plots.style import nothing, save

DARK_FROM = 0.6


def plot_residuals(path: Path, median_px: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> None:
    """Write the heat map of median residuals.

    Parameters
    ----------
    path : Path
        The SVG file.
    median_px : dict
        participant -> camera -> keypoint -> px (None where not seen), as the quality report holds it.
    """
    import matplotlib.pyplot as plt

    tables = {
        name: np.array([[np.nan if v is None else v for v in row.values()] for row in cameras.values()], dtype=float)
        for name, cameras in median_px.items()
    }
    if not tables or not any(np.isfinite(table).any() for table in tables.values()):
        nothing(path, "no residuals: no point was triangulated")
        return
    top = max(20.0, *(float(np.nanmax(table)) for table in tables.values() if np.isfinite(table).any()))
    first = next(iter(median_px.values()))
    cameras, keypoints = list(first), list(next(iter(first.values())))
    figure, grid = plt.subplots(
        len(tables), 1, figsize=(10, (1.2 + 0.36 * len(cameras)) * len(tables)), squeeze=False, layout="constrained"
    )
    for axes, (name, table) in zip(grid[:, 0], tables.items(), strict=True):
        image = axes.imshow(table, cmap="YlOrRd", vmin=0, vmax=top, aspect="auto")
        for row, column in np.argwhere(np.isfinite(table)):
            colour = "white" if table[row, column] > DARK_FROM * top else "black"
            axes.text(column, row, f"{table[row, column]:.0f}", ha="center", va="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(keypoints)), keypoints, rotation=60, ha="right", fontsize=7)
        axes.set_yticks(range(len(cameras)), cameras)
        axes.grid(visible=False)
        axes.set_title(f"{name}: median distance between keypoint and projected point (px)", loc="left")
        figure.colorbar(image, ax=axes, pad=0.01)
    save(figure, path)
