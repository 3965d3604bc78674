"""Snakemake's plug-in that writes what happens in a run as lines of JSON, for ``kineograph run`` and ``plan`` to read.

Snakemake finds it by its name on the path of modules (``--logger kineograph``); the environment names the file.
"""

import contextlib
import json
import os
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase

FILE_VARIABLE = "KINEOGRAPH_EVENTS"
FIELDS = ("jobid", "job_id", "rule_name", "wildcards", "output", "log", "benchmark", "reason", "threads", "resources")
FIELDS += ("done", "total", "stats", "groupid", "jobs", "local")


class LogHandler(LogHandlerBase):
    """The handler: one line an event, written before the next is taken."""

    def __post_init__(self) -> None:
        self._file = Path(os.environ[FILE_VARIABLE]).open("a", encoding="utf-8")  # noqa: SIM115  # until the run ends

    def emit(self, record: LogRecord) -> None:
        """Write an event."""
        event = getattr(record, "event", None)
        line = {"time": record.created, "event": str(event) if event else "", "level": record.levelname}
        line["text"] = record.getMessage() if isinstance(record.msg, str) else ""
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if "resources" in line:
            line["resources"] = dict(line["resources"].items())
        with contextlib.suppress(OSError):  # a full disk: what is left of the line is written once there is room
            self._file.write(json.dumps(line, default=str) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            self._file.close()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """No: what Snakemake prints stays as it is."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """Not one that a user is to be told of."""
        return False

    @property
    def has_filter(self) -> bool:
        """All events are taken."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Lines have a form of their own."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """No."""
        return False
