"""Markers on an OpenSim model that moves by known coordinates: the truth for scaling and inverse kinematics."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.opensim.model import load_model, scale_model

LEGS = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle")
PERSON = {
    "pelvis": 0.95, "sacrum": 0.95, "femur_r": 1.06, "femur_l": 1.06, "patella_r": 1.06, "patella_l": 1.06,
    "tibia_r": 0.97, "tibia_l": 0.97, "talus_r": 1.03, "talus_l": 1.03, "calcn_r": 1.03, "calcn_l": 1.03, "toes_r": 1.03,
    "toes_l": 1.03, "torso": 1.02, "lumbar1": 1.02, "lumbar2": 1.02, "lumbar3": 1.02, "lumbar4": 1.02, "lumbar5": 1.02,
    "humerus_r": 1.04, "humerus_l": 1.04, "ulna_r": 0.98, "ulna_l": 0.98, "radius_r": 0.98, "radius_l": 0.98, "hand_r": 0.98,
    "hand_l": 0.98, "head": 1.02,
}  # fmt: skip
"""Scale of each body of a person who differs from the generic model."""


def gait(time_s: np.ndarray, step_hz: float = 0.9) -> dict[str, np.ndarray]:
    """Coordinates of a walk, rad and m, by name; those that are not named stay at their default."""
    cycle = 2 * np.pi * step_hz * time_s
    deg = np.pi / 180
    values = {
        "pelvis_tx": 1.2 * time_s,
        "pelvis_ty": 0.95 + 0.02 * np.cos(2 * cycle),
        "pelvis_tz": 0.02 * np.sin(cycle),
        "pelvis_tilt": (-5 + 2 * np.sin(2 * cycle)) * deg,
        "pelvis_list": 4 * np.sin(cycle) * deg,
        "pelvis_rotation": 5 * np.cos(cycle) * deg,
        "L5_S1_Lat_Bending": -3 * np.sin(cycle) * deg,
        "L5_S1_axial_rotation": -4 * np.cos(cycle) * deg,
    }
    for side, shift in (("r", 0.0), ("l", np.pi)):
        swing = cycle + shift
        values |= {
            f"hip_flexion_{side}": (10 + 25 * np.sin(swing)) * deg,
            f"hip_adduction_{side}": 5 * np.sin(swing + 0.5) * deg,
            f"hip_rotation_{side}": 4 * np.cos(swing) * deg,
            f"knee_angle_{side}": (30 + 25 * np.sin(swing + 1.2)) * deg,
            f"ankle_angle_{side}": (3 + 10 * np.sin(swing + 2.0)) * deg,
            f"subtalar_angle_{side}": 4 * np.sin(swing) * deg,
            f"arm_flex_{side}": (5 - 20 * np.sin(swing)) * deg,
            f"arm_add_{side}": -25 * deg + 0 * swing,
            f"elbow_flex_{side}": (40 + 10 * np.sin(swing)) * deg,
            f"pro_sup_{side}": 90 * deg + 0 * swing,
        }
    return values


def markers_of(
    model_path: Path, marker_set: Path, coordinates: dict[str, np.ndarray], scale: dict[str, float] | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """Where the markers of a model are while it moves: names (M), positions (F, M, 3), m, OpenSim's axes."""
    model = load_model(model_path, marker_set)
    if scale:
        scale_model(model, {body: np.full(3, factor) for body, factor in scale.items()}, 70.0, "truth")
    state = model.initSystem()
    known = model.getCoordinateSet()
    markers = model.getMarkerSet()
    found = [markers.get(index) for index in range(markers.getSize())]
    frames = len(next(iter(coordinates.values())))
    places = np.empty((frames, len(found), 3))
    for frame in range(frames):
        for name, values in coordinates.items():
            known.get(name).setValue(state, float(values[frame]), False)
        model.assemble(state)
        model.realizePosition(state)
        for index, marker in enumerate(found):
            place = marker.getLocationInGround(state)
            places[frame, index] = [place.get(axis) for axis in range(3)]
    return tuple(marker.getName() for marker in found), places
