"""What the values of a Pose2Sim configuration mean here (Pose2Sim 0.10, Config.toml; its documentation and demos)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kineograph.project_formats._project import LOOK, NOT_NEEDED, TAKEN, UNKNOWN, Note, shown

Sections = dict[str, dict[str, Any]]

SAME_VALUE = {
    "pose.det_frequency": "pose.detect_every_frames",
    "pose.average_likelihood_threshold": "pose.min_mean_confidence",
    "synchronization.likelihood_threshold_synchronization": "synchronization.min_confidence",
    "personAssociation.likelihood_threshold_association": "association.min_confidence",
    "personAssociation.single_person.likelihood_threshold_association": "association.min_confidence",
    "personAssociation.multi_person.reconstruction_error_threshold": "association.max_birth_distance_m",
    "triangulation.reproj_error_threshold_triangulation": "triangulation.max_error_px",
    "triangulation.likelihood_threshold_triangulation": "triangulation.min_confidence",
    "triangulation.min_cameras_for_triangulation": "triangulation.min_cameras",
    "triangulation.interp_if_gap_smaller_than": "triangulation.max_gap_frames",
    "filtering.reject_outliers": "filtering.reject_outliers",
    "kinematics.right_left_symmetry": "scaling.pool_sides",
    "kinematics.large_hip_knee_angles": "scaling.max_flexion_deg",
}
"""Keys whose value is taken as it is."""

ON_SCREEN = "windows and figures; here they are files of the results"
BY_GEOMETRY = "people are followed and found again by geometry, from all cameras"
REASONS = {
    "project.project_dir": "the project is where its Config.toml is",
    "project.exclude_from_batch": "trials that it names are left out",
    "pose.backend": "networks run in ONNX Runtime",
    "pose.device": "where networks run changes no result; set pose.device, or take a profile",
    "pose.parallel_workers_pose": "Snakemake runs jobs beside each other (--cores)",
    "pose.display_detection": ON_SCREEN,
    "pose.save_video": "overlays are on the trial's page; videos of them with report.overlay_video",
    "pose.output_format": "keypoints are kept in NPZ files; exports: [openpose] writes OpenPose's",
    "pose.handle_LR_swap": "not implemented there; exchanged sides are found in the triangulation",
    "pose.undistort_points": "not implemented there; lenses are undone in the triangulation",
    "pose.tracking_mode": BY_GEOMETRY,
    "pose.predict_displacement": BY_GEOMETRY,
    "pose.match_by": BY_GEOMETRY,
    "pose.max_distance_px": BY_GEOMETRY,
    "pose.min_iou": BY_GEOMETRY,
    "pose.max_unseen_frames": BY_GEOMETRY,
    "pose.deepsort_params": BY_GEOMETRY,
    "synchronization.synchronization_gui": ON_SCREEN,
    "synchronization.display_sync_plots": ON_SCREEN,
    "synchronization.save_sync_plots": ON_SCREEN,
    "synchronization.reset_sync": "every run starts from the keypoints as they are",
    "synchronization.filter_cutoff": "offsets are judged by geometry, with a filter of their own",
    "synchronization.filter_order": "offsets are judged by geometry, with a filter of their own",
    "synchronization.time_range_around_maxspeed": "the whole trial is searched",
    "calibration.calculate.save_debug_images": ON_SCREEN,
    "calibration.calculate.intrinsics.overwrite_intrinsics": "results follow from what is there",
    "calibration.calculate.intrinsics.intrinsics_extension": "pictures and videos are found by their names",
    "calibration.calculate.intrinsics.show_detection_intrinsics": ON_SCREEN,
    "calibration.calculate.extrinsics.calculate_extrinsics": "results follow from what is there",
    "calibration.calculate.extrinsics.extrinsics_extension": "pictures and videos are found by their names",
    "calibration.calculate.extrinsics.show_reprojection_error": ON_SCREEN,
    "calibration.calculate.extrinsics.moving_cameras": "not implemented there",
    "personAssociation.single_person.tracked_keypoint": "people are associated by all of their keypoints",
    "personAssociation.multi_person.min_affinity": "detections are matched to predicted people, without affinities",
    "triangulation.predict_displacement": BY_GEOMETRY,
    "triangulation.match_by": BY_GEOMETRY,
    "triangulation.max_distance_m": BY_GEOMETRY,
    "triangulation.max_unseen_frames": BY_GEOMETRY,
    "triangulation.show_interp_indices": "every filled point is marked in the results",
    "filtering.display_figures": ON_SCREEN,
    "filtering.save_filt_plots": ON_SCREEN,
    "kinematics.parallel_workers_kinematics": "Snakemake runs jobs beside each other (--cores)",
    "kinematics.remove_individual_scaling_setup": "no set-up files are left",
    "kinematics.remove_individual_ik_setup": "no set-up files are left",
    "kinematics.default_height": "a height that is not given is estimated from the body's segments",
    "logging.use_custom_logging": "logs are files of the results",
}
"""Keys that need no counterpart."""
ELSEWHERE = {
    "project.multi_person": "one person a trial",
    "project.participant_height": "not stated: estimated from the body's segments",
    "project.participant_mass": "not stated: that of a typical build",
    "project.frame_rate": "not stated: that of the videos",
    "project.frame_range": "all frames",
    "pose.pose_model": "keypoints are there already",
    "pose.mode": "keypoints are there already",
    "pose.overwrite_pose": "there are no keypoints in pose/",
    "calibration.calibration_type": "how the calibration is made",
    "calibration.convert.convert_from": "no file is converted",
    "calibration.convert.qualisys.binning_factor": "no Qualisys calibration is converted",
    "triangulation.make_c3d": "no C3D file is asked for",
    "filtering.make_c3d": "no C3D file is asked for",
    "markerAugmentation.make_c3d": "no C3D file is asked for",
    "filtering.filter": "points are filtered",
    "filtering.type": "points are not filtered",
    "kinematics.use_augmentation": "no markers are augmented",
    "kinematics.use_simple_model": "the default model",
    "kinematics.filter_ik": "joint angles are not filtered",
    "kinematics.ik_filter_type": "joint angles are not filtered",
}
"""Keys that are understood together with others, and what it comes to where nothing else was said of them."""
CAN_DIFFER = {
    "synchronization.keypoints_to_consider": ("all", "all keypoints count; none can be chosen"),
    "synchronization.approx_time_maxspeed": ("auto", "the whole trial is searched; no time can be given"),
    "personAssociation.single_person.reproj_error_threshold_association": (
        20,
        "detections are matched by distance in space (association.max_distance_m), not in pixels",
    ),
    "triangulation.interpolation": ("linear", "gaps are filled by straight lines; max_gap_frames: 0 fills none"),
    "triangulation.remove_incomplete_frames": (False, "frames are kept; what is missing in them stays missing"),
    "triangulation.sections_to_keep": ("all", "all sections are kept"),
    "triangulation.min_chunk_size": (10, "short sections are kept"),
    "triangulation.fill_large_gaps_with": ("nan", "long gaps are left open, and marked: no value is made up"),
    "markerAugmentation.feet_on_floor": (False, "markers are not moved to the floor"),
}
"""Keys without a counterpart: the value that comes to the same as what is done here, and what is done."""

FILTERS: dict[str, tuple[str, dict[str, str]]] = {
    "butterworth": ("butterworth", {"cut_off_frequency": "cutoff_hz", "order": "order"}),
    "acc_minimizing": ("whittaker", {"cut_off_frequency": "cutoff_hz"}),
    "kalman": ("kalman", {"trust_ratio": "trust_ratio"}),
    "one_euro": ("one_euro", {"cut_off_frequency": "cutoff_hz", "beta": "beta", "d_cut_off_frequency": "speed_cutoff_hz"}),
    "gcv_spline": ("gcv_spline", {"cut_off_frequency": "cutoff_hz", "smoothing_factor": "smoothing_factor"}),
    "loess": ("loess", {"nb_values_used": "window_frames"}),
    "gaussian": ("gaussian", {"sigma_kernel": "sigma_frames"}),
    "median": ("median", {"kernel_size": "window_frames"}),
    "butterworth_on_speed": ("butterworth_on_speed", {"cut_off_frequency": "cutoff_hz", "order": "order"}),
}  # fmt: skip
"""Each filter's name and parameters here."""
SKELETONS = {
    "body_with_feet": "halpe26", "halpe_26": "halpe26", "lower_body": "halpe26", "whole_body": "coco133",
    "coco_133": "coco133", "whole_body_wrist": "coco133", "coco_133_wrist": "coco133", "body": "coco17", "coco_17": "coco17",
    "hand": "hand21", "hand_21": "hand21", "face": "face106", "face_106": "face106", "animal": "ap10k17",
    "animal2d_17": "ap10k17", "body_25b": "body25b", "body_25": "body25", "blazepose": "blazepose",
}  # fmt: skip
"""The skeleton of each pose_model."""
NETWORKS = {
    "halpe26": {
        "lightweight": "rtmpose-s_halpe26",
        "balanced": "rtmpose-m_halpe26",
        "performance": "rtmpose-x_halpe26",
    },
    "coco133": {"lightweight": "rtmw-m_coco133", "balanced": "rtmw-l_coco133", "performance": "rtmw-l-384_coco133"},
    "coco17": {"lightweight": "rtmpose-s_coco17", "balanced": "rtmpose-m_coco17", "performance": "rtmpose-x_coco17"},
    "hand21": {"": "rtmpose-m_hand21"},
    "face106": {"": "rtmpose-m_face106"},
    "ap10k17": {"": "rtmpose-m_ap10k17"},
    "blazepose": {"": "blazepose_heavy"},
}
"""The network of each skeleton and mode (those of rtmlib, as Pose2Sim chooses them)."""


