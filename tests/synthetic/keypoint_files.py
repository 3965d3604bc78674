"""The same keypoints as each tool writes them, so that every reader can be held against one truth."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import h5py
import numpy as np

from kineograph.keypoint_formats import openpose
from kineograph.model.keypoints import Keypoints2D

STEMS = {
    "alphapose": "{}.json", "deeplabcut": "{}DLC_resnet50_walkJan1shuffle1_1000.h5", "mmpose": "{}.json", "movement": "{}.nc",
    "opencap": "{}_keypoints.pkl", "openpose": "{}_json", "sleap": "{}.predictions.slp", "sleap_analysis": "{}.analysis.h5",
}  # fmt: skip
"""The name of each format's file of a camera."""
TELLS_SKELETON = {"alphapose": 17, "mmpose": 17, "opencap": 25}
"""The numbers of keypoints that these formats are written with here."""


def write(format_name: str, folder: Path, keypoints: Keypoints2D) -> Path:
    """The file or folder of a format with these keypoints."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / STEMS[format_name].format(keypoints.camera)
    globals()[f"_{format_name}"](path, keypoints)
    return path


def _people(keypoints: Keypoints2D):
    """The people of each frame as x, y, confidence (K, 3)."""
    for frame in range(keypoints.n_frames):
        found = zip(keypoints.position_px[frame], keypoints.confidence[frame], strict=True)
        people = [np.nan_to_num(np.column_stack(person)) for person in found]
        yield frame, [person for person in people if person.any()]


def _openpose(path, keypoints):
    openpose.write(path, keypoints)


def _alphapose(path, keypoints):
    people = [
        {"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": person.ravel().tolist(), "score": 2.5, "idx": index}
        for frame, found in _people(keypoints)
        for index, person in enumerate(found)
    ]
    path.write_text(json.dumps(people))


def _mmpose(path, keypoints):
    frames = [
        {
            "frame_id": frame,
            "instances": [
                {"keypoints": person[:, :2].tolist(), "keypoint_scores": person[:, 2].tolist(), "bbox": [[0, 0, 1, 1]]}
                for person in found
            ],
        }
        for frame, found in _people(keypoints)
    ]
    path.write_text(json.dumps(frames))


def _opencap(path, keypoints):
    frames = [
        [{"person_id": [-1], "pose_keypoints_2d": person.ravel().tolist(), "face_keypoints_2d": []} for person in found]
        for _, found in _people(keypoints)
    ]
    path.write_bytes(pickle.dumps(frames))


def table(keypoints: Keypoints2D) -> tuple[list[tuple[str, str, str, str]], np.ndarray]:
    """DeepLabCut's columns (scorer, individual, body part, coordinate) and its values (F, columns)."""
    values = np.concatenate([keypoints.position_px, keypoints.confidence[..., None]], axis=-1)
    columns = [
        ("DLC_resnet50", f"P{person + 1}", name, coord)
        for person in range(values.shape[1])
        for name in keypoints.names
        for coord in ("x", "y", "likelihood")
    ]
    return columns, values.reshape(keypoints.n_frames, -1)


def _deeplabcut(path, keypoints):
    """Pandas' table form, as DataFrame.to_hdf(format="table") of pandas and PyTables lays it out."""
    columns, values = table(keypoints)
    with h5py.File(path, "w") as file:
        file.attrs["PYTABLES_FORMAT_VERSION"] = np.bytes_("2.1")
        group = file.create_group("df_with_missing")
        rows = np.zeros(len(values), dtype=[("index", "<i8"), ("values_block_0", "<f8", values.shape[1:])])
        rows["index"], rows["values_block_0"] = np.arange(len(values)), values
        group.create_dataset("table", data=rows)
        group.attrs["non_index_axes"] = np.void(pickle.dumps([(1, columns)], protocol=0))
        names = ["scorer", "individuals", "bodyparts", "coords"]
        group.attrs["info"] = np.void(
            pickle.dumps({1: {"names": names, "type": "MultiIndex"}, "index": {}}, protocol=0)
        )


def write_deeplabcut_csv(path: Path, keypoints: Keypoints2D) -> None:
    """DeepLabCut's table as text, of a project with individuals."""
    columns, values = table(keypoints)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        for level, name in enumerate(("scorer", "individuals", "bodyparts", "coords")):
            writer.writerow([name, *(column[level] for column in columns)])
        for frame, row in enumerate(values):
            writer.writerow([frame, *("" if np.isnan(value) else repr(float(value)) for value in row)])


