"""What rules ask about calibrations that are given as files."""

from __future__ import annotations

from pathlib import Path

from kineograph.dataset.calibration_files import FOLDER, calibration_files, find_calibration_file
from kineograph.errors import InputError
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan_part import PlanPart
from kineograph.provenance.code import code_digest
from kineograph.provenance.fingerprint import MISSING, fingerprints
from kineograph.settings.plugins import plugin_module
from kineograph.settings.text import canonical


class CalibrationFilePlan(PlanPart):
    """The answers on calibration files."""

    def source(self, wildcards: Wildcards) -> str:
        """The calibration's file or folder."""
        trials = self._plan.dataset.trials_calibrated_by(wildcards.session, wildcards.calibration)
        if not trials:
            raise LookupError(f"no trial of session {wildcards.session} has the calibration {wildcards.calibration}")
        return str(trials[0].calibration.path)

    def files(self, wildcards: Wildcards) -> list[str]:
        """The calibration's files; none where it is missing, so that its job can say so."""
        found = self.found(wildcards)
        return [str(file) for file in calibration_files(*found)] if found else []

    def code(self, wildcards: Wildcards) -> str:
        """The digest of a conversion's code, with the format that the file has."""
        return code_digest("kineograph.cli.calibrate", *self.format_modules(wildcards))

    def format_modules(self, wildcards: Wildcards) -> list[str]:
        """The module of the format that the file has; none where it is missing."""
        found = self.found(wildcards)
        return [plugin_module(FOLDER, found[1])] if found else []

    def content(self, wildcards: Wildcards) -> str:
        """The names and fingerprints of the calibration's files; a name can be a camera's."""
        found = self.found(wildcards)
        return canonical(fingerprints(calibration_files(*found))) if found else MISSING

    def found(self, wildcards: Wildcards) -> tuple[Path, str] | None:
        """The calibration's file and its format; None where there is none, or more than one."""
        format_name = self._plan.config.section("calibration", session=wildcards.session)["format"]
        try:
            return find_calibration_file(Path(self.source(wildcards)), format_name)
        except InputError:
            return None
