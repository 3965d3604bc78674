"""Damaged and hostile files: every reader answers with a result or with an error of the project, soon, and in little memory.

An ordinary run damages each kind of file a few times, always in the same ways; `pytest --fuzz-examples 2000
tests/unit/test_hostile_files.py` does so for as long as one likes, at random. A format that is added is covered at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shutil
import signal
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kineograph.assets.store import obtain
from kineograph.catalog.assets import UNKNOWN_SHA256, Archive, Asset
from kineograph.errors import AssetError, KineographError
from synthetic.hostile_files import mutations, targets

FEW = 8
LONGEST_S = 10
"""Of CPU time, children included, so that what else the machine does counts for nothing."""
LONGEST_WAIT_S = 120
"""Of the clock, for what waits for ever."""
MOST_BYTES = 3 * 2**30
"""Of address space beyond what the process has: the libraries that are imported on the way map much of it."""
TARGETS = targets()


@pytest.fixture(scope="module", autouse=True)
def little_memory():
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@contextlib.contextmanager
def soon():
    """Fail where it takes too long: TimeoutError is none of the project's errors."""

    def late(number, frame):
        raise TimeoutError(f"longer than {LONGEST_S} s of CPU time or {LONGEST_WAIT_S} s of the clock")

    before = {number: signal.signal(number, late) for number in (signal.SIGPROF, signal.SIGALRM)}
    start_s = sum(os.times()[:4])
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    signal.alarm(LONGEST_WAIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
    if sum(os.times()[:4]) - start_s > LONGEST_S:
        late(None, None)


@pytest.mark.parametrize("name", TARGETS)
def test_a_right_file_is_read(name, tmp_path):
    TARGETS[name].write(tmp_path)
    TARGETS[name].read(tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files_give_results_or_errors(name, tmp_path_factory, request):
    examples = request.config.getoption("--fuzz-examples")
    folder = tmp_path_factory.mktemp("hostile")
    files = TARGETS[name].write(folder)
    whole = {file: file.read_bytes() for file in files}

    @settings(
        max_examples=examples or FEW,
        derandomize=not examples,
        phases=(Phase.generate,),  # shrinking takes minutes, and the file is small already
        report_multiple_bugs=False,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes=mutations(), which=st.integers(0, len(files) - 1))
    def damaged(changes, which):
        content = whole[files[which]]
        for change in changes:
            content = change(content)
        files[which].write_bytes(content)
        try:
            with soon(), contextlib.suppress(KineographError):
                TARGETS[name].read(folder)
        finally:
            files[which].write_bytes(whole[files[which]])

    damaged()


def test_a_whole_number_beyond_all_floats_is_an_error(tmp_path):
    """400 digits are a right number in TOML and in Python, and none in an array."""
    (path,) = TARGETS["calibration TOML"].write(tmp_path)
    text = path.read_text()
    path.write_text(re.sub(r"translation = \[ *[-0-9.e+]+", "translation = [ " + "9" * 400, text, count=1))
    assert path.read_text() != text
    with pytest.raises(KineographError):
        TARGETS["calibration TOML"].read(tmp_path)


# ---- made to do harm

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY secret SYSTEM "{file}">]>'


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("kind", ["entities without end", "a file from elsewhere"])
def test_xml_expands_no_entities(name, kind, tmp_path):
    (tmp_path / "files").mkdir()
    files = TARGETS[name].write(tmp_path / "files")
    files = [file for file in files if file.read_bytes().lstrip()[:1] == b"<"]
    secret = tmp_path / "secret.txt"
    secret.write_text("987654321")
    for file in files:
        head, word = (BOMB, "&l11;") if kind == "entities without end" else (OUTSIDE.format(file=secret), "&secret;")
        body = file.read_text().split("?>", 1)[-1]
        value = re.search(r'(?<=")[-0-9. ]{3,}(?=")|(?<=>)[^<>]*[a-zA-Z0-9][^<>]*(?=<)', body)
        assert value is not None
        file.write_text(head + body[: value.start()] + word + body[value.end() :])
    if not files:
        return
    with soon():
        try:
            result = TARGETS[name].read(tmp_path / "files")
        except KineographError as error:
            result = error.found
    assert "987654321" not in repr(result)
    assert "hahaha" not in repr(result)[:10_000]


@pytest.mark.parametrize("member", ["../outside.txt", "/outside.txt", "folder/../../outside.txt"])
def test_an_archive_writes_nothing_outside_its_folder(member, tmp_path):
    """Only named members are unpacked, each to where its name in the catalogue says, whatever else the archive holds."""
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(member, "bad")
        file.writestr("good.txt", "good")
    cache = tmp_path / "cache"
    folder = obtain(asset(archive, {"good.txt": UNKNOWN_SHA256}, cache), cache, lambda text: None)
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".txt") == ["good.txt"]
    assert not list(tmp_path.rglob("outside.txt"))
    with pytest.raises(ValueError, match="leave the asset's folder"):
        obtain(asset(archive, {member: UNKNOWN_SHA256}, cache, name="bad"), cache, lambda text: None)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_what_is_no_file_in_an_archive_is_refused(kind, tmp_path):
    """A link's target is not read, be it in the archive's own folder or elsewhere, and nothing waits for a pipe."""
    (tmp_path / "secret.txt").write_text("secret")
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as file:
        member = tarfile.TarInfo("model.bin")
        member.type, member.linkname = kind, str(tmp_path / "secret.txt")
        file.addfile(member)
    cache = tmp_path / "cache"
    with soon(), pytest.raises(AssetError):
        obtain(asset(archive, {"model.bin": UNKNOWN_SHA256}, cache), cache, lambda text: None)


def test_a_member_that_unpacks_to_more_than_it_may_is_refused(tmp_path):
    """A hundred kilobytes of archive, a hundred megabytes of zeros: it is stopped at the size that is pinned or allowed."""
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.bin", bytes(100 * 2**20))
    cache = tmp_path / "cache"
    with pytest.raises(AssetError, match=r"bomb|good"):
        obtain(asset(archive, {"model.bin": UNKNOWN_SHA256}, cache), cache, lambda text: None)


def asset(archive, files, cache, name="good"):
    """An asset of an archive that is in the cache already, as after a fetch."""
    place = cache / "archives" / archive.name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(archive, place)
    return Asset(name, Archive(name, ("https://example.org/a",), archive.name, UNKNOWN_SHA256, "MIT", ""), files)
