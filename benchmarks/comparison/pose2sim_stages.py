"""Runs Pose2Sim's stages on the trial in the working folder, as its users do; started by Pose2Sim's own Python.

arguments: a JSON object with `stages` and `settings` (a section each, merged over the packaged Config.toml)

Leaves `outcome.json`: CPU seconds of each stage with the imports it causes, its warnings, and the error that ended the run.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any


def merge(into: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The dictionary with the changes in it, at every depth."""
    for key, value in changes.items():
        into[key] = merge(into.get(key, {}), value) if isinstance(value, dict) else value
    return into


def watch_warnings(into: list[str]) -> None:
    """Collect what the tool itself calls a warning or an error; its log does not keep the level."""
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        if made.levelno >= logging.WARNING:
            into.append(made.getMessage().strip())
        return made

    logging.setLogRecordFactory(record)


def main(stages: list[str], settings: dict[str, Any]) -> None:
    """Write Config.toml, then run the stages one after the other."""
    outcome: dict[str, Any] = {"cpu_s": {}, "warnings": [], "error": None}
    start = time.process_time()
    import rtoml
    from Pose2Sim import Pose2Sim

    packaged = Path(Pose2Sim.__file__).parent / "Demo_SinglePerson" / "Config.toml"
    Path("Config.toml").write_text(rtoml.dumps(merge(rtoml.load(packaged), settings)))
    watch_warnings(outcome["warnings"])
    outcome["cpu_s"]["imports"] = time.process_time() - start
    for stage in stages:
        start = time.process_time()
        try:
            getattr(Pose2Sim, stage)()
        except Exception as error:
            outcome["error"] = f"{stage}: {type(error).__name__}: {error}"
            break
        finally:
            outcome["cpu_s"][stage] = time.process_time() - start
    Path("outcome.json").write_text(json.dumps(outcome, indent=2))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
