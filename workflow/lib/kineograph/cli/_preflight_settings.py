"""Looking at settings that are right by themselves and can't work with what the dataset is, before any job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace

from kineograph.catalog.augmenters import AugmenterCard, read_augmenter_card
from kineograph.catalog.models import read_network_cards
from kineograph.cli._findings import Finding
from kineograph.dataset.records import Trial
from kineograph.errors import ConfigError, InputError, KineographError, nearest
from kineograph.io.skeletons import read_skeleton
from kineograph.model.skeleton import Skeleton
from kineograph.planning.augmentation import NONE
from kineograph.planning.people import PEOPLE
from kineograph.planning.pictures import BOARD, PicturePlan
from kineograph.planning.plan import Plan
from kineograph.settings.plugins import plugin_parameters
from kineograph.settings.text import from_json
from kineograph.signal.filters._apply import FOLDER, filter_series
from kineograph.stages.extrinsics import ExtrinsicsSettings, board_square_m
from kineograph.stages.people_world import no_size

FILTERS = {"filtering": "method", "kinematics": "filter"}
"""Sections that name a filter, each with its key."""
TRIED_FRAMES = 64


def settings_findings(plan: Plan, rates_hz: Mapping[tuple[str, str], float]) -> Iterator[Finding]:
    """Everything that can't work, each with its trial or its session.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    rates_hz : dict of (str, str) to float
        Frames a second of each trial (session, trial) that could be told.
    """
    pictures = PicturePlan(plan)
    for session, name in sorted({(trial.session, trial.calibration.name) for trial in plan.dataset.trials}):
        wildcards = SimpleNamespace(session=session, calibration=name)
        method = pictures.method(wildcards)
        if method == BOARD:
            yield from _board(pictures, wildcards)
        if method == PEOPLE:
            yield from _people(plan, wildcards, pictures.cameras(wildcards))
    for trial in plan.dataset.trials:
        yield from _filters(plan, trial, rates_hz.get(trial.key))
        yield from _starts(plan, trial)
        yield from _several_people(plan, trial)
        yield from _augmentation(plan, trial)


def _board(pictures: PicturePlan, wildcards: SimpleNamespace) -> Iterator[Finding]:
    try:
        board_square_m(from_json(ExtrinsicsSettings, pictures.settings(wildcards)))
    except InputError as error:
        yield Finding.of_error(error, "error", wildcards.session)


def _people(plan: Plan, wildcards: SimpleNamespace, cameras: list[str]) -> Iterator[Finding]:
    """What a calibration from people goes by: names of cameras or keypoints, and some length."""
    section = plan.config.section("calibration", session=wildcards.session)
    trials = plan.dataset.trials_calibrated_by(wildcards.session, wildcards.calibration)
    distance = section["known_distance"]
    heights = [plan.dataset.participants[name].height_m for trial in trials for name in trial.participants]
    if distance is None and not any(heights):
        yield Finding.of_error(no_size([trial.name for trial in trials]), "error", wildcards.session)
    skeletons = [skeleton for trial in trials if (skeleton := _skeleton(plan, trial)) is not None]
    keypoints = [name for skeleton in skeletons[:1] for name in skeleton.keypoints]
    between = distance["between"] if distance else []
    if between and skeletons and not (set(between) <= set(cameras) or set(between) <= set(keypoints)):
        wrong = [name for name in between if name not in cameras] if set(between) & set(cameras) else between
        error = ConfigError(
            f"calibration.known_distance is not between two cameras, nor between two keypoints: {', '.join(between)}",
            expected=f"two of the cameras {', '.join(cameras)}, or two keypoints of {skeletons[0].name}",
            found=", ".join(wrong),
            hint=next(filter(None, (nearest(name, [*cameras, *keypoints]) for name in wrong)), "name two of these"),
        )
        yield Finding.of_error(error, "error", wildcards.session)
    for name in section["up"]:
        if name not in cameras:
            error = ConfigError(
                f"calibration.up names no camera: {name}",
                expected=", ".join(cameras) or "a camera",
                found=name,
                hint=nearest(name, cameras) or "name one of these cameras",
            )
            yield Finding.of_error(error, "error", wildcards.session)


def _filters(plan: Plan, trial: Trial, rate_hz: float | None) -> Iterator[Finding]:
    """Filters that the frame rate does not allow: tried, since what it allows is the filter's own matter."""
    if not rate_hz:
        return
    for section, key in FILTERS.items():
        settings = plan.config.section(section, session=trial.session, trial=trial.name)
        method = str(settings[key])
        if method == NONE:
            continue
        own = {name: settings[name] for name in plugin_parameters(FOLDER, method) if name in settings}
        fast = [name for name, value in own.items() if name.endswith("_hz") and value and value >= rate_hz / 2]
        if not fast:
            continue
        import numpy as np

        try:
            filter_series(np.linspace(0.0, 1.0, TRIED_FRAMES)[:, None], rate_hz, method, own)
        except ConfigError as error:
            found = Finding.of_error(error, "error", f"{trial.session}/{trial.name}")
            yield Finding(found.severity, f"{found.text} ({section}.{fast[0]})", found.facts, found.hint, found.trial)


