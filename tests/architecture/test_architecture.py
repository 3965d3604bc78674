"""The house: which layer may import which, one source for each default, and nothing of a machine in the repository."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "workflow" / "lib" / "kineograph"
MODULES = {
    ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(LIBRARY.rglob("*.py"))
}

LAYERS = [
    {"errors", "__init__"},
    {"settings", "layout", "dataset", "provenance", "catalog", "planning", "project_formats"},
    {"model"},
    {"geometry", "signal"},
    {
        "io",
        "exports",
        "calibration_formats",
        "keypoint_formats",
        "pose",
        "boards",
        "opensim",
        "plots",
        "pages",
        "assets",
    },
    {"stages"},
    {"front"},
    {"cli"},
]
"""From the bottom up; a module imports from its own layer and from those below."""
STANDARD_LIBRARY_ONLY = LAYERS[0] | LAYERS[1]
LAZY = {"settings.schema": {"yaml", "jsonschema"}, "project_formats.opencap": {"yaml"}}
"""What a module of the lowest layers may import inside its functions."""
ONLY_IMPORTERS = {
    "onnxruntime": {"pose"},
    "rtmlib": {"pose"},
    "onnx": {"pose"},
    "h5py": {"keypoint_formats", "exports"},
    "tflite": {"pose"},
    "cv2": {"pose", "boards", "calibration_formats"},
    "opensim": {"opensim"},
    "matplotlib": {"plots"},
    "ezc3d": set(),
    "pyarrow": {"exports"},
    "jinja2": {"pages"},
    "psutil": {"front"},
    "snakemake": set(),
}
OF_SCIPY = {"scipy.linalg", "scipy.linalg.lapack", "scipy.optimize"}
"""What may be imported of SciPy, inside functions: `scipy.stats` alone takes longer than most of a short trial's jobs."""
NOT_AT_ONCE = {"scipy", "opensim", "av", "pandas", "pyarrow", "h5py", "matplotlib", "jinja2", "yaml", "jsonschema"}
"""What a verb imports when it is needed, as many verbs run for a moment only, once a trial. (OpenCV is quick to import.)"""
STAGES_MAY_NOT_TOUCH = {"pathlib", "logging", "os", "matplotlib", "io", "json", "subprocess"}


def part(module: str) -> str:
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def layer(module: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if part(module) in names)


