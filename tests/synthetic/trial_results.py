"""The results of a made-up trial of two people, as far as its page reads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from kineograph.calibration_formats import toml
from kineograph.cli.__main__ import main
from kineograph.io.npz import write_npz
from kineograph.io.reports import write_json, write_report, write_synchronization
from kineograph.io.trc import to_opensim_axes
from kineograph.model.body_poses import BodyPoses
from kineograph.model.coordinates import Coordinates
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.points import Origin, Points3D
from kineograph.model.report import StageReport
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import PersonTracks
from kineograph.stages.observe import observe
from synthetic.scene import film, walker
from synthetic.study import halpe26, rig

FPS_HZ, FRAMES = 30.0, 24
EVIL = "<script>hacked=1</script>"
PEOPLE = ("P1", EVIL)
FILLED = slice(5, 10)
"""Frames in which the left wrist of the first person was filled."""
STARTS = ((-0.4, 0.0), (0.6, 0.3))
TETRAHEDRON = """<?xml version="1.0"?><VTKFile type="PolyData"><PolyData><Piece NumberOfPoints="4" NumberOfPolys="4">
<Points><DataArray type="Float32" NumberOfComponents="3" format="ascii">0 0 0 .2 0 0 0 .2 0 0 0 .2</DataArray></Points>
<Polys><DataArray type="Int32" Name="connectivity" format="ascii">0 2 1 0 1 3 0 3 2 1 2 3</DataArray>
<DataArray type="Int32" Name="offsets" format="ascii">3 6 9 12</DataArray></Polys></Piece></PolyData></VTKFile>"""
MODEL = """<OpenSimDocument><Model><BodySet><objects><Body name="pelvis"><attached_geometry><Mesh name="m">
<scale_factors>1 1 1</scale_factors><mesh_file>bone.vtp</mesh_file></Mesh></attached_geometry></Body></objects></BodySet>
<Coordinate name="knee_angle_r"><range>0 1.0</range><clamped>true</clamped></Coordinate></Model></OpenSimDocument>"""


def truth_m() -> np.ndarray:
    """Where the people's keypoints are, (F, P, K, 3)."""
    time_s = np.arange(FRAMES) / FPS_HZ
    people = [walker(halpe26(), start_m=start, velocity_m_s=(0.5, 0.0)) for start in STARTS]
    return np.stack([person(time_s) for person in people], axis=1)


def write_trial(folder: Path) -> None:
    """Write the files."""
    skeleton, cameras, position_m = halpe26(), rig(3), truth_m()
    people = [walker(skeleton, start_m=start, velocity_m_s=(0.5, 0.0)) for start in STARTS]
    toml.write(folder / "calibration.toml", cameras)
    keypoints = film(cameras, skeleton, people, seconds=FRAMES / FPS_HZ, fps_hz=FPS_HZ)
    clock = Synchronization(cameras.names, np.zeros(3), np.zeros(3), FPS_HZ, 0.0, FRAMES)
    write_synchronization(folder / "synchronization.json", clock, StageReport("synchronization"))
    detection = np.broadcast_to(np.arange(2)[None, :, None], (FRAMES, 2, 3)).copy()
    frame = np.repeat(np.arange(FRAMES)[:, None], 3, axis=1)
    tracks = PersonTracks(PEOPLE, cameras.names, detection, frame, clock.time_s, FPS_HZ)
    write_npz(folder / "observations.npz", observe(keypoints, cameras, clock, tracks))
    shape = position_m.shape[:3]
    origin = np.full(shape, int(Origin.TRIANGULATED), np.uint8)
    origin[FILLED, 0, skeleton.index("LWrist")] = Origin.INTERPOLATED
    points = Points3D(
        PEOPLE, skeleton.keypoints, cameras.names, "halpe26", position_m, np.full((*shape, 3, 3), np.nan),
        np.zeros(shape), np.ones((*shape, 3), bool), origin, clock.time_s, FPS_HZ,
    )  # fmt: skip
    write_npz(folder / "points.npz", points)
    for index, _ in enumerate(PEOPLE):
        _write_person(folder / str(index), position_m[:, index], skeleton.index("Hip"), clock.time_s)
    (folder / "geometry").mkdir()
    (folder / "geometry" / "bone.vtp").write_text(TETRAHEDRON)
    assert main(["bone-shapes", "--geometry", str(folder / "geometry"), "--out", str(folder / "bones.json")]) == 0
    residuals = {name: {c: {"Hip": 7.0, "LWrist": 31.0} for c in cameras.names} for name in PEOPLE}
    write_report(folder / "quality.json", StageReport("quality", came_out={"median_px": residuals}))
    write_report(folder / "triangulation.json", StageReport("triangulation", came_in={"frames": FRAMES}))
    reasons = [{"verdict": "pass", "text": "a note", "blame": "", "hint": "", "touches": "part"}]
    reasons += [
        {"verdict": "warn", "text": f"{EVIL} is poor", "blame": "camera <b>", "hint": "look <i>", "touches": "part"}
    ]
    stage = {"stage": "quality", "of": "", "verdict": "warn", "reasons": reasons, "note": "&amp;"}
    verdict = {"verdict": "warn", "error": None, "stages": [stage], "session": "S1", "trial": "T1"}
    write_json(folder / "verdict.json", verdict)