def _starts(plan: Plan, trial: Trial) -> Iterator[Finding]:
    """Names in start_m of people who are not in the trial: a mistake where nobody has the name, else perhaps meant so."""
    starts = plan.config.section("association", session=trial.session, trial=trial.name)["start_m"]
    for name in starts:
        if name in trial.participants:
            continue
        error = ConfigError(
            f"association.start_m names {name}, who is not in the trial",
            expected=", ".join(trial.participants),
            found=name,
            hint=nearest(name, trial.participants)
            or "correct the name, or give each trial its own start_m (overrides)",
        )
        known = name in plan.dataset.participants
        yield Finding.of_error(error, "warning" if known else "error", f"{trial.session}/{trial.name}")


def _several_people(plan: Plan, trial: Trial) -> Iterator[Finding]:
    """Several people, where the detector finds one person in a picture."""
    if len(trial.participants) < 2:
        return
    wanted: dict[str, str] = {}
    for camera in trial.cameras:
        if camera.filmed:
            own = {"session": trial.session, "trial": trial.name, "camera": camera.name}
            section = plan.config.section("pose", **own)
            try:
                cards = read_network_cards(section["model"], section["detector"], plan.resources / "models")
            except KineographError:
                continue  # the plan has noted it
            if cards[-1].one_person:
                wanted[cards[0].name] = cards[-1].name
    for model, detector in wanted.items():
        error = ConfigError(
            f"the detector {detector} of the model {model} finds one person in a picture only",
            expected=f"a detector of several people, for {', '.join(trial.participants)}",
            found=detector,
            hint="set pose.detector to movenet_multipose, or pose.model to a network with another detector (rtmpose-m_halpe26)",
        )
        yield Finding.of_error(error, "error", f"{trial.session}/{trial.name}")


def _augmentation(plan: Plan, trial: Trial) -> Iterator[Finding]:
    """Networks whose keypoints the skeleton has not."""
    method = str(plan.config.section("augmentation", session=trial.session, trial=trial.name)["method"])
    skeleton = _skeleton(plan, trial)
    if method == NONE or skeleton is None:
        return
    try:
        card: AugmenterCard = read_augmenter_card(method, plan.resources / "augmenters")
    except KineographError:
        return  # the plan has noted it
    there = {*skeleton.keypoints, *skeleton.virtual}
    for network in card.networks:
        lacking = [name for name in network.inputs if name not in there]
        if lacking:
            error = ConfigError(
                f"augmentation.method {method} can't place its markers of the {network.name}",
                expected=f"a skeleton with {', '.join(lacking)}",
                found=f"{skeleton.name}, which has not",
                hint="set pose.model to a network of halpe26 or coco133, or augmentation.method to none",
            )
            yield Finding.of_error(error, "error" if network.required else "warning", f"{trial.session}/{trial.name}")


def _skeleton(plan: Plan, trial: Trial) -> Skeleton | None:
    """The skeleton of a trial's keypoints; None where it is not known before they are there."""
    try:
        names = plan.skeletons(trial)
        if len(names) != 1:
            return None
        return read_skeleton(plan.skeleton_path(names[0]))
    except KineographError:
        return None  # the plan has noted it
