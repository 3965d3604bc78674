"""Joint angles under several choices: their curves, their differences, and how much each choice changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.plots.style import GREY, as_svg

COLUMNS = 3
BASE = "#1d2129"
PALETTE = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6f00")
"""Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), without black, and with olive for their yellow."""
SMALLEST_SPAN_DEG = 1.0
"""Differences smaller than this are drawn as the small things they are."""


def colours(count: int) -> list[Any]:
    """As many colours as there are choices, in their order."""
    import matplotlib

    if count <= len(PALETTE):
        return list(PALETTE[:count])
    return list(matplotlib.colormaps["viridis"](np.linspace(0, 0.92, count)))


def curves(
    time_s: FloatArray,
    base_deg: Mapping[str, FloatArray],
    choices: Sequence[tuple[str, Mapping[str, FloatArray], Mapping[str, FloatArray]]],
    sd_deg: Mapping[str, FloatArray] | None = None,
) -> str:
    """The angles under each choice, and below them how far they are from the angles as they are; as SVG.

    Parameters
    ----------
    time_s : (F,) array
        s.
    base_deg : dict of str to (F,) array
        The coordinates as they are, deg.
    choices : sequence of (label, dict, dict)
        The same under each choice, and the difference, deg.
    sd_deg : dict of str to (F,) array, optional
        A standard deviation, drawn as a band about the differences' zero.
    """
    import matplotlib.pyplot as plt

    rows = -(-len(base_deg) // COLUMNS)
    ratios = [2.0, 1.1] * rows
    figure, grid = plt.subplots(
        2 * rows,
        COLUMNS,
        figsize=(10, 2.9 * rows + 0.4),
        sharex=True,
        squeeze=False,
        height_ratios=ratios,
        layout="constrained",
    )
    for axes in grid.flat:
        axes.set_visible(False)
    lines: dict[str, Any] = {}
    for index, (name, values) in enumerate(base_deg.items()):
        above, below = grid[2 * (index // COLUMNS), index % COLUMNS], grid[2 * (index // COLUMNS) + 1, index % COLUMNS]
        above.set_visible(True)
        below.set_visible(True)
        if sd_deg is not None:
            band = below.fill_between(time_s, -sd_deg[name], sd_deg[name], color=GREY, alpha=0.3, linewidth=0)
            lines["jackknife, ± 1 standard deviation"] = band
        below.axhline(0, color=BASE, linewidth=1.0)
        for colour, (label, track, difference) in zip(colours(len(choices)), choices, strict=True):
            lines[label] = above.plot(time_s, track[name], color=colour, linewidth=1.1)[0]
            below.plot(time_s, difference[name], color=colour, linewidth=1.1)
        lines["as it is"] = above.plot(time_s, values, color=BASE, linewidth=1.3, linestyle=(0, (4, 2)))[0]
        low, high = below.get_ylim()
        if high - low < SMALLEST_SPAN_DEG:
            below.set_ylim((low + high - SMALLEST_SPAN_DEG) / 2, (low + high + SMALLEST_SPAN_DEG) / 2)
        above.set_title(name.replace("_", " "), loc="left")
        above.set_ylabel("°", rotation=0)
        below.set_ylabel("Δ °", rotation=0, labelpad=8)
        if index + COLUMNS >= len(base_deg):
            below.set_xlabel("time (s)")
            below.tick_params(labelbottom=True)
    figure.legend(lines.values(), lines.keys(), loc="outside upper left", ncols=7, frameon=False, fontsize=8)
    return as_svg(figure)


def effects(names: Sequence[str], choices: Sequence[tuple[str, Sequence[FloatArray] | None]]) -> str:
    """How much each choice changes each coordinate: a dot for each trial, and a larger one for their mean; as SVG.

    Parameters
    ----------
    names : sequence of str
        The coordinates.
    choices : sequence of (label, arrays)
        For each choice and coordinate, the root mean square differences of the trials, deg; None for a choice that is the
        configuration's own: it keeps its colour.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 0.9 + 0.34 * len(names)), layout="constrained")
    for row in range(0, len(names), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=GREY, alpha=0.1, linewidth=0)
    step = 0.6 / max(len(choices), 1)
    for index, (colour, (label, values)) in enumerate(zip(colours(len(choices)), choices, strict=True)):
        if values is None:
            continue
        places = np.arange(len(names)) - 0.3 + step * (index + 0.5)
        for place, each in zip(places, values, strict=True):
            axes.plot(each, np.full(len(each), place), ".", color=colour, markersize=4, alpha=0.5)
        means = [float(np.nanmean(each)) if np.isfinite(each).any() else np.nan for each in values]
        axes.plot(means, places, "o", color=colour, markersize=6, label=label)
    axes.set_yticks(np.arange(len(names)), [name.replace("_", " ") for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("root mean square difference from the angles as they are (°)")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return as_svg(figure)
