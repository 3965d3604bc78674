"""The look that all plots share, and writing them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib

from kineograph.io.atomic import write_text

matplotlib.use("Agg")

RIGHT, LEFT, MIDDLE, GREY = "#d55e00", "#0072b2", "#009e73", "#8a8f98"
"""Vermilion, blue and green of Okabe and Ito's palette (https://jfly.uni-koeln.de/color/): colour-blind safe."""

matplotlib.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#e3e5e8",
        "grid.linewidth": 0.6,
        "axes.edgecolor": GREY,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "figure.facecolor": "white",
        "svg.hashsalt": "kineograph",
        "svg.fonttype": "path",
    }
)

SIDE_COLOURS = {"right": RIGHT, "left": LEFT, "middle": MIDDLE}


def save(figure: Any, path: Path) -> None:
    """Write a figure as SVG, atomically; the same figure gives the same bytes."""
    write_text(path, as_svg(figure))


def as_svg(figure: Any) -> str:
    """A figure as the text of an SVG file; the same figure gives the same text."""
    import matplotlib.pyplot as plt

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "Kineograph"}, bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()


def nothing(path: Path, text: str) -> None:
    """Write a plot that says why there is none."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(6, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center", color=GREY)
    save(figure, path)
