"""Which joint angles are shown together, and under which titles."""

from __future__ import annotations

from collections.abc import Sequence

PANELS = (
    ("Pelvis tilt", ("pelvis_tilt",)),
    ("Pelvis list", ("pelvis_list",)),
    ("Pelvis rotation", ("pelvis_rotation",)),
    ("Hip flexion", ("hip_flexion_r", "hip_flexion_l")),
    ("Hip adduction", ("hip_adduction_r", "hip_adduction_l")),
    ("Hip rotation", ("hip_rotation_r", "hip_rotation_l")),
    ("Knee flexion", ("knee_angle_r", "knee_angle_l")),
    ("Ankle dorsiflexion", ("ankle_angle_r", "ankle_angle_l")),
    ("Subtalar angle", ("subtalar_angle_r", "subtalar_angle_l")),
    ("Lumbar flexion", ("L5_S1_Flex_Ext",)),
    ("Lumbar bending", ("L5_S1_Lat_Bending",)),
    ("Lumbar rotation", ("L5_S1_axial_rotation",)),
    ("Shoulder flexion", ("arm_flex_r", "arm_flex_l")),
    ("Shoulder adduction", ("arm_add_r", "arm_add_l")),
    ("Elbow flexion", ("elbow_flex_r", "elbow_flex_l")),
)
"""Title and coordinates of each panel, by the names of the Pose2Sim and Rajagopal models."""
SIDES = {"_r": "right", "_l": "left"}


def named_panels(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The panels with a title of their own of which a model has a coordinate, with those that it has."""
    found = [(title, [name for name in wanted if name in names]) for title, wanted in PANELS]
    return [(title, wanted) for title, wanted in found if wanted]


def other_panels(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The coordinates that have no panel in :data:`PANELS`, right and left together, under their own names."""
    known = {name for _, wanted in PANELS for name in wanted}
    groups: dict[str, list[str]] = {}
    for name in names:
        if name not in known:
            groups.setdefault(name.removesuffix("_r").removesuffix("_l"), []).append(name)
    return [(title.replace("_", " "), sorted(wanted, reverse=True)) for title, wanted in groups.items()]


def side(name: str) -> str:
    """'right', 'left' or 'middle', by a coordinate's name."""
    return SIDES.get(name[-2:], "middle")
