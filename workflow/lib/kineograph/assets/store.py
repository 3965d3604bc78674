"""The cache of fetched things: each is fetched once, checked, and put in place whole."""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from kineograph.assets.clients import FetchFailedError, fetch
from kineograph.catalog.assets import UNKNOWN_SHA256, Archive, Asset
from kineograph.errors import AssetError
from kineograph.io.atomic import write_text
from kineograph.io.room import NO_ROOM
from kineograph.provenance.fingerprint import sha256

CHUNK_BYTES = 1 << 20
MOST_EXPANSION = 100
"""Weights and set-up files are packed to a half or a tenth; an archive that unpacks to far more is made to fill the disk."""
SLACK_BYTES = 16 * CHUNK_BYTES

Note = Callable[[str], None]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def obtain(asset: Asset, cache: Path, note: Note = _say) -> Path:
    """Make sure that an asset is in the cache and return its folder.

    A file that is there and has the right hash is kept, wherever it came from. Several processes may ask at once: one
    fetches, the others wait.

    Raises
    ------
    AssetError
        Where it can't be fetched, or what was fetched is not what was pinned. The message says how to put it there by hand.
    """
    record = asset.record(cache)
    if record.exists():
        return record.parent
    with _lock(cache / "locks" / f"{asset.name}.lock"):
        if record.exists():
            return record.parent
        archive = _obtain_archive(asset.archive, cache, note)
        with tempfile.TemporaryDirectory(dir=_made(cache / "assets"), prefix=f".{asset.name}-") as temporary:
            folder = Path(temporary) / "files"
            hashes = {member: _extract(asset, archive, member, folder) for member in asset.files}
            facts = {"asset": asset.name, "licence": asset.archive.licence, "source": asset.archive.sources[0]}
            write_text(folder / record.name, json.dumps({**facts, "sha256": hashes}, indent=2) + "\n")
            shutil.rmtree(record.parent, ignore_errors=True)  # left by a run that was killed, without its record
            folder.replace(record.parent)
    return record.parent


def _obtain_archive(archive: Archive, cache: Path, note: Note) -> Path:
    place = _made(cache / "archives") / archive.file
    with _lock(cache / "locks" / f"archive-{archive.name}.lock"):
        if place.exists():
            _check(archive, place, place)
            return place
        failures = []
        for source in archive.sources:
            note(f"fetching {archive.about} ({source}; {archive.licence})")
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{archive.name}-") as temporary:
                try:
                    file = fetch(source, Path(temporary))
                except FetchFailedError as error:
                    failures.append(str(error))
                    continue
                _check(archive, file, place)
                file.replace(place)
                return place
        raise AssetError(
            f"{archive.about} could not be fetched",
            expected=f"it at {' or '.join(archive.sources)}",
            found="; ".join(failures),
            hint=_by_hand(archive, place),
        )


def _check(archive: Archive, file: Path, place: Path) -> None:
    if archive.sha256 == UNKNOWN_SHA256:
        return
    found = sha256(file)
    if found != archive.sha256:
        raise AssetError(
            f"{archive.file} is not the file that is pinned",
            expected=f"sha256 {archive.sha256}",
            found=f"sha256 {found}",
            hint=("remove it and try again; or " if file == place else "") + _by_hand(archive, place),
        )


def _by_hand(archive: Archive, place: Path) -> str:
    pinned = "" if archive.sha256 == UNKNOWN_SHA256 else f" (sha256 {archive.sha256})"
    return f"fetch {archive.file}{pinned} on a machine that can, and put it at {place}"


def _extract(asset: Asset, archive: Path, member: str, folder: Path) -> str:
    """Take one member out of an archive, check it, and return its SHA-256."""
    inside = PurePosixPath(asset.inside(member))
    if inside.is_absolute() or ".." in inside.parts:
        raise ValueError(f"{member} would leave the asset's folder")
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _copy_member(archive, member, target)
    except KeyError as error:
        raise AssetError(
            f"{archive.name} does not hold {member}",
            expected=f"{member}, as resources/assets.toml says",
            found="no such member",
            hint=f"remove {archive} and try again",
        ) from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise AssetError(
            f"{archive.name} can't be unpacked",
            expected="a zip, wheel or tgz archive, or the file itself",
            found=str(error),
            hint=f"remove {archive} and try again",
        ) from error
    found = sha256(target)
    if asset.files[member] not in (UNKNOWN_SHA256, found):
        raise AssetError(
            f"{member} of {archive.name} is not what is pinned",
            expected=f"sha256 {asset.files[member]}",
            found=f"sha256 {found}",
            hint=f"remove {archive} and try again",
        )
    return found


def _copy_member(archive: Path, member: str, target: Path) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            name = next((item for item in file.namelist() if item == member or item.endswith(f"/{member}")), member)
            with file.open(name) as source, target.open("wb") as sink:
                _copy(source, sink, archive)
    elif archive.suffix in (".tgz", ".gz"):
        with tarfile.open(archive) as file:
            source_file = file.extractfile(member)
            if source_file is None:
                raise KeyError(member)
            with source_file, target.open("wb") as sink:
                _copy(source_file, sink, archive)
    else:
        shutil.copyfile(archive, target)


def _copy(source: IO[bytes], sink: IO[bytes], archive: Path) -> None:
    """Unpack, but no more than an honest archive of that size holds."""
    left = SLACK_BYTES + MOST_EXPANSION * archive.stat().st_size
    while chunk := source.read(CHUNK_BYTES):
        left -= len(chunk)
        if left < 0:
            raise tarfile.TarError(f"a member that is more than {MOST_EXPANSION} times as large as the archive")
        sink.write(chunk)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    _made(path.parent)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