def _write_person(folder: Path, position_m: np.ndarray, hip: int, time_s: np.ndarray) -> None:
    folder.mkdir()
    swing = np.sin(np.arange(FRAMES) / 4)
    names = ("knee_angle_r", "knee_angle_l", "strange_angle")
    observed = np.ones((FRAMES, 3), bool)
    observed[FRAMES // 2 :, 0] = False
    values = np.radians(np.stack([40 + 20 * swing, 40 - 20 * swing, 5 * swing], axis=1))
    coordinates = Coordinates(names, values, np.ones(3, bool), time_s, np.full((FRAMES, 3), 0.03), observed)
    write_npz(folder / "coordinates.npz", coordinates)
    origin = to_opensim_axes(position_m[:, hip])[:, None] + np.array([[0, 0, 0], [0, 0.4, 0]])
    bodies = BodyPoses(
        ("pelvis", "torso"), np.array([-1, 0]), origin, np.broadcast_to(np.eye(3), (FRAMES, 2, 3, 3)), time_s
    )
    write_npz(folder / "bodies.npz", bodies)
    write_npz(folder / "errors.npz", MarkerErrors(("Hip", "LWrist"), np.full((FRAMES, 2), 0.02), time_s))
    write_report(folder / "kinematics.json", StageReport("kinematics"))
    (folder / "model.osim").write_text(MODEL)


def write_trial_page(folder: Path, out: Path, pictures: Path, dataset_page: Path | None = None) -> str:
    """Run the verb on the files of :func:`write_trial`; the page's text."""
    command = [
        "trial-page",
        "--participants",
        json.dumps(PEOPLE),
        "--cameras",
        json.dumps(rig(3).names),
        "--files",
        "{}",
    ]
    for name in ("verdict", "triangulation", "quality"):
        command += [f"--{name}", str(folder / f"{name}.json")]
    command += ["--calibration", str(folder / "calibration.toml"), "--pictures", str(pictures)]
    for name in ("observations", "points"):
        command += [f"--{name}", str(folder / f"{name}.npz")]
    each = {"kinematics": "kinematics.json", "coordinates": "coordinates.npz", "bodies": "bodies.npz",
            "marker-errors": "errors.npz", "models": "model.osim"}  # fmt: skip
    for option, file in each.items():
        command += [f"--{option}", *(str(folder / str(index) / file) for index, _ in enumerate(PEOPLE))]
    command += ["--dataset-page", str(dataset_page or out)]
    command += ["--bones", str(folder / "bones.json"), "--thumbnail", str(out.with_suffix(".svg")), "--out", str(out)]
    assert main(command) == 0
    return out.read_text()
