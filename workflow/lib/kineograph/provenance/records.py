"""Noticing that Snakemake has lost its records of the results.

Snakemake keeps what it knows of a result (the settings and code that made it) in ``.snakemake/metadata``, a file each. For
results without a record it goes by file times alone, so that edits of the configuration or the code would change nothing,
in silence: after ``.snakemake`` was deleted, or after results were moved or copied from elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

PART = 254
"""Snakemake splits encoded names that are longer than this over folders."""


def without_record(paths: Iterable[str], workdir: Path) -> list[str]:
    """Those of the existing result files that Snakemake has no record of.

    Parameters
    ----------
    paths : iterable of str
        Result files by the names that Snakemake uses (relative to its working directory), existing or not.
    workdir : Path
        Snakemake's working directory.
    """
    if (workdir / ".snakemake" / "metadata.db").exists():  # kept in a database, by the user's choice
        return []
    metadata = workdir / ".snakemake" / "metadata"
    return [path for path in paths if (workdir / path).exists() and not _record(metadata, path).exists()]


def lost_records_message(paths: list[str]) -> str:
    """What to tell a user whose results have no records."""
    return (
        f"kineograph: Snakemake has no record of how {len(paths)} existing results were made, such as {paths[0]}\n"
        "  expected their records in .snakemake/metadata; found none (was .snakemake deleted, or were the results moved?)\n"
        "  to do: edits of settings or code will NOT rerun them. To be sure, make them again with: snakemake --forceall\n"
    )


def _record(metadata: Path, path: str) -> Path:
    """Where Snakemake's file backend keeps the record of a path (``snakemake/persistence/file.py``)."""
    name = base64.urlsafe_b64encode(path.encode()).decode()
    parts = [name[start : start + PART] for start in range(0, len(name), PART)]
    return metadata.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
