"""The catalogue of fetched things, ``resources/assets.toml``, and their places in the cache that runs share."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from kineograph.errors import AssetError, nearest

CACHE_VARIABLE = "KINEOGRAPH_CACHE"
UNKNOWN_SHA256 = "unknown"
"""For files of hosts that could not be reached when the catalogue was written."""


@dataclass(frozen=True)
class Archive:
    """Something that is fetched in one piece.

    Attributes
    ----------
    name : str
        Its key in the catalogue.
    sources : tuple of str
        ``pypi:name==version``, ``npm:name@version`` or ``https://...``; later ones are mirrors.
    file : str
        Its file name in the cache.
    sha256 : str
        64 hexadecimal digits, or ``unknown``.
    licence, about : str
        The makers' licence and what it is.
    """

    name: str
    sources: tuple[str, ...]
    file: str
    sha256: str
    licence: str
    about: str


@dataclass(frozen=True)
class Asset:
    """Files of an archive that are used together.

    Attributes
    ----------
    name : str
        Its key in the catalogue.
    archive : Archive
        Where they come from.
    files : dict of str to str
        Member of the archive -> SHA-256 (or ``unknown``).
    strip : str
        Beginning of the members' names that is left out in the cache.
    """

    name: str
    archive: Archive
    files: dict[str, str]
    strip: str = ""

    @property
    def identity(self) -> str:
        """12 hexadecimal digits that change when any pinned content does."""
        facts = [self.archive.sources[0], self.archive.sha256, self.strip, sorted(self.files.items())]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]

    def folder(self, cache: Path) -> Path:
        """The asset's folder in the cache."""
        return cache / "assets" / f"{self.name}-{self.identity}"

    def record(self, cache: Path) -> Path:
        """The file that is written last: where it is there, the asset is complete."""
        return self.folder(cache) / "asset.json"

    def path(self, cache: Path, member: str) -> Path:
        """The place of one member in the cache."""
        return self.folder(cache) / self.inside(member)

    def inside(self, member: str) -> str:
        """The name of a member inside the asset's folder."""
        return member.removeprefix(self.strip)


@dataclass(frozen=True)
class Catalogue:
    """All assets."""

    assets: dict[str, Asset]

    def asset(self, name: str) -> Asset:
        """The asset of that name.

        Raises
        ------
        AssetError
            Where the catalogue has none.
        """
        if name not in self.assets:
            raise AssetError(
                f"there is no asset '{name}'",
                expected=f"one of {', '.join(sorted(self.assets))}",
                found=f"'{name}'",
                hint=nearest(name, self.assets) or "see resources/assets.toml",
            )
        return self.assets[name]


def read_catalogue(path: Path) -> Catalogue:
    """Read ``assets.toml``."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    archives = {}
    for name, table in tables["archives"].items():
        source = table["source"]
        archives[name] = Archive(
            name=name,
            sources=(source,) if isinstance(source, str) else tuple(source),
            file=table["file"],
            sha256=table["sha256"],
            licence=table["licence"],
            about=table["about"],
        )
    assets = {
        name: Asset(name, archives[table["archive"]], dict(table["files"]), table.get("strip", ""))
        for name, table in tables["assets"].items()
    }
    return Catalogue(assets)


def default_cache() -> Path:
    """The cache's folder: $KINEOGRAPH_CACHE, else $XDG_CACHE_HOME/kineograph, else ~/.cache/kineograph."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser().absolute() / "kineograph"
