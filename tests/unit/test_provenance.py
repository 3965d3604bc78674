from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from kineograph.provenance.code import code_digest, meaning
from kineograph.provenance.fingerprint import BLOCK_BYTES, MISSING, WHOLE_BYTES, fingerprint
from kineograph.provenance.records import lost_records_message, without_record
from kineograph.provenance.remembered import Remembered

SOURCE = '''
"""A module."""
import numpy as np

def f(a, b=2):
    """Add."""
    # with care
    return {"x": a + b, "y": [1, 2]}
'''


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("# with care", "# with greater care"),
        ('"""Add."""', '"""Add two numbers, m."""'),
        ('"""A module."""', ""),
        ('{"x": a + b, "y": [1, 2]}', "{\n        'x': (a + b),\n        'y': [1, 2,],\n    }"),
        ("    return", "\n\n    return"),
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(change, to):
    assert change in SOURCE
    assert meaning(SOURCE.replace(change, to))[0] == meaning(SOURCE)[0]


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("a + b", "a - b"),
        ("b=2", "b=3"),
        ("b=2", "b=2.0"),
        ('"x"', '"z"'),
        ("import numpy as np", "import numpy"),
        ("[1, 2]", "[2, 1]"),
    ],
)
def test_everything_else_counts(change, to):
    assert meaning(SOURCE.replace(change, to))[0] != meaning(SOURCE)[0]


def test_the_text_is_what_it_was_when_results_were_made():
    """A change of this text would make every result of every user stale: it must be meant."""
    assert meaning("def f(x: int = 1) -> str:\n    return f'{x:>{3}}' 'b'")[0] == (
        "Module(body=[FunctionDef(name=str:'f',args=arguments(args=[arg(arg=str:'x',annotation=Name(id=str:'int',ctx=Load()))],"
        "defaults=[Constant(value=int:1)]),body=[Return(value=JoinedStr(values=[FormattedValue(value=Name(id=str:'x',ctx=Load()),"
        "conversion=int:-1,format_spec=JoinedStr(values=[Constant(value=str:'>'),FormattedValue(value=Constant(value=int:3),"
        "conversion=int:-1)])),Constant(value=str:'b')]))],returns=Name(id=str:'str',ctx=Load()))])"
    )


@pytest.fixture
def copy(tmp_path, repository):
    """A copy of the library, and digests taken from it by a fresh interpreter."""
    shutil.copytree(repository / "workflow" / "lib", tmp_path / "lib", ignore=shutil.ignore_patterns("__pycache__"))

    def digest(*modules):
        code = f"from kineograph.provenance.code import code_digest; print(code_digest(*{modules!r}))"
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        ).stdout

    digest.root = tmp_path / "lib" / "kineograph"
    return digest


def append(path, text):
    path.write_text(path.read_text() + text)


def test_a_digest_covers_what_a_stage_imports_and_nothing_else(copy):
    verbs = ("triangulate", "smooth", "estimate_pose", "solve_kinematics")

    def digests():
        return {verb: copy(f"kineograph.cli.{verb}") for verb in verbs}

    before = digests()
    append(copy.root / "geometry" / "triangulation.py", "\n\nNEW = 1\n")
    after = digests()
    assert {verb for verb in verbs if before[verb] != after[verb]} == {"triangulate"}
    append(copy.root / "io" / "npz.py", "\n\nNEW = 1\n")
    assert {verb for verb in verbs if after[verb] != digests()[verb]} == set(verbs)


def test_a_new_filter_changes_no_digest(copy):
    before = copy("kineograph.cli.smooth", "kineograph.signal.filters.butterworth")
    (copy.root / "signal" / "filters" / "mine.py").write_text("def apply(values, rate_hz):\n    return values\n")
    assert copy("kineograph.cli.smooth", "kineograph.signal.filters.butterworth") == before
    append(copy.root / "signal" / "filters" / "butterworth.py", "\n\nNEW = 1\n")
    assert copy("kineograph.cli.smooth", "kineograph.signal.filters.butterworth") != before


def test_imports_inside_functions_count():
    assert meaning("def f():\n    from kineograph.pose import runner\n")[1] == (
        "kineograph.pose",
        "kineograph.pose.runner",
    )


def test_an_unknown_module_is_an_error():
    with pytest.raises(ModuleNotFoundError):
        code_digest("kineograph.nowhere")


