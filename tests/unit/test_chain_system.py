"""Banded systems of whole trials against dense ones."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.geometry.chain_system import Ties, covariance, smoothness, solve
from kineograph.geometry.long_trials import PIECE_FRAMES, pieces
from kineograph.geometry.trajectory_fit import Process, _solved, joined

COUNT = 4


def system(frames, seed=0):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(frames, COUNT, COUNT + 2))
    blocks = 0.3 * half @ half.swapaxes(1, 2)
    ties = smoothness(rng.random(frames - 2) > 0.2, rng.uniform(1, 5, COUNT)) if frames > 2 else None
    ties = ties or Ties(*(np.zeros((frames, COUNT)),) * 3)
    dense = np.zeros((frames, COUNT, frames, COUNT))
    for frame in range(frames):
        dense[frame, :, frame] += blocks[frame] + np.diag(ties.own[frame])
        for step, tie in ((1, ties.next), (2, ties.second)):
            if frame + step < frames:
                dense[frame, :, frame + step] += np.diag(tie[frame])
                dense[frame + step, :, frame] += np.diag(tie[frame])
    return blocks, ties, dense


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 7, 10])
def test_solutions_and_covariances_are_those_of_the_dense_matrix(frames):
    blocks, ties, dense = system(frames)
    right = np.random.default_rng(1).normal(size=(frames, COUNT))
    matrix = dense.reshape(frames * COUNT, -1)
    nothing_held = np.zeros(right.shape, bool)
    assert np.allclose(solve(blocks, ties, right, nothing_held).ravel(), np.linalg.solve(matrix, right.ravel()))
    assert np.allclose(ties.times(right), np.einsum("fagb,gb->fa", dense, right) - (blocks @ right[..., None])[..., 0])
    inverse = np.linalg.inv(matrix).reshape(dense.shape)
    found, of_difference = covariance(blocks, ties)
    assert np.allclose(found, inverse[np.arange(frames), :, np.arange(frames)])
    for frame in range(frames - 2):
        row = np.zeros((frames, COUNT, COUNT))
        row[frame : frame + 3] = np.array([1.0, -2.0, 1.0])[:, None, None] * np.eye(COUNT)
        row = row.reshape(-1, COUNT)
        assert np.allclose(of_difference[frame], np.diag(row.T @ inverse.reshape(matrix.shape) @ row))


def test_held_unknowns_stay_and_the_others_solve_what_is_left():
    blocks, ties, dense = system(6)
    right = np.random.default_rng(2).normal(size=(6, COUNT))
    held = np.random.default_rng(3).random(right.shape) > 0.7
    found = solve(blocks, ties, right, held)
    assert (found[held] == 0).all()
    free = ~held.ravel()
    matrix = dense.reshape(held.size, -1)[np.ix_(free, free)]
    assert np.allclose(found.ravel()[free], np.linalg.solve(matrix, right.ravel()[free]))


def test_a_pull_on_means_ties_all_frames_to_each_other():
    frames = 7
    blocks, ties, dense = system(frames)
    random = np.random.default_rng(4)
    right, held = random.normal(size=(frames, COUNT)), random.random((frames, COUNT)) > 0.8
    pulled = np.array([0.0, 3.0, 0.0, 200.0])
    matrix = dense + np.einsum("a,fg,ab->fagb", pulled, np.ones((frames, frames)), np.eye(COUNT))
    free = ~held.ravel()
    expected = np.linalg.solve(matrix.reshape(held.size, -1)[np.ix_(free, free)], right.ravel()[free])
    found = _solved(blocks, ties, right, held, pulled)
    assert (found[held] == 0).all()
    assert np.allclose(found.ravel()[free], expected)


def test_a_process_has_the_spread_that_it_is_given():
    """Measured: 0.97-1.03 of it in the middle of a long trial."""
    spread = np.array([0.2, 0.5])
    process = Process(np.array([0.003, 0.01]), np.zeros(2), spread, joined(np.arange(3000)))
    found, _ = covariance(np.zeros((3000, 2, 2)), process.ties)
    middle = np.sqrt(np.diagonal(found[1500]))
    assert np.allclose(middle, spread, rtol=0.1)


def test_a_gap_in_the_frames_joins_nothing():
    assert joined(np.array([0, 1, 2, 5, 6, 7])).tolist() == [True, False, False, True]


def test_pieces_cover_a_long_trial_once():
    frames = 2 * PIECE_FRAMES + 7
    counted = np.zeros(frames, int)
    for piece, counting, inside in pieces(frames, 60.0):
        counted[counting] += 1
        assert np.array_equal(np.arange(frames)[piece][inside], np.arange(frames)[counting])
    assert (counted == 1).all()
