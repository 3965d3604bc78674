"""Fetching: once, checked, whole; and what to do where it can't."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from kineograph.assets import clients, store
from kineograph.catalog.assets import Archive, Asset, default_cache, read_catalogue
from kineograph.errors import AssetError

CONTENT = {"pkg/a.txt": b"alpha", "pkg/deep/b.txt": b"beta"}


def sha(content):
    return hashlib.sha256(content).hexdigest()


def zipped(content=CONTENT):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in content.items():
            file.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def tarred(content=CONTENT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, text in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            file.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


def asset(archive_bytes=None, name="x.whl", sources=("https://nowhere.invalid/x.whl",), **changes):
    archive_bytes = zipped() if archive_bytes is None else archive_bytes
    digest = changes.pop("sha256", sha(archive_bytes))
    files = changes.pop("files", {member: sha(text) for member, text in CONTENT.items()})
    return Asset("thing", Archive("thing", tuple(sources), name, digest, "MIT", "a thing"), files, "pkg/")


@pytest.fixture
def served(monkeypatch):
    """Pretend to fetch: the content by source, and how often each was asked for."""

    def serve(content):
        asked = []

        def fetch(source, folder):
            asked.append(source)
            if source not in content:
                raise clients.FetchFailedError(f"{source}: unreachable")
            place = folder / source.rsplit("/", 1)[-1]
            place.write_bytes(content[source])
            return place

        monkeypatch.setattr(store, "fetch", fetch)
        return asked

    return serve


SOURCE = "https://nowhere.invalid/x.whl"


@pytest.mark.parametrize(("content", "name"), [(zipped(), "x.whl"), (tarred(), "x.tgz")])
def test_members_are_taken_out_checked_and_kept(served, tmp_path, content, name):
    asked = served({SOURCE: content})
    wanted = asset(content, name)
    for _ in range(2):
        folder = store.obtain(wanted, tmp_path)
        assert (folder / "a.txt").read_bytes() == b"alpha"
        assert (folder / "deep" / "b.txt").read_bytes() == b"beta"
    assert asked == [SOURCE]
    assert wanted.record(tmp_path).exists()
    assert not [path for path in tmp_path.rglob(".*") if path.is_dir()]


def test_a_plain_file_is_its_own_archive(served, tmp_path):
    served({"https://nowhere.invalid/net.onnx": b"network"})
    plain = Asset(
        "net",
        Archive("net", ("https://nowhere.invalid/net.onnx",), "net.onnx", "unknown", "MIT", "a net"),
        {"end2end.onnx": "unknown"},
    )
    assert (store.obtain(plain, tmp_path) / "end2end.onnx").read_bytes() == b"network"


def test_a_member_deep_inside_a_zip_is_found_by_its_name(served, tmp_path):
    served({SOURCE: zipped({"20230605/rtmpose/end2end.onnx": b"network"})})
    inside = asset(sha256="unknown", files={"end2end.onnx": "unknown"})
    assert (store.obtain(inside, tmp_path) / "end2end.onnx").read_bytes() == b"network"


def test_mirrors_are_tried_in_turn(served, tmp_path):
    asked = served({"https://mirror.invalid/x.whl": zipped()})
    store.obtain(asset(sources=(SOURCE, "https://mirror.invalid/x.whl")), tmp_path)
    assert asked == [SOURCE, "https://mirror.invalid/x.whl"]


def complaint(wanted, cache):
    with pytest.raises(AssetError) as caught:
        store.obtain(wanted, cache)
    assert len(caught.value.lines()) == 3
    return str(caught.value)


def test_an_unreachable_host_says_how_to_put_the_file_there_by_hand(served, tmp_path):
    served({})
    wanted = asset()
    text = complaint(wanted, tmp_path)
    place = tmp_path / "archives" / "x.whl"
    assert str(place) in text
    assert wanted.archive.sha256 in text
    place.write_bytes(zipped())  # as it says
    assert (store.obtain(wanted, tmp_path) / "a.txt").exists()


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_wrong_hash_is_refused_and_nothing_is_kept(served, tmp_path, by_hand):
    served({SOURCE: b"something else"})
    if by_hand:
        (tmp_path / "archives").mkdir()
        (tmp_path / "archives" / "x.whl").write_bytes(b"something else")
    text = complaint(asset(), tmp_path)
    assert "is not the file that is pinned" in text
    assert sha(b"something else") in text
    assert not asset().record(tmp_path).exists()


def test_a_wrong_member_is_refused(served, tmp_path):
    content = zipped({"pkg/a.txt": b"alpha", "pkg/deep/b.txt": b"BETA"})
    served({SOURCE: content})
    assert "deep/b.txt" in complaint(asset(content), tmp_path)
    served({SOURCE: zipped({"pkg/a.txt": b"alpha"})})
    assert "does not hold" in complaint(asset(sha256="unknown"), tmp_path / "other")


def test_members_can_not_leave_the_cache(served, tmp_path):
    served({SOURCE: zipped({"../evil.txt": b"x"})})
    with pytest.raises(ValueError, match="leave"):
        store.obtain(asset(sha256="unknown", files={"../evil.txt": "unknown"}), tmp_path)
    assert not (tmp_path / "evil.txt").exists()


def test_several_at_once_fetch_once(served, tmp_path):
    asked = served({SOURCE: zipped()})
    threads = [threading.Thread(target=store.obtain, args=(asset(), tmp_path)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [SOURCE]


def test_what_a_killed_run_left_is_made_again(served, tmp_path):
    served({SOURCE: zipped()})
    left = asset().folder(tmp_path)
    left.mkdir(parents=True)
    (left / "a.txt").write_text("half")
    assert (store.obtain(asset(), tmp_path) / "a.txt").read_bytes() == b"alpha"


def test_a_full_disk_is_not_the_archives_fault(served, tmp_path, monkeypatch):
    """An archive that is whole is not to be removed since there is no room to unpack it."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    served({SOURCE: zipped()})
    monkeypatch.setattr(store, "_copy_member", full)
    with pytest.raises(OSError, match="No space left") as caught:
        store.obtain(asset(), tmp_path)
    assert Path(caught.value.filename).name in ("a.txt", "b.txt")
    assert not asset().record(tmp_path).exists()
    monkeypatch.undo()
    served({})
    store.obtain(asset(), tmp_path)  # with room again, and nothing to fetch