class TestFingerprint:
    @pytest.fixture(autouse=True)
    def _fresh(self):
        fingerprint.cache_clear()
        yield
        fingerprint.cache_clear()

    def of(self, path):
        fingerprint.cache_clear()
        return fingerprint(path)

    def test_a_touch_or_a_copy_changes_nothing(self, tmp_path):
        file = tmp_path / "video.mp4"
        file.write_bytes(os.urandom(WHOLE_BYTES * 3))
        before = self.of(file)
        os.utime(file, (1, 1))
        assert self.of(file) == before
        assert self.of(shutil.copy(file, tmp_path / "copy.mp4")) == before

    @pytest.mark.parametrize("size", [100, WHOLE_BYTES, WHOLE_BYTES * 5])
    def test_other_content_changes_it(self, tmp_path, size):
        file = tmp_path / "video.mp4"
        content = bytearray(os.urandom(size))
        file.write_bytes(content)
        before = self.of(file)
        for place in (0, size - 1):
            changed = bytearray(content)
            changed[place] ^= 1
            file.write_bytes(changed)
            assert self.of(file) != before
        file.write_bytes(content + b"x")
        assert self.of(file) != before

    def test_a_large_file_is_not_read_whole(self, tmp_path):
        file = tmp_path / "video.mp4"
        with file.open("wb") as handle:
            handle.truncate(50 * 1024**3)  # sparse: reading all of it would take minutes
        assert len(self.of(file)) == 16
        assert BLOCK_BYTES < WHOLE_BYTES

    def test_folders_count_names_sizes_and_content(self, tmp_path):
        for index in range(5):
            (tmp_path / f"{index}.json").write_text("{}")
        before = self.of(tmp_path)
        (tmp_path / "3.json").write_text("[]")
        changed = self.of(tmp_path)
        assert changed != before
        (tmp_path / "3.json").rename(tmp_path / "9.json")
        assert self.of(tmp_path) != changed
        (tmp_path / ".hidden").write_text("x")

    def test_what_is_not_there_is_missing(self, tmp_path):
        assert self.of(tmp_path / "nothing") == MISSING


def test_results_without_a_record_are_noticed(tmp_path):
    import base64

    for name in ("a.npz", "b.npz", "long" * 80 + ".npz"):
        (tmp_path / name[:250]).write_text("x")
    metadata = tmp_path / ".snakemake" / "metadata"
    metadata.mkdir(parents=True)
    (metadata / base64.urlsafe_b64encode(b"a.npz").decode()).write_text("{}")
    lost = without_record(["a.npz", "b.npz", "not-made-yet.npz"], tmp_path)
    assert lost == ["b.npz"]
    assert "b.npz" in lost_records_message(lost)
    (tmp_path / ".snakemake" / "metadata.db").write_text("")
    assert without_record(["b.npz"], tmp_path) == []


class TestRemembered:
    @staticmethod
    def asked(path, *sources, version="1"):
        """What is told of these sources, and which of them had to be worked out."""
        worked_out = []

        def work_out(source):
            worked_out.append(source)
            return f"meaning of {source}", ("kineograph.errors",)

        remembered = Remembered(path, work_out, version)
        told = [remembered.of(source) for source in sources]
        remembered.save()
        return told, worked_out

    def test_a_second_start_works_nothing_out(self, tmp_path):
        path = tmp_path / "cache" / "code.json"
        first, worked_out = self.asked(path, "a", "b", "a")
        assert worked_out == ["a", "b"]
        assert self.asked(path, "a", "b", "a") == (first, [])

    def test_another_text_and_another_version_are_worked_out(self, tmp_path):
        path = tmp_path / "code.json"
        self.asked(path, "a")
        assert self.asked(path, "a", "A")[1] == ["A"]
        assert self.asked(path, "a", version="2")[1] == ["a"]

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
    def test_a_damaged_file_is_made_anew(self, tmp_path, content):
        path = tmp_path / "code.json"
        path.write_bytes(content)
        assert self.asked(path, "a")[1] == ["a"]
        assert self.asked(path, "a")[1] == []

    def test_where_it_cannot_be_written_all_goes_on(self, tmp_path):
        (tmp_path / "file").write_text("")
        assert self.asked(tmp_path / "file" / "code.json", "a")[1] == ["a"]

    def test_a_digest_is_the_same_from_a_file(self, tmp_path, repository):
        environment = {**os.environ, "PYTHONPATH": str(repository / "workflow" / "lib")}
        code = (
            "from pathlib import Path; from kineograph.provenance import code; import sys; "
            "code.remember_in(Path(sys.argv[1])) if len(sys.argv) > 1 else None; print(code.code_digest('kineograph.cli.smooth'))"
        )
        lines = {
            subprocess.run(
                [sys.executable, "-c", code, *where], capture_output=True, text=True, check=True, env=environment
            ).stdout
            for where in ([], [str(tmp_path / "code.json")], [str(tmp_path / "code.json")])
        }
        assert len(lines) == 1
        assert (tmp_path / "code.json").exists()
