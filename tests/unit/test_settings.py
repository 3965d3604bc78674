from __future__ import annotations

import json

import pytest

from kineograph.errors import ConfigError
from kineograph.settings.configuration import Configuration
from kineograph.settings.plugins import plugin_literal, plugin_names
from kineograph.settings.schema import load_schema, section_schema
from kineograph.settings.text import canonical, from_json
from kineograph.stages.smooth import SmoothSettings
from kineograph.stages.triangulate import TriangulateSettings


@pytest.fixture(scope="module")
def schema_path(repository):
    return repository / "workflow" / "schemas" / "config.schema.yaml"


@pytest.fixture
def configuration(schema_path):
    return lambda **config: Configuration({"dataset": "data", **config}, schema_path, "config.yaml")


def complaint(configuration, **config):
    with pytest.raises(ConfigError) as caught:
        configuration(**config)
    lines = caught.value.lines()
    assert len(lines) == 3
    assert not any("\n" in line for line in lines)
    return "\n".join(lines)


def test_defaults_are_filled_in(configuration):
    assert configuration().section("triangulation", session="S", trial="T")["max_error_px"] == 15.0


def test_an_unknown_key_names_the_nearest_known_one(configuration):
    text = complaint(configuration, triangulation={"max_eror_px": 3})
    assert "unknown key 'triangulation.max_eror_px'" in text
    assert "did you mean 'max_error_px'?" in text


def test_an_unknown_section_names_the_nearest_known_one(configuration):
    assert "did you mean 'triangulation'?" in complaint(configuration, triangulaton={})


def test_a_value_of_the_wrong_type_or_range_names_type_range_and_unit(configuration):
    assert "number > 0 (px)" in complaint(configuration, triangulation={"max_error_px": "large"})
    assert "integer >= 2" in complaint(configuration, triangulation={"min_cameras": 1})
    assert "one of auto, cpu, cuda" in complaint(configuration, pose={"device": "gpu"})
    assert "mapping" in complaint(configuration, pose="fast")


def test_all_mistakes_are_counted(configuration):
    text = complaint(configuration, triangulation={"min_cameras": 1}, pose={"device": "gpu"}, oops=1)
    assert "and 2 more" in text


def test_a_missing_dataset_is_named(schema_path):
    with pytest.raises(ConfigError, match="dataset"):
        Configuration({}, schema_path)


OUTLIERS = {"reject_outliers": True, "outlier_window_frames": 7, "outlier_threshold": 3.0}
"""Keys of the section filtering that belong to no filter."""


def test_equal_settings_are_equal_text(configuration):
    first = configuration(filtering={"cutoff_hz": 6, "order": 4})
    second = configuration(filtering={"order": 4.0, "cutoff_hz": "6.0"})
    third = configuration()
    texts = {config.text("filtering", session="S", trial="T") for config in (first, second, third)}
    assert len(texts) == 1
    assert json.loads(texts.pop()) == {"method": "butterworth", "cutoff_hz": 6.0, "order": 4, **OUTLIERS}


def test_parameters_of_another_method_are_left_aside(configuration):
    config = configuration(filtering={"method": "none", "cutoff_hz": 9})
    assert config.section("filtering", session="S", trial="T") == {"method": "none", **OUTLIERS}
    assert config.plugin("filtering", session="S", trial="T") is None
    assert configuration().plugin("filtering", session="S", trial="T") == "kineograph.signal.filters.butterworth"


def test_a_format_that_is_found_by_itself_still_takes_given_parameters(configuration):
    assert "binning" not in configuration().section("calibration", session="S")
    assert configuration(calibration={"binning": 2}).section("calibration", session="S")["binning"] == 2
    assert "binning" in complaint(configuration, calibration={"binning": 0})