def test_other_pins_are_another_folder(tmp_path):
    assert asset().folder(tmp_path) != asset(sha256="0" * 64).folder(tmp_path)


def test_an_unknown_asset_names_the_nearest(resources):
    with pytest.raises(AssetError, match="opensim_setpu") as caught:
        read_catalogue(resources / "assets.toml").asset("opensim_setpu")
    assert "did you mean 'opensim_setup'?" in str(caught.value)


def test_the_cache_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("KINEOGRAPH_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("KINEOGRAPH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "kineograph"


def test_clients_say_why_they_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "TIMEOUT_S", 2)
    for source in ("pypi:kineograph-there-is-no-such-package==0.0.1", "https://127.0.0.1:9/x.zip", "ftp://x"):
        folder = tmp_path / source.partition(":")[0]
        folder.mkdir()
        with pytest.raises(clients.FetchFailedError) as caught:
            clients.fetch(source, folder)
        assert str(caught.value)


NPM_FAILED = """npm error code SELF_SIGNED_CERT_IN_CHAIN
npm error errno SELF_SIGNED_CERT_IN_CHAIN
npm error request to https://nowhere.invalid/x failed, reason: self-signed certificate in certificate chain
npm error A complete log of this run can be found in: ~/.npm/_logs/x.log
"""
PIP_FAILED = """WARNING: Retrying
ERROR: Could not find a version that satisfies the requirement x==1 (from versions: none)
ERROR: No matching distribution found for x==1
"""


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (NPM_FAILED, "self-signed certificate in certificate chain"),
        (PIP_FAILED, "No matching distribution found for x==1"),
        (
            "npm error code ENOSPC\nnpm error syscall write\nnpm error nospc no space left\nnpm error nospc Advice.",
            "left",
        ),
        ("", "exit code 3"),
    ],
)
def test_of_what_a_client_prints_the_cause_is_told(tmp_path, printed, told):
    """Not the advice after it, nor where the client's own log lies."""
    program = f"import sys; sys.stderr.write({printed!r}); sys.exit(3)"
    with pytest.raises(clients.FetchFailedError) as caught:
        clients._run([sys.executable, "-c", program], tmp_path)
    assert str(caught.value).endswith(told)


@pytest.mark.needs_demo
def test_npm_packages_come_without_npm(tmp_path, monkeypatch):
    """Where a machine has no npm, the one inside a wheel of PyPI is used."""
    monkeypatch.setattr(clients.shutil, "which", lambda name: None)
    file = clients.fetch("npm:is-number@7.0.0", tmp_path)
    with tarfile.open(file) as package:
        assert "package/package.json" in package.getnames()


def test_no_job_imports_a_gui_toolkit(repository, tmp_path):
    """Headless always: what the jobs import draws no window, and OpenCV is the build without one."""
    code = (
        "import sys, cv2, kineograph.pose.overlay, kineograph.plots.angles, kineograph.plots.trajectories;"
        "import kineograph.opensim.model;"
        "kineograph.opensim.model.import_opensim();"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('tkinter', 'PyQt5', 'PyQt6', 'PySide2', 'PySide6', 'gi', 'wx')];"
        "info = cv2.getBuildInformation();"
        "gui = info[info.index('GUI:'):].split('\\n\\n')[0];"
        "print(bad, 'QT' in gui and 'YES' in gui, 'GTK' in gui and 'YES' in gui)"
    )
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment["PYTHONPATH"] = str(repository / "workflow" / "lib")
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "[] False False"
    assert list(tmp_path.iterdir()) == []  # nor does OpenSim leave its log behind
