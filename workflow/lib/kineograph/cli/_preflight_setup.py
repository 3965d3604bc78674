"""Looking at what a run needs besides the recordings: networks, devices, OpenSim's files, people's data, and room on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from kineograph.catalog.assets import UNKNOWN_SHA256
from kineograph.catalog.models import ModelCard, read_network_cards
from kineograph.cli._findings import Finding
from kineograph.cli._own_command import own_command
from kineograph.dataset.read import PARTICIPANTS_SHEET
from kineograph.dataset.sheets import read_participants
from kineograph.errors import InputError, KineographError, Mistakes, nearest
from kineograph.front.costs import Costs
from kineograph.io.room import room, size_text
from kineograph.planning.plan import OPENSIM_ASSET, Plan
from kineograph.pose.devices import PROVIDERS, available_providers
from kineograph.stages.body_proportions import TYPICAL_BMI


def setup_findings(
    plan: Plan, frames: Mapping[tuple[str, str, str], int], *, elsewhere: bool, costs: Costs
) -> Iterator[Finding]:
    """Everything that is missing.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    frames : dict of (str, str, str) to int
        The number of frames of each camera (session, trial, camera) that could be told.
    elsewhere : bool
        Whether jobs run on other computers than this one: what they have can't be seen from here.
    costs : Costs
        What results take on the disk.
    """
    yield from _networks(plan)
    yield from _devices(plan, elsewhere)
    yield from _opensim(plan, elsewhere)
    yield from _people(plan)
    yield from _disk(plan, frames, costs)


def _pose_sections(plan: Plan) -> list[dict[str, object]]:
    """The different settings of the keypoint stage that filmed cameras have."""
    found: dict[str, dict[str, object]] = {}
    for trial in plan.dataset.trials:
        for camera in trial.cameras:
            if camera.filmed:
                section = plan.config.section("pose", session=trial.session, trial=trial.name, camera=camera.name)
                found[repr(section)] = section
    return list(found.values())


def _networks(plan: Plan) -> Iterator[Finding]:
    cards: dict[Path, ModelCard] = {}
    for section in _pose_sections(plan):
        detector = section["detector"]
        try:
            found = read_network_cards(
                str(section["model"]), None if detector is None else str(detector), plan.resources / "models"
            )
        except KineographError:
            continue  # the plan has noted it
        cards |= {card.path: card for card in found}
    for card in cards.values():
        if not card.asset and not card.local_file.exists():
            yield Finding(
                "stops",
                f"the weights of the model '{card.name}' are not there",
                f"expected {card.local_file}, as its card says; found no such file",
                "put the file there, or correct 'weights' in the card",
            )
        if card.asset:
            yield from _fetched(plan, card.asset, f"the weights of '{card.name}'", card.name)


def _fetched(plan: Plan, name: str, what: str, said: str = "") -> Iterator[Finding]:
    """A note where an asset is yet to be fetched; `said` is the model that it is of."""
    try:
        asset = plan.catalogue.asset(name)
    except KineographError as error:
        yield Finding.of_error(error, "stops")
        return
    if not asset.record(plan.cache).exists():
        unpinned = asset.archive.sha256 == UNKNOWN_SHA256
        yield Finding(
            "undecided",
            f"{what} will be fetched from {asset.archive.sources[0]}: whether that can be reached was not tried"
            + (", and there is no checksum to hold it against" if unpinned else ""),
            hint=f"to be sure, fetch it now: {own_command('fetch', said or name)}",
        )


def _devices(plan: Plan, elsewhere: bool) -> Iterator[Finding]:
    sections = _pose_sections(plan)
    for section in sections:
        if section["device"] == "cpu" and section["precision"] == "fp16":
            yield Finding(
                "stops",
                "half precision needs a GPU (pose.precision: fp16)",
                "expected pose.device cuda, tensorrt or auto; found cpu",
                "set pose.precision to fp32 or auto",
            )
    asked = sorted({str(section["device"]) for section in sections} & set(PROVIDERS))
    if not sections:
        return
    providers = available_providers()
    if providers is None:
        yield Finding(
            "undecided" if elsewhere else "error",
            "ONNX Runtime, which keypoints are made with, is not installed here",
            hint="install envs/pose-cpu.lock or envs/pose-gpu.lock (make setup)",
        )
        return
    if asked and elsewhere:
        yield Finding(
            "undecided", f"pose.device {', '.join(asked)}: whether the cluster's nodes have it can't be seen from here"
        )
        return
    for device in asked:
        if PROVIDERS[device] not in providers:
            yield Finding(
                "stops",
                f"a GPU is asked for and ONNX Runtime has none (pose.device: {device})",
                f"expected the provider {PROVIDERS[device]}; found {', '.join(providers)}",
                "install envs/pose-gpu.lock (make setup GPU=1), or set pose.device to cpu or auto",
            )


def _opensim(plan: Plan, elsewhere: bool) -> Iterator[Finding]:
    own = plan.config.value("opensim_setup")
    if own and not Path(own).is_dir():
        yield Finding(
            "stops",
            f"the folder of OpenSim's set-up files {own} is not there",
            "expected a folder with scaling and inverse kinematics set-ups; found none",
            "correct opensim_setup in the configuration",
        )
    if not own:
        yield from _fetched(plan, OPENSIM_ASSET, "OpenSim's models and set-up files")
    models = {
        str(plan.config.section("scaling", session=trial.session, participant=person)["model"])
        for trial in plan.dataset.trials
        for person in trial.participants
    }
    for model in sorted(models):
        if model.endswith(".osim") and not Path(model).is_file():
            yield Finding(
                "stops",
                f"the OpenSim model {model} is not there",
                "expected an .osim file; found no such file",
                "correct scaling.model in the configuration",
            )
    if find_spec("opensim") is None:
        yield Finding("undecided" if elsewhere else "error", "OpenSim is not installed here", hint="make setup")


def _people(plan: Plan) -> Iterator[Finding]:
    """People of the sheet who are in no trial, and people of whom nothing is known."""
    given = plan.config.value("participants")
    sheet = Path(given) if given else Path(plan.config.value("dataset") or ".") / PARTICIPANTS_SHEET
    in_trials = plan.dataset.participants
    noted = Mistakes()
    try:
        in_sheet = set(read_participants(sheet, noted)) if sheet.exists() else set()
    except InputError:
        return  # the plan has noted it
    for name in sorted(in_sheet - set(in_trials)):
        yield Finding(
            "warning",
            f"the participant {name} of {sheet} is in no trial",
            hint=nearest(name, in_trials) or "add the name to the column 'participants' of its trials",
        )
    for what, key in (("height", "height_m"), ("mass", "mass_kg")):
        unknown = [name for name, person in in_trials.items() if getattr(person, key) is None]
        if in_sheet or noted.found:  # who is not in it, or whose row can't be used, is a mistake of its own
            unknown = [name for name in unknown if name in in_sheet and not noted.found]
        if unknown:
            estimated = f"{TYPICAL_BMI:g} kg/m^2 times the square of the height is taken"
            effect = "lengths are estimated" if what == "height" else estimated
            yield Finding(
                "note",
                f"no {what} is given of {len(unknown)} participant(s) ({', '.join(unknown[:6])}): {effect}",
                hint=f"state {key} in {sheet}",
            )


def _disk(plan: Plan, frames: Mapping[tuple[str, str, str], int], costs: Costs) -> Iterator[Finding]:
    results = Path(plan.layout.root).absolute()
    place = next(folder for folder in (results, *results.parents) if folder.exists())
    if not os.access(place, os.W_OK):
        yield Finding(
            "stops",
            f"nothing can be written to {place}",
            "expected a folder with permission to write, for the results; found one without",
            "change its permissions, or set 'results' in the configuration to another folder",
        )
    need = sum(
        costs.trial_bytes(
            [frames.get((trial.session, trial.name, camera.name), 0) for camera in trial.cameras],
            len(trial.participants),
        )
        for trial in plan.dataset.trials
        if not plan.layout.exists("trial_page", session=trial.session, trial=trial.name)
    )
    disk = room(results)
    free = disk.free_bytes
    text = f"the results will take about {size_text(need)}; {disk}"
    if need and disk.full:
        yield Finding("stops", f"the disk for the results is full: {disk}", hint="free some room there")
    elif need > free:
        yield Finding("stops", text, hint="free some room, or set 'results' to a folder on a larger disk")
    else:
        yield Finding("warning" if need > free / 2 else "note", text)
    own = room(Path.cwd())
    if own.full and own.mount != disk.mount:
        yield Finding("stops", f"the disk of the working directory is full: {own}", hint="free some room there")
    asked = any(
        plan.config.section("report", session=trial.session, trial=trial.name)["overlay_video"]
        for trial in plan.dataset.trials
    )
    if asked:
        yield Finding(
            "undecided", "the size of the videos with overlays (report.overlay_video) is not in that estimate"
        )