def flat(config: dict[str, Any], above: str = "") -> dict[str, Any]:
    """The values of nested tables by their dotted keys; a list of tables is one value."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            found |= flat(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = value
    return found


def translate(config: dict[str, Any]) -> tuple[Sections, list[Note]]:
    """The sections of the configuration that the values of a Config.toml mean, and a note on each value."""
    values = flat(config)
    sections: Sections = {}
    notes: list[Note] = []
    for group in (_pose, _filter, _joint_filter, _model, _exports):
        notes += group(values, sections)
    notes += [_note(key, value, sections) for key, value in values.items() if not _understood_elsewhere(key)]
    return sections, notes


def rest(values: dict[str, Any], notes: list[Note]) -> list[Note]:
    """A note on each value that is understood together with others and has none."""
    said = {note.key for note in notes}
    left = {key: value for key, value in values.items() if key not in said and _understood_elsewhere(key)}
    return [Note(NOT_NEEDED, key, shown(value), ELSEWHERE.get(key, NOT_COMPUTED)) for key, value in left.items()]


def _understood_elsewhere(key: str) -> bool:
    """Whether the note on a value is written with those on others."""
    filters = [f"filtering.{name}." for name in (*FILTERS, *(name.upper() for name in FILTERS))]
    return key in ELSEWHERE or (key not in REASONS and key.startswith((*filters, "pose.CUSTOM", COMPUTED)))


COMPUTED = "calibration.calculate."
NOT_COMPUTED = "no calibration is computed in this way, and no skeleton of its own is used"


def _note(key: str, value: Any, sections: Sections) -> Note:
    text = shown(value)
    if key in SAME_VALUE:
        return _take(sections, key, value, SAME_VALUE[key], value)
    if key == "kinematics.trimmed_extrema_percent" and isinstance(value, (int, float)):
        return _take(sections, key, value, "scaling.trimmed", value / 100)
    if key in CAN_DIFFER:
        usual, meaning = CAN_DIFFER[key]
        return Note(NOT_NEEDED if value == usual else LOOK, key, text, meaning)
    if key in REASONS:
        return Note(NOT_NEEDED, key, text, REASONS[key])
    return Note(UNKNOWN, key, text, "no value of Pose2Sim 0.10 that is known here: it has no effect")


def _take(sections: Sections, key: str, value: Any, target: str, meant: Any) -> Note:
    section, _, name = target.partition(".")
    sections.setdefault(section, {})[name] = meant
    return Note(TAKEN, key, shown(value), f"{target}: {shown(meant)}")


def _pose(values: dict[str, Any], sections: Sections) -> list[Note]:
    """The network, and the skeleton of keypoints that are there already."""
    asked, mode = str(values.get("pose.pose_model", "Body_with_feet")), str(values.get("pose.mode", "balanced"))
    skeleton = SKELETONS.get(asked.lower())
    if skeleton is None:
        text = "a skeleton of your own: write its card (compare resources/skeletons) and set pose.keypoint_skeleton to its path"
        return [Note(LOOK, "pose.pose_model", asked, text)]
    notes = [_take(sections, "pose.pose_model", asked, "pose.keypoint_skeleton", skeleton)]
    if "wrist" in asked.lower() or asked.lower() == "lower_body":
        notes.append(Note(LOOK, "pose.pose_model", asked, f"all keypoints of {skeleton} are used, not a part of them"))
    networks = NETWORKS.get(skeleton, {})
    if network := networks.get(mode) or networks.get(""):
        notes.append(_take(sections, "pose.mode", mode, "pose.model", network))
    elif networks:
        notes.append(
            Note(
                LOOK, "pose.mode", shown(mode), "networks of your own: write a card for them, and name it in pose.model"
            )
        )
    else:
        notes.append(
            Note(LOOK, "pose.mode", shown(mode), f"{skeleton} comes from keypoints in pose/: no network gives it")
        )
    return notes


def _filter(values: dict[str, Any], sections: Sections) -> list[Note]:
    """The filter of the points, with its own parameters only."""
    chosen = str(values.get("filtering.type", "butterworth"))
    if values.get("filtering.filter") is False:
        chosen = ""
        notes = [_take(sections, "filtering.filter", False, "filtering.method", "none")]
    else:
        notes = _chosen_filter(values, sections, chosen, "filtering", "method", "filtering.type")
    used = chosen.lower() if chosen.lower() in FILTERS else ""
    for key, value in values.items():
        parts = key.split(".")
        if parts[0] == "filtering" and len(parts) == 3 and parts[1].lower() != used and parts[1].lower() in FILTERS:
            notes.append(Note(NOT_NEEDED, key, shown(value), "of another filter than the chosen one"))
    return notes


def _joint_filter(values: dict[str, Any], sections: Sections) -> list[Note]:
    """The filter of the joint angles, off unless it is asked for."""
    if not values.get("kinematics.filter_ik"):
        keys = ("kinematics.filter_ik", "kinematics.ik_filter_type")
        return [Note(NOT_NEEDED, k, shown(values[k]), "joint angles are not filtered") for k in keys if k in values]
    chosen = str(values.get("kinematics.ik_filter_type", "acc_minimizing"))
    return _chosen_filter(values, sections, chosen, "kinematics", "filter", "kinematics.ik_filter_type")


def _chosen_filter(
    values: dict[str, Any], sections: Sections, chosen: str, section: str, key: str, source: str
) -> list[Note]:
    if chosen.lower() not in FILTERS:
        return [Note(UNKNOWN, source, chosen, f"no filter that is known here; one of {', '.join(FILTERS)}")]
    name, parameters = FILTERS[chosen.lower()]
    notes = [_take(sections, source, chosen, f"{section}.{key}", name)]
    for given, value in values.items():
        parts = given.split(".")
        if parts[0] != "filtering" or len(parts) != 3 or parts[1].lower() != chosen.lower():
            continue
        if parts[2] in parameters:
            meant = None if value == "auto" else value
            notes.append(_take(sections, given, value, f"{section}.{parameters[parts[2]]}", meant))
        elif (parts[1], parts[2]) == ("kalman", "smooth"):
            notes.append(Note(NOT_NEEDED if value else LOOK, given, shown(value), "the filter runs to and fro"))
        else:
            notes.append(Note(UNKNOWN, given, shown(value), f"no parameter of {name}"))
    return notes


def _model(values: dict[str, Any], sections: Sections) -> list[Note]:
    """The OpenSim model, and whether markers are augmented."""
    choices: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
        ("kinematics.use_simple_model", "scaling.model", lambda value: "simple" if value else "muscles"),
        ("kinematics.use_augmentation", "augmentation.method", lambda value: "opencap_lstm" if value else "none"),
    )
    return [
        _take(sections, key, values[key], target, meaning(values[key]))
        for key, target, meaning in choices
        if key in values
    ]


def _exports(values: dict[str, Any], sections: Sections) -> list[Note]:
    """Whether C3D files are wanted."""
    asked = [key for key in values if key.endswith(".make_c3d") and values[key]]
    if not asked:
        return []
    sections.setdefault("", {})["exports"] = ["c3d"]
    return [Note(TAKEN, key, "True", "exports: [c3d], of the final markers") for key in asked]