def imports(path: Path, *, inside_functions: bool) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if inside_functions else _outside_functions(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
    return found


def _outside_functions(node):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child
            yield from _outside_functions(child)


@pytest.mark.parametrize("module", MODULES)
class TestEveryModule:
    def test_it_belongs_to_a_layer(self, module):
        assert any(part(module) in names for names in LAYERS), f"{module} is in no layer"

    def test_it_imports_downwards_only(self, module):
        for name in imports(MODULES[module], inside_functions=True):
            if name.split(".")[0] == "kineograph":
                assert layer(name) <= layer(module), f"{module} imports {name}, which is above it"

    def test_heavy_packages_have_one_importer(self, module):
        for name in imports(MODULES[module], inside_functions=True):
            allowed = ONLY_IMPORTERS.get(name.split(".")[0])
            assert allowed is None or part(module) in allowed, f"{module} imports {name}"

    def test_little_of_scipy_is_imported_and_late(self, module):
        found = {name for name in imports(MODULES[module], inside_functions=True) if name.split(".")[0] == "scipy"}
        assert found <= OF_SCIPY, f"{module} imports {found - OF_SCIPY}"
        assert not found & imports(MODULES[module], inside_functions=False)

    def test_the_lowest_layers_need_the_standard_library_only(self, module):
        if part(module) not in STANDARD_LIBRARY_ONLY:
            return
        for name in imports(MODULES[module], inside_functions=True):
            root = name.split(".")[0]
            lazy = LAZY.get(module.removeprefix("kineograph."), set())
            assert root == "kineograph" or root in sys.stdlib_module_names or root in lazy, f"{module} imports {name}"

    def test_stages_know_no_files(self, module):
        if part(module) == "stages":
            roots = {name.split(".")[0] for name in imports(MODULES[module], inside_functions=True)}
            assert not roots & STAGES_MAY_NOT_TOUCH

    def test_it_has_annotations_postponed_and_a_docstring(self, module):
        tree = ast.parse(MODULES[module].read_text())
        assert ast.get_docstring(tree), f"{module} does not say what it is for"

    def test_there_is_no_room_for_everything(self, module):
        assert not {"utils", "helpers", "common", "misc"} & set(module.split("."))
        assert MODULES[module].read_text().count("\n") <= 400, f"{module}: one room or two?"


def test_planning_imports_neither_numpy_nor_yaml():
    """The Snakefile and every cluster job import it: its cost is paid thousands of times."""
    code = (
        f"import sys; sys.path.insert(0, {str(LIBRARY.parent)!r}); "
        "import kineograph.planning.augmentation, kineograph.planning.pages, kineograph.planning.pictures; "
        "import kineograph.planning.refinement, kineograph.planning.exports; "
        "import kineograph.planning.projects, kineograph.planning.sharing, kineograph.planning.sweep; "
        "import kineograph.dataset.timestamps; "
        "print([m for m in ('numpy', 'scipy', 'yaml', 'jsonschema', 'pandas', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_verbs_import_heavy_packages_only_when_they_run():
    verbs = [name for name in MODULES if re.fullmatch(r"kineograph\.cli\.[a-z]\w+", name)]
    code = (
        f"import importlib, sys; sys.path.insert(0, {str(LIBRARY.parent)!r})\n"
        f"for name in {verbs}:\n"
        f"    before = {NOT_AT_ONCE} & set(sys.modules)\n"
        "    importlib.import_module(name)\n"
        f"    print(*((name, new) for new in {NOT_AT_ONCE} & set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(verbs) > 20
    assert done.stdout.split() == []


SECTION_CLASSES = {
    "calibration": "cli.calibrate.CalibrateSettings",
    "boards": "stages.intrinsics.BoardSettings",
    "calibration/refinement": "stages.refine_calibration.RefineSettings",
    "inputs": "stages.inspect.InspectSettings",
    "pose": "stages.detect.PoseSettings",
    "synchronization": "stages.synchronize.SynchronizeSettings",
    "association": "stages.associate.AssociateSettings",
    "triangulation": "stages.triangulate.TriangulateSettings",
    "filtering": "stages.smooth.SmoothSettings",
    "augmentation": "stages.augment.AugmentSettings",
    "scaling": "stages.scale.ScaleSettings",
    "kinematics": "stages.inverse_kinematics.KinematicsSettings",
    "quality": "stages.quality.QualitySettings",
    "verdicts": "stages.verdict.VerdictSettings",
    "report": "stages.quality.ReportSettings",
    "sharing": "cli.share.ShareSettings",
    "report/video": "stages.quality.OverlayVideoSettings",
    "report/player": "stages.quality.PlayerSettings",
}


def schema():
    return yaml.safe_load((REPOSITORY / "workflow" / "schemas" / "config.schema.yaml").read_text())


def test_every_section_has_a_settings_class():
    sections = {name: rule["properties"] for name, rule in schema()["properties"].items() if "x-scope" in rule}
    parts = {f"{name}/{key['x-part']}" for name, keys in sections.items() for key in keys.values() if "x-part" in key}
    assert set(sections) | parts == set(SECTION_CLASSES)


@pytest.mark.parametrize("section", SECTION_CLASSES)
def test_schema_and_settings_class_have_the_same_keys_and_defaults(section):
    module, _, name = SECTION_CLASSES[section].rpartition(".")
    cls = getattr(importlib.import_module(f"kineograph.{module}"), name)
    defaults = {
        field.name: getattr(cls(), field.name) for field in dataclasses.fields(cls) if field.name != "parameters"
    }
    defaults = json.loads(json.dumps(defaults))  # tuples as lists
    section, _, part = section.partition("/")
    rules = schema()["properties"][section]["properties"]
    read = {key: rule["default"] for key, rule in rules.items() if rule.get("x-part", "") == part}
    assert defaults == {key: value for key, value in read.items() if not rules[key].get("x-untracked")}


def test_every_key_says_what_it_means():
    for name, rule in schema()["properties"].items():
        assert rule.get("description"), name
        for key, inner in rule.get("properties", {}).items():
            assert inner.get("description"), f"{name}.{key}"
            assert "default" in inner, f"{name}.{key}"
            unit = re.search(r"_(m|px|hz|s|deg|m_s|frames)$", key)
            if unit:
                assert "x-unit" in inner, f"{name}.{key} has a unit in its name and none in the schema"


def test_the_reference_of_every_key_is_up_to_date():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "kineograph.cli",
            "config-reference",
            "--check",
            str(REPOSITORY / "config" / "README.md"),
        ],
        env={"PYTHONPATH": str(LIBRARY.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["core", "pose-cpu", "pose-gpu", "test"])
def test_conda_files_have_the_pins_of_the_lock_files(name):
    sys.path.insert(0, str(REPOSITORY / "envs"))
    try:
        import conda
    finally:
        sys.path.pop(0)
    lock = (REPOSITORY / "envs" / f"{name}.lock").read_text()
    assert (REPOSITORY / "envs" / f"{name}.yaml").read_text() == conda.conda_yaml(name, lock)
    pins = conda.pins(lock)
    assert all("==" in pin for pin in pins)
    assert lock.count("--hash=sha256:") >= len(pins)


def test_the_two_onnx_runtimes_never_meet():
    for name in ("core", "pose-cpu", "test"):
        assert "onnxruntime-gpu" not in (REPOSITORY / "envs" / f"{name}.lock").read_text()
    gpu = (REPOSITORY / "envs" / "pose-gpu.lock").read_text()
    assert "onnxruntime-gpu==" in gpu
    assert "\nonnxruntime==" not in gpu


def test_assets_are_pinned_and_licensed():
    tables = tomllib.loads((REPOSITORY / "resources" / "assets.toml").read_text())
    for name, archive in tables["archives"].items():
        sources = archive["source"] if isinstance(archive["source"], list) else [archive["source"]]
        assert archive["licence"], name
        if not sources[0].startswith("https:"):
            assert re.fullmatch(r"[0-9a-f]{64}", archive["sha256"]), name
            assert re.search(r"(==|@)\d", sources[0]), f"{name} names no version"
    for name, asset in tables["assets"].items():
        assert asset["archive"] in tables["archives"], name
        pinned = tables["archives"][asset["archive"]]["sha256"] != "unknown"
        for member, digest in asset["files"].items():
            assert not pinned or re.fullmatch(r"[0-9a-f]{64}", digest), f"{name}: {member}"
            assert not member.startswith("/")
            assert ".." not in member


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [REPOSITORY / name for name in done.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


def test_nothing_of_a_machine_and_nothing_large_is_in_the_repository():
    hosts = {"pypi.org", "registry.npmjs.org"}
    for path in tracked():
        assert path.stat().st_size < 2_000_000, f"{path} is large: fetch it instead"
        assert path.suffix not in {".mp4", ".onnx", ".tflite", ".osim", ".whl", ".npz"}, path
        if path.suffix in {".png", ".jpg"}:
            continue
        text = path.read_text(errors="replace")
        assert not re.search(r"(?<![\w.~$}/-])/(home|root|Users)/\w", text), f"{path} names a folder of a machine"
        if path != Path(__file__):
            assert not any(host in text for host in hosts), f"{path} names a package registry's host"


def test_the_top_level_is_the_designs():
    allowed = {
        "Snakefile", "workflow", "config", "profiles", "envs", "resources", "tests", "benchmarks", "docs", "README.md",
        "pyproject.toml", "Makefile", "LICENSE", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", ".ci", ".gitignore",
        ".snakemake-workflow-catalog.yml",
    }  # fmt: skip
    assert {path.relative_to(REPOSITORY).parts[0] for path in tracked()} <= allowed
    assert (REPOSITORY / "Snakefile").read_text().count("\n") < 60
    assert (REPOSITORY / "workflow" / "rules" / "common.smk").read_text().count("\n") < 80


def test_rules_are_thin():
    for path in (REPOSITORY / "workflow" / "rules").glob("*.smk"):
        text = path.read_text()
        assert not re.search(r"^\s+run:", text, re.M), f"{path}: run blocks cost seconds a job"
        assert not re.search(r"^\s+script:", text, re.M), f"{path}: scripts are judged by their time"
        for block in re.split(r"^rule ", text, flags=re.M)[1:]:
            if "shell:" in block:
                assert "python -m kineograph.cli" in block, f"{path}: {block.splitlines()[0]}"
                assert "log:" in block
                assert "conda:" in block
