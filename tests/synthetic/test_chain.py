"""From known joint angles, through cameras with distortion, noise, occlusion and outliers, back to joint angles."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.geometry.markers import marker_positions
from kineograph.io.trc import WORLD_AXES_OF_TRC, MarkerTrajectories, to_opensim_axes
from kineograph.model.trial_markers import TrialMarkers
from kineograph.opensim import inverse_kinematics, setup_files
from kineograph.opensim import model as models
from kineograph.stages.associate import AssociateSettings, associate
from kineograph.stages.inverse_kinematics import judge
from kineograph.stages.observe import observe
from kineograph.stages.scale import ScaleSettings, scale
from kineograph.stages.smooth import SmoothSettings, smooth
from kineograph.stages.synchronize import SynchronizeSettings, synchronize
from kineograph.stages.triangulate import TriangulateSettings, triangulate
from synthetic.opensim_motion import LEGS, PERSON, gait, markers_of
from synthetic.scene import Faults, film, ring

FPS = 60.0
SECONDS = 2.0
SIMPLE = "Model_Pose2Sim_simple.osim"

pytestmark = pytest.mark.needs_demo


@pytest.fixture(scope="module")
def person(opensim_setup, skeletons):
    """A walking person as a function of time, with the true coordinates."""
    halpe = skeletons("halpe26")
    dense_s = np.arange(-30, round(SECONDS * FPS) + 30) / FPS
    start = -0.5 * 1.2 * SECONDS  # so that the walk passes through the middle
    names, places = markers_of(opensim_setup / SIMPLE, opensim_setup / halpe.opensim.markers, gait(dense_s), PERSON)
    world = places[..., np.argsort(WORLD_AXES_OF_TRC)] + [0, start, 0]
    keypoints = np.full((len(dense_s), len(halpe.keypoints), 3), np.nan)
    for index, name in enumerate(halpe.keypoints):
        if name in names:
            keypoints[:, index] = world[:, names.index(name)]

    def motion(time_s):
        flat = keypoints.reshape(len(dense_s), -1)
        columns = [np.interp(time_s, dense_s, column) for column in flat.T]
        return np.stack(columns, axis=1).reshape(len(time_s), -1, 3)

    return motion


def joint_angles(person, skeletons, opensim_setup, faults, cameras, seed):
    """The whole chain; the error of the leg angles (F, angles), degrees, and the report of the last stage."""
    halpe = skeletons("halpe26")
    rig = ring(cameras, radius_m=5.0, distortion=(-0.12, 0.05, 0.0008, -0.0005))
    keypoints = film(rig, halpe, [person], seconds=SECONDS, fps_hz=FPS, faults=faults, seed=seed)
    clock, _ = synchronize(keypoints, rig, FPS, None, SynchronizeSettings())
    assert (clock.offset_s == 0).all()
    tracks, _ = associate(keypoints, rig, clock, halpe, ["P1"], AssociateSettings())
    points, triangulation = triangulate(observe(keypoints, rig, clock, tracks), rig, halpe, TriangulateSettings())
    filtered, _ = smooth(points, SmoothSettings())
    names, position = marker_positions(filtered, halpe)
    position = to_opensim_axes(position[:, 0])
    setup = halpe.opensim
    model = models.load_model(opensim_setup / SIMPLE, opensim_setup / setup.markers)
    measurements = setup_files.read_measurements(opensim_setup / setup.scaling)
    places = models.marker_positions(model)
    result, _ = scale([TrialMarkers("T", names, position)], measurements, places, None, 70.0, ScaleSettings())
    models.scale_model(model, result.factors, 70.0, "P1")
    return model, MarkerTrajectories(names, position, filtered.time_s, FPS), triangulation


@pytest.mark.parametrize(
    ("faults", "cameras", "mean_deg", "worst_deg"),
    [
        # measured: 0.86 / 3.0, then 1.37 / 6.2 (dlt: 1.72 / 11.8)
        pytest.param(Faults(), 4, 1.5, 7.0, id="clean, 4 cameras"),
        pytest.param(
            Faults(noise_px=1.5, occlusion=0.1, outliers=0.05), 6, 3.0, 18.0, id="noise, occlusion, outliers, 6 cameras"
        ),
    ],
)
def test_joint_angles_come_back(person, skeletons, opensim_setup, tmp_path, faults, cameras, mean_deg, worst_deg):
    model, markers, triangulation = joint_angles(person, skeletons, opensim_setup, faults, cameras, seed=11)
    assert triangulation.came_out["points_missing"] < 0.02 * len(markers.time_s) * 26 + 4 * len(markers.time_s)
    models.write_model(model, tmp_path / "model.osim")
    tasks = setup_files.read_tasks(opensim_setup / skeletons("halpe26").opensim.inverse_kinematics)
    solution = inverse_kinematics.solve(tmp_path / "model.osim", markers, tasks, 1e-5)
    truth = gait(markers.time_s)
    columns = [f"{angle}_{side}" for angle in LEGS for side in "rl"]
    found = [solution.coordinates.values[:, solution.coordinates.names.index(name)] for name in columns]
    error = np.degrees(np.stack(found, axis=1) - np.stack([truth[name] for name in columns], axis=1))
    rms = np.sqrt((error**2).mean(axis=0))
    print(f"leg angles: mean rms {rms.mean():.2f}, worst {np.abs(error).max():.1f} degrees")
    assert rms.mean() < mean_deg
    assert np.abs(error).max() < worst_deg
    ranges = setup_files.read_coordinate_ranges(tmp_path / "model.osim")
    report = judge(solution.coordinates, ranges, solution.markers, solution.marker_error_m)
    assert report.came_out["frames_solved"] == len(markers.time_s)
