"""What a profile of Snakemake's says that the front goes by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kineograph.errors import ConfigError

LOCAL = ("local", "dryrun", "touch")


def read_profile(folder: Path) -> dict[str, Any]:
    """The options of a profile.

    Raises
    ------
    ConfigError
        Where there is none.
    """
    import yaml

    files = [*sorted(folder.glob("config.v*.yaml")), folder / "config.yaml"]
    file = next((file for file in reversed(files) if file.is_file()), None)
    if file is None:
        raise ConfigError(
            f"there is no profile {folder}",
            expected="default, gpu, slurm, or a folder with a config.yaml",
            found="no such folder" if not folder.is_dir() else "a folder without config.yaml",
            hint="see profiles/README.md",
        )
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def runs_elsewhere(folder: Path) -> bool:
    """Whether a profile's jobs run on other computers than Snakemake itself."""
    return str(read_profile(folder).get("executor", "local")) not in LOCAL
