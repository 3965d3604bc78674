"""Every path that the workflow makes, from one table."""

from __future__ import annotations

from pathlib import Path

RESERVED_SESSIONS = ("logs", "benchmarks", "report", "sweep")
"""Names that a session can't have, because the results folder uses them."""
RESERVED_TRIALS = ("calibration", "participants")
"""Names that a trial can't have, because the session's folder uses them."""

_SESSION = "{session}"
_TRIAL = "{session}/{trial}"
_CALIBRATION = "{session}/calibration/{calibration}"
_PARTICIPANT = "{session}/participants/{participant}"

PATHS: dict[str, str] = {
    # a session's
    "calibration": f"{_CALIBRATION}/calibration.toml",
    "calibration_report": f"{_CALIBRATION}/calibration.json",
    "board_views": f"{_CALIBRATION}/boards/{{purpose}}/{{camera}}.npz",
    "board_report": f"{_CALIBRATION}/boards/{{purpose}}/{{camera}}.json",
    "lens": f"{_CALIBRATION}/intrinsics/{{camera}}.toml",
    "lens_report": f"{_CALIBRATION}/intrinsics/{{camera}}.json",
    "calibration_picture": f"{_CALIBRATION}/pictures/{{camera}}.jpg",
    "refined_calibration": f"{_CALIBRATION}/refined.toml",
    "refinement_report": f"{_CALIBRATION}/refinement.json",
    "calibration_health": f"{_CALIBRATION}/health.json",
    # a trial's
    "inputs": f"{_TRIAL}/inputs/inputs.json",
    "keypoints": f"{_TRIAL}/pose/{{camera}}.npz",
    "pose_report": f"{_TRIAL}/pose/{{camera}}.json",
    "keypoints_chunk": f"{_TRIAL}/pose/{{camera}}/chunk-{{chunk}}.npz",
    "pose_chunk_report": f"{_TRIAL}/pose/{{camera}}/chunk-{{chunk}}.json",
    "synchronization": f"{_TRIAL}/synchronization/synchronization.json",
    "tracks": f"{_TRIAL}/association/tracks.npz",
    "observations": f"{_TRIAL}/association/observations.npz",
    "association_report": f"{_TRIAL}/association/association.json",
    "points3d": f"{_TRIAL}/triangulation/points3d.npz",
    "triangulation_report": f"{_TRIAL}/triangulation/triangulation.json",
    "filtered": f"{_TRIAL}/filtering/points3d.npz",
    "filtering_report": f"{_TRIAL}/filtering/filtering.json",
    "augmented": f"{_TRIAL}/augmentation/points3d.npz",
    "augmentation_report": f"{_TRIAL}/augmentation/augmentation.json",
    "trc": f"{_TRIAL}/markers/{{participant}}.trc",
    "motion": f"{_TRIAL}/kinematics/{{participant}}.mot",
    "coordinates": f"{_TRIAL}/kinematics/{{participant}}.npz",
    "marker_errors": f"{_TRIAL}/kinematics/marker_errors/{{participant}}.npz",
    "bodies": f"{_TRIAL}/kinematics/bodies/{{participant}}.npz",
    "kinematics_report": f"{_TRIAL}/kinematics/{{participant}}.json",
    "quality": f"{_TRIAL}/quality/quality.json",
    "overlays": f"{_TRIAL}/report/overlays",
    "overlay_video": f"{_TRIAL}/report/overlay_{{camera}}.mp4",
    "plots": f"{_TRIAL}/report/plots",
    "player_pictures": f"{_TRIAL}/report/player_pictures.npz",
    "thumbnail": f"{_TRIAL}/report/thumbnail.svg",
    "trial_page": f"{_TRIAL}/report/index.html",
    "person_export": f"{_TRIAL}/exports/{{participant}}{{tail}}",
    "trial_export": f"{_TRIAL}/exports/{{tail}}",
    "verdict": f"{_TRIAL}/verdict.json",
    # a participant's
    "model": f"{_PARTICIPANT}/model.osim",
    "scaling_report": f"{_PARTICIPANT}/scaling.json",
    "share": f"{_PARTICIPANT}/share.zip",
    # the dataset's
    "import_report": "report/import.txt",
    "bone_shapes": "report/bones.json",
    "summary": "report/summary.tsv",
    "dataset_page": "report/index.html",
    "checked": "report/checked.txt",
    "sweep_table": "sweep/table.csv",
    "sweep_accuracy": "sweep/accuracy.csv",
    "sweep_page": "sweep/index.html",
}
"""Path of each kind of file under the results folder; the braces are Snakemake's wildcards (`tail`: of an export's format).

No file may be of two kinds or of two names, whatever people call their participants: nothing but a suffix that begins with a dot
is put to a name, and where that would not tell two kinds apart they have folders of their own.
"""


class Layout:
    """The paths of one results folder.

    Parameters
    ----------
    root : str
        The results folder, as it stands in the configuration.
    """

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")

    def pattern(self, kind: str) -> str:
        """The path of a kind of file with its wildcards open, for a rule."""
        return f"{self.root}/{PATHS[kind]}"

    def path(self, kind: str, **wildcards: str) -> str:
        """The path of one file.

        Raises
        ------
        KeyError
            Where a wildcard of that kind is not given.
        """
        return self.pattern(kind).format(**wildcards)

    def log(self, rule: str, wildcards: tuple[str, ...]) -> str:
        """The log of a rule, with its wildcards open."""
        return self._per_job("logs", rule, wildcards, "log")

    def benchmark(self, rule: str, wildcards: tuple[str, ...]) -> str:
        """The benchmark record of a rule (time, memory), with its wildcards open."""
        return self._per_job("benchmarks", rule, wildcards, "tsv")

    def exists(self, kind: str, **wildcards: str) -> bool:
        """True where the file is there."""
        return Path(self.path(kind, **wildcards)).exists()

    def _per_job(self, folder: str, rule: str, wildcards: tuple[str, ...], suffix: str) -> str:
        names = "/".join(f"{{{wildcard}}}" for wildcard in wildcards) or "all"
        return f"{self.root}/{folder}/{rule}/{names}.{suffix}"