def write_deeplabcut_fixed(path: Path, keypoints: Keypoints2D) -> None:
    """Pandas' fixed form."""
    columns, values = table(keypoints)
    with h5py.File(path, "w") as file:
        file.attrs["PYTABLES_FORMAT_VERSION"] = np.bytes_("2.1")
        group = file.create_group("df_with_missing")
        group.attrs["nblocks"] = 1
        group["block0_values"] = values
        for level, name in enumerate(("scorer", "individuals", "bodyparts", "coords")):
            words = sorted({column[level] for column in columns})
            group[f"block0_items_level{level}"] = np.array(words, dtype="S")
            group[f"block0_items_level{level}"].attrs["name"] = np.bytes_(name)
            group[f"block0_items_label{level}"] = np.array([words.index(c[level]) for c in columns], dtype=np.int8)


def _sleap_analysis(path, keypoints):
    with h5py.File(path, "w") as file:
        file["tracks"] = keypoints.position_px.transpose(1, 3, 2, 0)
        file["point_scores"] = keypoints.confidence.transpose(1, 2, 0)
        file["node_names"] = np.array(keypoints.names, dtype="S")
        file["track_names"] = np.array([f"track_{n}" for n in range(keypoints.position_px.shape[1])], dtype="S")


def _sleap(path, keypoints):
    """As sleap-io writes predictions: a row a frame, an instance and a point."""
    present = [
        (frame, person)
        for frame in range(keypoints.n_frames)
        for person in range(keypoints.position_px.shape[1])
        if np.isfinite(keypoints.position_px[frame, person]).any()
    ]
    count = len(keypoints.names)
    frame_numbers = sorted({frame for frame, _ in present})
    frames = np.zeros(
        len(frame_numbers),
        [
            ("frame_id", "<u8"),
            ("video", "<u4"),
            ("frame_idx", "<u8"),
            ("instance_id_start", "<u8"),
            ("instance_id_end", "<u8"),
        ],
    )
    frames["frame_id"], frames["frame_idx"] = np.arange(len(frame_numbers)), frame_numbers
    instances = np.zeros(
        len(present),
        [
            ("instance_id", "<i8"), ("instance_type", "u1"), ("frame_id", "<u8"), ("skeleton", "<u4"), ("track", "<i4"),
            ("from_predicted", "<i8"), ("score", "<f4"), ("point_id_start", "<u8"), ("point_id_end", "<u8"),
        ],
    )  # fmt: skip
    instances["instance_id"], instances["instance_type"] = np.arange(len(present)), 1
    instances["from_predicted"] = -1
    instances["frame_id"] = [frame_numbers.index(frame) for frame, _ in present]
    instances["point_id_start"] = np.arange(len(present)) * count
    instances["point_id_end"] = instances["point_id_start"] + count
    kinds = [("x", "<f8"), ("y", "<f8"), ("visible", "?"), ("complete", "?"), ("score", "<f8")]
    points = np.zeros((len(present), count), kinds)
    for row, place in enumerate(present):
        points["x"][row], points["y"][row] = keypoints.position_px[place].T
        points["score"][row] = keypoints.confidence[place]
    skeleton = {"nodes": [{"id": n} for n in range(count)], "links": []}
    with h5py.File(path, "w") as file:
        file["frames"], file["instances"] = frames, instances
        file["pred_points"], file["points"] = points.ravel(), np.zeros(0, kinds[:4])
        group = file.create_group("metadata")
        group.attrs["format_id"] = 1.2
        group.attrs["json"] = np.bytes_(
            json.dumps({"nodes": [{"name": name} for name in keypoints.names], "skeletons": [skeleton]})
        )


def _movement(path, keypoints, fps=None):
    """As xarray writes movement's poses with netCDF4: dimensions are HDF5's dimension scales."""
    people = keypoints.position_px.shape[1]
    with h5py.File(path, "w") as file:
        text = h5py.string_dtype()
        file["time"] = keypoints.time_s
        file.create_dataset("space", data=["x", "y"], dtype=text)
        file.create_dataset("keypoints", data=list(keypoints.names), dtype=text)
        file.create_dataset("individuals", data=[f"id_{n}" for n in range(people)], dtype=text)
        file["position"] = keypoints.position_px.transpose(0, 3, 2, 1)
        file["confidence"] = keypoints.confidence.transpose(0, 2, 1)
        for axis in ("time", "space", "keypoints", "individuals"):
            file[axis].make_scale(axis)
        for name, axes in (
            ("position", ("time", "space", "keypoints", "individuals")),
            ("confidence", ("time", "keypoints", "individuals")),
        ):
            for index, axis in enumerate(axes):
                file[name].dims[index].attach_scale(file[axis])
        file.attrs["ds_type"], file.attrs["time_unit"] = "poses", "seconds"
        if fps is not None:
            file.attrs["fps"] = fps
