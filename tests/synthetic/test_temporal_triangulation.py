"""The temporal solution, which is the default, against exact truth: walking, standing, jumping, throwing and kicking.

What it is made with was chosen on seeds 0, 1 and 5; the seeds here are others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kineograph.geometry.rotation import matrix_from_vector
from kineograph.model.camera import Rig
from kineograph.model.points import Origin
from kineograph.model.tracks import PersonTracks
from kineograph.stages.observe import observe
from kineograph.stages.smooth import SmoothSettings, smooth
from kineograph.stages.synchronize import SynchronizeSettings, synchronize
from kineograph.stages.triangulate import TriangulateSettings, triangulate
from synthetic.movements import MOVEMENTS
from synthetic.scene import Faults, film, ring

HARD = Faults(noise_px=2, occlusion=0.2, outliers=0.1)
SEEDS = (10, 11)
CHI_SQUARE_95 = 7.815
QUICK = ("Elbow", "Wrist", "Knee", "Ankle", "Heel", "BigToe", "SmallToe")


@pytest.fixture(scope="module")
def halpe(skeletons):
    return skeletons("halpe26")


def solve(skeleton, motion, seed, *, faults=HARD, cameras=5, seconds=4.0, fps_hz=60.0, given=None, **settings):
    """The points, the report and the error (F, K, 3), m, by the calibration `given` where it is not the true one."""
    true = ring(cameras)
    rig = true if given is None else given
    keypoints = film(true, skeleton, [motion], seconds=seconds, fps_hz=fps_hz, faults=faults, seed=seed)
    clock = synchronize(keypoints, rig, fps_hz, None, SynchronizeSettings(method="none"))[0]
    frames = len(clock.time_s)
    frame = np.tile(np.arange(frames)[:, None], (1, cameras))
    tracks = PersonTracks(("P1",), rig.names, np.zeros((frames, 1, cameras), int), frame, clock.time_s, fps_hz)
    chosen = TriangulateSettings(undistort="always", **settings)
    points, report = triangulate(observe(keypoints, rig, clock, tracks), rig, skeleton, chosen)
    return points, report, points.position_m[:, 0] - motion(clock.time_s)


def held(points, error):
    """Whether the 95 % ellipsoids hold the truth, (F, K); NaN where there is no point."""
    covariance = points.covariance_m2[:, 0].astype(float)
    known = np.isfinite(error[..., 0]) & np.isfinite(covariance[..., 0, 0])
    inside = np.full(known.shape, np.nan)
    squared = np.einsum("ni,nij,nj->n", error[known], np.linalg.inv(covariance[known]), error[known])
    inside[known] = squared < CHI_SQUARE_95
    return inside


def length_mm(error):
    return 1e3 * np.linalg.norm(error, axis=-1)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_at_most_half_of_the_linear_error_and_ellipsoids_that_are_right(halpe, movement):
    """The floors: half of `dlt`'s median error; 93-97 %. 5 cameras, 2 px, 10 % outliers, 20 % occlusion. Measured,
    seeds 10 and 11 (dlt: 8.1-8.2 mm, at most 1.5 m):

    walking 2.5 mm, at most 15, 96.2 % held; on the spot 2.7, 13, 95.9 %; standing 1.4, 8, 96.6 %; jumping 2.7, 18, 94.2 %;
    throwing 1.5, 15, 96.8 %; kicking 1.6, 20, 96.7 %. Trunk and head 93.8-96.9 %, limbs 94.5-96.8 %. In the frame in which a
    jump lands about half.
    """
    quick = np.array([name.endswith(QUICK) for name in halpe.keypoints])
    inside, smooth_mm = [], []
    for seed in SEEDS:
        points, _, error = solve(halpe, MOVEMENTS[movement](halpe), seed)
        inside.append(held(points, error))
        smooth_mm.append(length_mm(error))
    linear_mm = length_mm(solve(halpe, MOVEMENTS[movement](halpe), SEEDS[0], method="dlt")[2])
    both = np.concatenate(inside)
    print(
        f"{movement}: {np.nanmedian(smooth_mm):.2f} mm, dlt {np.nanmedian(linear_mm):.2f}; at most "
        f"{np.nanmax(smooth_mm):.0f}, dlt {np.nanmax(linear_mm):.0f}; held {np.nanmean(both):.3f}, trunk and head "
        f"{np.nanmean(both[:, ~quick]):.3f}, limbs {np.nanmean(both[:, quick]):.3f}"
    )
    assert np.nanmedian(smooth_mm) < 0.5 * np.nanmedian(linear_mm)
    assert np.nanmax(smooth_mm) < 40
    assert 0.93 < np.nanmean(both) < 0.97
    assert 0.90 < np.nanmean(both[:, quick]) < 0.99
    assert 0.90 < np.nanmean(both[:, ~quick]) < 0.99


@pytest.mark.parametrize("movement", ["jumping", "throwing", "kicking"])
def test_quick_movement_is_not_smoothed_away(halpe, movement):
    """The quickest twentieth of the limbs' samples, before and after the usual filter of 6 Hz, against each frame by itself
    without wrong keypoints, so that these don't decide. Measured, seed 10:

    jumping rms 5.0 mm instead of 8.3, filtered 7.1 instead of 6.6; throwing 4.0 and 8.1, filtered 19.7 both; kicking 5.7 and
    8.1, filtered 25.2 and 24.9. Largest after the filter: 18 and 16, 53 and 52, 44 and 44 mm: it is the filter that takes them.
    """
    faults = Faults(noise_px=2, occlusion=0.1)
    motion = MOVEMENTS[movement](halpe)
    quick = np.array([name.endswith(QUICK) for name in halpe.keypoints])
    rms, peak, after = {}, {}, {}
    for temporal in (True, False):
        points, _, error = solve(halpe, motion, 10, faults=faults, temporal=temporal)
        truth = points.position_m[:, 0] - error
        hard = np.zeros(truth.shape[:2])
        hard[1:-1] = np.linalg.norm(np.diff(truth, n=2, axis=0), axis=-1)
        hardest = (hard >= np.nanquantile(hard[:, quick], 0.95)) & quick
        rms[temporal] = np.sqrt(np.nanmean(length_mm(error)[hardest] ** 2))
        filtered = length_mm(smooth(points, SmoothSettings())[0].position_m[:, 0] - truth)[hardest]
        after[temporal], peak[temporal] = np.sqrt(np.nanmean(filtered**2)), np.nanmax(filtered)
    print(
        f"{movement}: rms {rms[True]:.1f} of {rms[False]:.1f} mm; filtered rms {after[True]:.1f} of {after[False]:.1f}, "
    )
    print(f"at most {peak[True]:.0f} of {peak[False]:.0f} mm")
    assert rms[True] < rms[False]
    assert after[True] < 1.1 * after[False]
    assert peak[True] < 1.1 * peak[False]


@pytest.mark.parametrize(("fps_hz", "cameras"), [(30.0, 5), (120.0, 4), (60.0, 3)])
def test_other_rates_and_fewer_cameras(halpe, fps_hz, cameras):
    """Measured, seed 12, jumping: 3.7 of 8.1 mm and 94.3 % held; 2.2 of 9.0, 95.6 %; 3.5 of 9.5, 95.7 %. At most 16 and 14 mm;
    312 mm with three cameras, of which two can be wrong together for some frames."""
    motion = MOVEMENTS["jumping"](halpe)
    points, _, error = solve(halpe, motion, 12, cameras=cameras, fps_hz=fps_hz)
    linear = solve(halpe, motion, 12, cameras=cameras, fps_hz=fps_hz, method="dlt")[2]
    medians = np.nanmedian(length_mm(error)), np.nanmedian(length_mm(linear))
    print(
        np.round(medians, 2),
        f"mm, held {np.nanmean(held(points, error)):.3f}, at most {np.nanmax(length_mm(error)):.0f} mm",
    )
    assert np.nanmedian(length_mm(error)) < 0.5 * np.nanmedian(length_mm(linear))
    assert 0.92 < np.nanmean(held(points, error)) < 0.98
    assert np.nanquantile(length_mm(error), 0.999) < 50


def test_a_calibration_that_is_off_is_part_of_the_covariance(halpe):
    """All cameras turned by 0.4 degrees, each its own way: 8 px. No smoothing takes that away, nor may it seem so.

    Measured, two such rigs: 98.7 and 100 % held; each frame by itself 87 and 46 %.
    """
    inside, alone = [], []
    for seed in (20, 21):
        random = np.random.default_rng(seed)
        turned = []
        for camera in ring(4).cameras:
            axis = random.normal(size=3)
            rotation = matrix_from_vector(np.radians(0.4) * axis / np.linalg.norm(axis)) @ camera.rotation
            turned.append(replace(camera, rotation=rotation, translation_m=-rotation @ camera.position_m))
        given = Rig(tuple(turned), source="synthetic")
        for into, temporal in ((inside, True), (alone, False)):
            points, _, error = solve(
                halpe, MOVEMENTS["walking"](halpe), seed, cameras=4, seconds=2, given=given, temporal=temporal
            )
            into.append(np.nanmean(held(points, error)))
    print(np.round(inside, 3), "each frame by itself", np.round(alone, 3))
    assert np.mean(inside) > 0.9
    assert min(inside) > 0.7


def test_cameras_that_agree_on_what_no_body_does_are_overruled_and_reported(halpe):
    motion = MOVEMENTS["walking"](halpe)

    def with_a_jump(time_s):
        points = motion(time_s)
        points[60, halpe.index("LWrist")] += [0.3, 0.0, 0.2]
        return points

    points, report, error = solve(halpe, with_a_jump, 13, faults=Faults(noise_px=2), seconds=2.0)
    wrist = halpe.index("LWrist")
    assert points.origin[60, 0, wrist] == Origin.PREDICTED
    assert np.linalg.norm(error[60, wrist] + [0.3, 0.0, 0.2]) < 0.02
    assert report.came_out["points_overruled"] == 1
    assert any("LWrist" in reason.text and "frame 61" in reason.text for reason in report.reasons)
