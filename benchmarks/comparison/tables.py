"""The comparison as markdown, and its place in the README between two marks a part."""

from __future__ import annotations

import math
from collections.abc import Sequence

from comparison.angles import AngleResult
from comparison.errors import Accuracy, Consistency
from comparison.result import Result
from comparison.scaling import Load

BEGIN = "<!-- {part}: against_pose2sim.py writes from here -->"
END = "<!-- {part}: to here -->"
QUOTED = 160
"""So many characters of a message are quoted."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def replaced(text: str, part: str, between: str) -> str:
    """The text with what stands between the marks of a part replaced.

    Raises
    ------
    ValueError
        Where the marks are not there, once each and in order.
    """
    begin, end = BEGIN.format(part=part), END.format(part=part)
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"the text needs the lines '{begin}' and '{end}', once each and in this order")
    return text[: text.index(begin)] + f"{begin}\n\n{between.strip()}\n\n" + text[text.index(end) :]


SCENE_HEADER = (
    "scene", "tool", "triangulated, mm", "filtered, mm", "worst, mm", "lost", "filled", "offset, frames", "CPU s", "at fault",
)  # fmt: skip


def scene_row(name: str, result: Result, measured: Accuracy | None, blame: str) -> list[str]:
    """A scene's row of one tool; errors as median / 95th percentile."""
    if measured is None:
        return [name, result.tool, f"broke off: {_short(result.error)}", *[""] * 5, number(result.total_cpu_s, 1), ""]
    return [
        name,
        result.tool,
        pair(measured.triangulated_mm),
        pair(measured.filtered_mm),
        number(measured.worst_mm, 0),
        percent(measured.lost),
        percent(measured.filled),
        number(measured.offset_frames, 1),
        number(result.total_cpu_s, 1),
        noticed(result, blame),
    ]


def noticed(result: Result, blame: str) -> str:
    """Whether the tool named the camera at fault; where none is, whether it named one all the same."""
    if blame:
        others = sorted(result.named - {blame})
        return (f"{blame} named" if blame in result.named else "not named") + (
            f"; also {', '.join(others)}" if others else ""
        )
    return f"names {', '.join(sorted(result.named))}" if result.named else "-"


DEMO_HEADER = ("demo", "tool", "reprojection, px", "segment lengths vary by", "frames", "offsets, frames", "CPU s")


def demo_row(name: str, result: Result, measured: Consistency | None) -> list[str]:
    """The demo's row of one tool."""
    if measured is None:
        return [name, result.tool, f"broke off: {_short(result.error)}", "", "", "", number(result.total_cpu_s, 1)]
    return [
        name,
        result.tool,
        pair(measured.reprojection_px),
        percent(measured.length_variation),
        str(measured.frames),
        number(measured.offset_frames, 1),
        number(result.total_cpu_s, 1),
    ]


LOAD_HEADER = ("frames x cameras", "tool", "reading, CPU s", "association, CPU s", "triangulation, CPU s", "memory, MB")


def load_row(load: Load) -> list[str]:
    """A row of the scaling."""
    return [
        f"{load.frames:,} x {load.cameras}",
        load.tool,
        number(load.reading_s, 1),
        number(load.association_s, 1),
        number(load.triangulation_s, 1),
        number(load.memory_mb, 0),
    ]


ANGLE_HEADER = ("movement", "tool", "leg angles, rms, degrees", "largest error, degrees", "frames", "CPU s")


def angle_row(name: str, result: AngleResult) -> list[str]:
    """A movement's row of one tool."""
    if result.error:
        return [name, result.tool, f"broke off: {_short(result.error)}", "", "", number(result.cpu_s, 1)]
    figures = (number(result.rms_deg, 2), number(result.worst_deg, 1), str(result.frames), number(result.cpu_s, 1))
    return [name, result.tool, *figures]


def sayings(name: str, results: Sequence[Result], blame: str) -> list[str]:
    """What the tools said of a scene, a line each; nothing where all were silent and no camera is at fault."""
    if not blame and not any(result.said or result.error for result in results):
        return []
    lines = []
    for result in results:
        words = [f"*{_short(text)}*" for text in dict.fromkeys(filter(None, [*result.said, result.error]))] or [
            "nothing"
        ]
        words += [f"its log: {result.noted}"] if result.noted else []
        lines.append(f"- {name}, {result.tool}: {'; '.join(words)}")
    return lines


def number(value: float, digits: int) -> str:
    """A number, or a dash where there is none."""
    return f"{value:,.{digits}f}" if math.isfinite(value) else "-"


def pair(values: tuple[float, float]) -> str:
    """Two numbers, with a digit more where they are small."""
    digits = 1 if values[0] >= 1 else 2
    return " / ".join(number(value, digits) for value in values)


def percent(value: float) -> str:
    """A part, in percent."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "-"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED else text[: QUOTED - 3] + "..."
