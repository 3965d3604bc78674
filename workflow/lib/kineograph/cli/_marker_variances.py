"""How well the markers of a TRC file are known, by the points that it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kineograph.cli._common_arguments import skeleton_card
from kineograph.geometry.markers import marker_positions, marker_variances
from kineograph.io.npz import read_npz
from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray


def variances_of(points_file: Path, participant: str, markers: Sequence[str]) -> FloatArray:
    """Variance of a coordinate of each marker, (F, M), m^2; NaN where the points don't tell."""
    points = read_npz(points_file, Points3D)
    card = skeleton_card(points.skeleton)
    names, _ = marker_positions(points, card)
    known = marker_variances(points, card)[:, points.participants.index(participant)]
    columns = [known[:, names.index(name)] if name in names else np.full(len(known), np.nan) for name in markers]
    return np.stack(columns, axis=1)
