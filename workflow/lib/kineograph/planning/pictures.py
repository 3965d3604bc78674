"""What rules ask about the making of calibrations: converted from files, or computed from pictures or from people."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kineograph.dataset.names import natural_key
from kineograph.dataset.pictures import PURPOSES, find_pictures, find_point_files
from kineograph.errors import InputError
from kineograph.planning.calibration_file import CalibrationFilePlan
from kineograph.planning.paths import Wildcards
from kineograph.planning.people import FINDING, PEOPLE, PeoplePlan
from kineograph.planning.plan import Plan
from kineograph.planning.plan_part import PlanPart
from kineograph.provenance.code import code_digest
from kineograph.provenance.fingerprint import MISSING, fingerprint, fingerprints
from kineograph.settings.text import canonical

Resource = Callable[[Wildcards, int], int]
"""How much of a resource a job is given, at its first attempt and at further ones."""
CONVERT, BOARD, SCENE_POINTS = "convert", "board", "scene_points"
INTRINSICS, EXTRINSICS = PURPOSES
DETECTION = ("pattern", "dictionary", "marker_ratio", "frame_interval_s")
"""Keys of the section ``boards`` that finding a board depends on, besides its corners."""
LENS = ("corners", "distortion_terms", "min_views", "max_view_error_px")
PLACING = ("method", "intrinsics", "max_point_error_px")
"""Keys of the section ``calibration`` that apply to pictures only."""
WORLD = "world_up"
"""The one that applies to the poses of a calibration file, and not to its lenses."""
VERBS = {
    CONVERT: "calibrate",
    BOARD: "calibrate-extrinsics",
    SCENE_POINTS: "calibrate-extrinsics",
    PEOPLE: "calibrate-people",
}
DRAWING = ("pattern", "square_m", "corners", "lies_on")


class PicturePlan(PlanPart):
    """The answers on pictures that calibrations are computed from."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.given_file = CalibrationFilePlan(plan)
        self.people = PeoplePlan(plan)

    # ---- which calibrations and cameras

    def source(self, wildcards: Wildcards) -> str:
        """The folder of the calibration's files and pictures, or its file."""
        return self.given_file.source(wildcards)

    def method(self, wildcards: Wildcards) -> str:
        """How the calibration of the wildcards comes about."""
        return str(self._calibration(wildcards)["method"])

    def cameras(self, wildcards: Wildcards) -> list[str]:
        """The cameras of all trials that share a calibration, in natural order."""
        trials = self._plan.dataset.trials_calibrated_by(wildcards.session, wildcards.calibration)
        found = {camera.name for trial in trials for camera in trial.cameras}
        return sorted(found, key=natural_key)

    def drawings(self) -> list[str]:
        """The pictures of all cameras that are calibrated from pictures."""
        paths = set()
        for trial in self._plan.dataset.trials:
            if self._plan.config.section("calibration", session=trial.session)["method"] not in (BOARD, SCENE_POINTS):
                continue
            names = {"session": trial.session, "calibration": trial.calibration.name}
            paths |= {
                self._plan.layout.path("calibration_picture", **names, camera=item.name) for item in trial.cameras
            }
        return sorted(paths)

    # ---- finding boards

    def pictures_input(self, wildcards: Wildcards, purpose: str = "") -> list[str]:
        """A camera's pictures; none where they are missing, so that their job can say so."""
        found = self._pictures(wildcards, purpose or wildcards.purpose)
        return [str(found)] if found else []

    def pictures_content(self, wildcards: Wildcards) -> str:
        """The fingerprint of a camera's pictures."""
        found = self._pictures(wildcards, wildcards.purpose)
        return fingerprint(found) if found else MISSING

    def detection_settings(self, wildcards: Wildcards) -> str:
        """What finding a board depends on: not the size of its squares."""
        boards = self._boards(wildcards)
        settings = {key: boards[key] for key in DETECTION}
        settings["corners"] = self._corners(boards, wildcards.purpose)
        if settings["pattern"] != "charuco":
            del settings["dictionary"], settings["marker_ratio"]
        return canonical(settings)

    def lens_settings(self, wildcards: Wildcards) -> str:
        """What a lens depends on."""
        boards = self._boards(wildcards)
        return canonical({key: boards[key] for key in LENS})

    # ---- the calibration

    def verb(self, wildcards: Wildcards) -> str:
        """The verb that makes a calibration."""
        return VERBS[self.method(wildcards)]

    def settings(self, wildcards: Wildcards) -> str:
        """The settings that apply to the method."""
        given = json.loads(self._plan.settings("calibration")(wildcards))
        method = given["method"]
        file = {key: value for key, value in given.items() if key not in (*PLACING, *FINDING)}
        if method == CONVERT:
            return canonical(file)
        settings = {"method": method, "intrinsics": given["intrinsics"]}
        if given["intrinsics"] == "file":
            settings |= {key: value for key, value in file.items() if key != WORLD}
        if method == PEOPLE:
            return canonical(settings | self.people.settings(wildcards, given))
        settings["max_point_error_px"] = given["max_point_error_px"]
        if method == BOARD:
            settings |= self._extrinsics_board(wildcards)
        return canonical(settings)

    def code(self, wildcards: Wildcards) -> str:
        """The digest of the verb's code, with the format of the file where one is read."""
        if self.method(wildcards) == CONVERT:
            return self.given_file.code(wildcards)
        formats = self.given_file.format_modules(wildcards) if self._lenses_from_file(wildcards) else []
        return code_digest(f"kineograph.cli.{self.verb(wildcards).replace('-', '_')}", *formats)

    def content(self, wildcards: Wildcards) -> str:
        """The fingerprints of the files that a calibration is read from, and its cameras."""
        if self.method(wildcards) == CONVERT:
            return self.given_file.content(wildcards)
        files = fingerprints(tuple(Path(path) for path in self.given(wildcards)))
        return canonical({"cameras": self.cameras(wildcards), "files": files})

    def given(self, wildcards: Wildcards) -> list[str]:
        """The user's files that a calibration is read from; those that are missing are left to its job."""
        if self.method(wildcards) == CONVERT:
            return self.given_file.files(wildcards)
        lenses = self.given_file.files(wildcards) if self._lenses_from_file(wildcards) else []
        return [*lenses, *self.point_files(wildcards)]

    def point_files(self, wildcards: Wildcards) -> list[str]:
        """The files of scene points, where the method needs them and they are there."""
        if self.method(wildcards) != SCENE_POINTS:
            return []
        try:
            return [str(path) for path in find_point_files(Path(self.source(wildcards)))]
        except InputError:
            return []

    def computed(self, wildcards: Wildcards) -> list[str]:
        """The results that a calibration from pictures or people is computed from."""
        keypoints = self.people.keypoints(wildcards) if self.method(wildcards) == PEOPLE else []
        return [path for paths in self._computed(wildcards).values() for path in paths] + keypoints

    def arguments(self, wildcards: Wildcards) -> str:
        """The command line's arguments for a calibration that is computed; none for a conversion."""
        if self.method(wildcards) == CONVERT:
            return ""
        words = ["--cameras", canonical(self.cameras(wildcards))]
        for option, paths in self._computed(wildcards).items():
            words += [option, *paths]
        if self.method(wildcards) == PEOPLE:
            words += self.people.arguments(wildcards)
        return shlex.join(words)

    def resource(self, name: str, light: Mapping[str, Resource], heavy: Mapping[str, Resource]) -> Resource:
        """How much of a resource a calibration takes: people are whole trials, anything else is a few points."""
        return lambda wildcards, attempt: (heavy if self.method(wildcards) == PEOPLE else light)[name](
            wildcards, attempt
        )

    def _computed(self, wildcards: Wildcards) -> dict[str, list[str]]:
        options: dict[str, list[str]] = {}
        calibration = self._calibration(wildcards)
        if calibration["method"] == CONVERT:
            return options
        if calibration["intrinsics"] == "computed":
            options["--intrinsics"] = self._each_camera(wildcards, "lens")
            options["--intrinsics-reports"] = self._each_camera(wildcards, "lens_report")
        if calibration["method"] == BOARD:
            options["--views"] = self._each_camera(wildcards, "board_views", purpose=EXTRINSICS)
            options["--views-reports"] = self._each_camera(wildcards, "board_report", purpose=EXTRINSICS)
        return options

    # ---- drawing

    def drawn_views(self, wildcards: Wildcards) -> dict[str, str]:
        """The views of a camera that are drawn, by the option that names them."""
        calibration = self._calibration(wildcards)
        names = {name: getattr(wildcards, name) for name in ("session", "calibration", "camera")}
        options = {}
        if calibration["intrinsics"] == "computed":
            options["--lens-views"] = self._plan.path("board_views", **names, purpose=INTRINSICS)
        if calibration["method"] == BOARD:
            options["--views"] = self._plan.path("board_views", **names, purpose=EXTRINSICS)
        return options

    def drawing_arguments(self, wildcards: Wildcards) -> str:
        """The command line's arguments for a camera's picture."""
        return shlex.join([word for pair in self.drawn_views(wildcards).items() for word in pair])

    def drawing_settings(self, wildcards: Wildcards) -> str:
        """What a camera's picture depends on."""
        method = self.method(wildcards)
        return canonical({"method": method} | (self._extrinsics_board(wildcards) if method == BOARD else {}))

    def drawing_content(self, wildcards: Wildcards) -> str:
        """The fingerprints of a camera's extrinsics pictures and of the scene points."""
        files = [*self.pictures_input(wildcards, EXTRINSICS), *self.point_files(wildcards)]
        return canonical([fingerprint(Path(path)) for path in files])

    # ---- shared

    def _calibration(self, wildcards: Wildcards) -> dict[str, Any]:
        return self._plan.config.section("calibration", session=wildcards.session)

    def _boards(self, wildcards: Wildcards) -> dict[str, Any]:
        return self._plan.config.section("boards", session=wildcards.session)

    def _corners(self, boards: dict[str, Any], purpose: str) -> list[int]:
        other = boards["extrinsics_corners"] if purpose == EXTRINSICS else None
        return list(other or boards["corners"])

    def _extrinsics_board(self, wildcards: Wildcards) -> dict[str, Any]:
        boards = self._boards(wildcards)
        board = {key: boards[key] for key in DRAWING}
        board["corners"] = self._corners(boards, EXTRINSICS)
        board["square_m"] = boards["extrinsics_square_m"] or boards["square_m"]
        return board

    def _pictures(self, wildcards: Wildcards, purpose: str) -> Path | None:
        try:
            return find_pictures(Path(self.source(wildcards)), purpose, wildcards.camera)
        except InputError:
            return None

    def _lenses_from_file(self, wildcards: Wildcards) -> bool:
        return bool(self._calibration(wildcards)["intrinsics"] == "file")

    def _each_camera(self, wildcards: Wildcards, result: str, **names: str) -> list[str]:
        names |= {"session": wildcards.session, "calibration": wildcards.calibration}
        return [self._plan.path(result, **names, camera=camera) for camera in self.cameras(wildcards)]