def test_a_stage_reads_its_part_of_a_section_and_no_other(configuration):
    config = configuration(calibration={"refine": True, "refine_max_frames": 50})
    others = json.loads(config.text("calibration", session="S"))
    assert "format" in others
    assert not any(key.startswith("refine") for key in others)
    part = json.loads(config.text("calibration", "refinement", session="S"))
    assert set(part) == {"refine", "refine_intrinsics", "refine_max_frames", "refine_min_confidence"}
    assert part["refine_max_frames"] == 50


def test_overrides_apply_to_what_they_match_and_later_ones_go_first(configuration):
    config = configuration(
        filtering={"cutoff_hz": 6},
        overrides=[
            {"match": {"trial": "run*"}, "set": {"filtering": {"cutoff_hz": 12}}},
            {"match": {"session": "S2", "trial": "run_1"}, "set": {"filtering": {"cutoff_hz": 20}}},
        ],
    )
    cutoff = {
        key: config.section("filtering", session=key[0], trial=key[1])["cutoff_hz"]
        for key in (("S1", "walk"), ("S1", "run_1"), ("S2", "run_1"), ("S2", "run_2"))
    }
    assert list(cutoff.values()) == [6.0, 12.0, 20.0, 12.0]


def test_overrides_are_checked_like_the_rest(configuration):
    bad = [{"match": {"trial": "T"}, "set": {"filtering": {"cutof_hz": 12}}}]
    assert "overrides[0].set.filtering.cutof_hz" in complaint(configuration, overrides=bad)
    bad = [{"match": {"trail": "T"}, "set": {"filtering": {"cutoff_hz": 12}}}]
    assert "did you mean 'trial'?" in complaint(configuration, overrides=bad)
    bad = [{"match": {"trial": "T"}, "set": {"scaling": {"pool_sides": False}}}]
    assert "one scaling a session and participant" in complaint(configuration, overrides=bad)


def test_an_override_that_matches_nothing_is_an_error(configuration):
    config = configuration(overrides=[{"match": {"trial": "T9"}, "set": {"filtering": {"cutoff_hz": 12}}}])
    known = {"session": {"S"}, "trial": {"T1", "T2"}, "participant": set(), "camera": set()}
    with pytest.raises(ConfigError, match="matches no trial"):
        config.check_overrides(known)


def test_settings_text_becomes_the_dataclass_and_back():
    settings = from_json(TriangulateSettings, '{"max_error_px": 9.0}')
    assert settings == TriangulateSettings(max_error_px=9.0)
    assert from_json(SmoothSettings, '{"method":"butterworth","cutoff_hz":8.0,"order":2}').parameters == {
        "cutoff_hz": 8.0,
        "order": 2,
    }
    with pytest.raises(ConfigError, match="max_error"):
        from_json(TriangulateSettings, '{"max_error": 9.0}')
    with pytest.raises(ConfigError, match="not JSON"):
        from_json(TriangulateSettings, "max_error_px=9")
    with pytest.raises(ConfigError, match="not a JSON object"):
        from_json(TriangulateSettings, "[1]")


def test_canonical_text_refuses_what_json_can_not_hold():
    with pytest.raises(ValueError):
        canonical({"x": float("nan")})


def test_every_plugin_of_a_section_is_a_choice(schema_path):
    schema = load_schema(schema_path)
    for section in schema["properties"].values():
        if "x-plugins" in section:
            offered = set(section["properties"][section["x-plugin-key"]]["enum"])
            folder, barred = section["x-plugins"], section.get("x-plugins-without")
            able = {
                name for name in plugin_names(folder) if not (barred and plugin_literal(folder, name, barred, False))
            }
            assert able <= offered
    assert set(plugin_names("signal.filters")) <= set(schema["properties"]["filtering"]["properties"]["method"]["enum"])


def test_section_schema_of_each_filter_has_its_parameters(schema_path):
    schema = load_schema(schema_path)
    for name in plugin_names("signal.filters"):
        properties = section_schema(schema, "filtering", {"method": name})["properties"]
        assert all(
            "description" in rule and "default" in rule for key, rule in properties.items() if not rule.get("x-ignored")
        )
