"""Which joint angles are shown together, and under which titles, which say what a positive angle is."""

from __future__ import annotations

from collections.abc import Sequence

PANELS = (
    ("Pelvis tilt (facing X), back (+) / forward (-)", ("pelvis_tilt",)),
    ("Pelvis list (facing X), right (+) / left (-)", ("pelvis_list",)),
    ("Pelvis rotation, left (+) / right (-)", ("pelvis_rotation",)),
    ("Hip flexion (+) / extension (-)", ("hip_flexion_r", "hip_flexion_l")),
    ("Hip adduction (+) / abduction (-)", ("hip_adduction_r", "hip_adduction_l")),
    ("Hip rotation, inward (+) / outward (-)", ("hip_rotation_r", "hip_rotation_l")),
    ("Knee flexion (+) / extension (-)", ("knee_angle_r", "knee_angle_l")),
    ("Ankle dorsi- (+) / plantarflexion (-)", ("ankle_angle_r", "ankle_angle_l")),
    ("Subtalar inversion (+) / eversion (-)", ("subtalar_angle_r", "subtalar_angle_l")),
    ("Lumbar extension (+) / flexion (-)", ("L5_S1_Flex_Ext", "lumbar_extension")),
    ("Lumbar bending, right (+) / left (-)", ("L5_S1_Lat_Bending", "lumbar_bending")),
    ("Lumbar rotation, left (+) / right (-)", ("L5_S1_axial_rotation", "lumbar_rotation")),
    ("Shoulder flexion (+) / extension (-)", ("arm_flex_r", "arm_flex_l")),
    ("Shoulder adduction (+) / abduction (-)", ("arm_add_r", "arm_add_l")),
    ("Elbow flexion (+) / extension (-)", ("elbow_flex_r", "elbow_flex_l")),
)
"""Title and coordinates of each panel, by the names of the Pose2Sim and Rajagopal models. What is positive was found by moving
each coordinate of Pose2Sim's models in OpenSim; the lumbar ones of Rajagopal's, whose names say extension, were not run.
The pelvis tilts and lists about the room's axes before it turns, so these two are as named for somebody who faces OpenSim's X."""
MORE = (
    ("Shoulder rotation, inward (+) / outward (-)", ("arm_rot_r", "arm_rot_l")),
    ("Forearm pronation (+) / supination (-)", ("pro_sup_r", "pro_sup_l")),
    ("Wrist flexion (+) / extension (-)", ("wrist_flex_r", "wrist_flex_l")),
    ("Wrist, ulnar (+) / radial deviation (-)", ("wrist_dev_r", "wrist_dev_l")),
    ("Toe flexion (+) / extension (-)", ("mtp_angle_r", "mtp_angle_l")),
    ("Neck extension (+) / flexion (-)", ("neck_flexion",)),
    ("Neck bending, right (+) / left (-)", ("neck_bending",)),
    ("Neck rotation, left (+) / right (-)", ("neck_rotation",)),
)
"""The same of those that are shown after the others."""
SIDES = {"_r": "right", "_l": "left"}


def named_panels(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The panels that come first of which a model has a coordinate, with those that it has."""
    return _those_of(PANELS, names)


def other_panels(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The coordinates that have no panel in :data:`PANELS`, right and left together; without a title, under their names."""
    known = {name for _, wanted in (*PANELS, *MORE) for name in wanted}
    groups: dict[str, list[str]] = {}
    for name in names:
        if name not in known:
            groups.setdefault(name.removesuffix("_r").removesuffix("_l"), []).append(name)
    unknown = [(title.replace("_", " "), sorted(wanted, reverse=True)) for title, wanted in groups.items()]
    return _those_of(MORE, names) + unknown


def _those_of(panels: Sequence[tuple[str, Sequence[str]]], names: Sequence[str]) -> list[tuple[str, list[str]]]:
    found = [(title, [name for name in wanted if name in names]) for title, wanted in panels]
    return [(title, wanted) for title, wanted in found if wanted]


def side(name: str) -> str:
    """'right', 'left' or 'middle', by a coordinate's name."""
    return SIDES.get(name[-2:], "middle")
