"""The page to click scene points on, in a real browser without a window."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from kineograph.cli.__main__ import main
from kineograph.io.scene_points import read_scene_points

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium: install Debian's package chromium")

HANDS = """
localStorage.clear();
const view = document.getElementById("view"), box = view.getBoundingClientRect(), told = {};
const zoom = Math.min(box.width / 640, box.height / 480);
const at = (x, y) => ({
  clientX: box.left + box.width / 2 + (x + 0.5 - 320) * zoom,
  clientY: box.top + box.height / 2 + (y + 0.5 - 240) * zoom,
});
const beside = (place, dx, dy) => ({ clientX: place.clientX + dx, clientY: place.clientY + dy });
const pointer = (kind, place, more = {}) =>
  view.dispatchEvent(new PointerEvent(kind, { ...place, button: 0, pointerId: 1, bubbles: true, ...more }));
const press = (place) => { pointer("pointermove", place); pointer("pointerdown", place); pointer("pointerup", place); };
const click = (x, y) => press(at(x, y));
const key = (name, more = {}) => view.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
const table = (name) => { told[name] = document.getElementById("table").value; };
"""
FINISH = """
const end = document.createElement("pre");
end.id = "told";
end.textContent = JSON.stringify({ ...told, zoom });
document.body.append(end);
"""


@pytest.fixture
def calibration(tmp_path):
    """Two cameras' pictures, the second in a folder, and four points."""
    folder = tmp_path / "calibration" / "extrinsics"
    (folder / "ext_cam02_img").mkdir(parents=True)
    picture = np.full((480, 640, 3), 90, np.uint8)
    cv2.circle(picture, (100, 50), 5, (0, 0, 255), -1)
    cv2.imwrite(str(folder / "cam01_ext.png"), picture)
    cv2.imwrite(str(folder / "ext_cam02_img" / "1.png"), picture)
    (folder / "object_points.tsv").write_text(
        "point\tx_m\ty_m\tz_m\n" + "".join(f"<b>{n}\t{n}\t0\t0\n" for n in range(4))
    )
    return tmp_path / "calibration"


def page(calibration, hands: str = "") -> str:
    """The page's file, with what a person's hands would do at its end."""
    out = calibration.parent / "points.html"
    assert main(["click-points", "--source", str(calibration), "--out", str(out)]) == 0
    text = out.read_text()
    out.write_text(text.replace("</body>", f"<script>{{ {HANDS} {hands} {FINISH} }}</script></body>"))
    return text


def told(calibration, hands: str) -> dict:
    page(calibration, hands)
    profile = calibration.parent / "profile"
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900", f"--user-data-dir={profile}",
            "--virtual-time-budget=2000", "--dump-dom", f"file://{calibration.parent / 'points.html'}",
        ],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.S)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@needs_browser
def test_points_are_placed_moved_and_deleted_by_mouse_and_keys(calibration):
    result = told(
        calibration,
        """
        click(100, 50); click(300.3, 200.7); click(500, 400);
        table("placed");
        pointer("pointerdown", at(300.3, 200.7)); pointer("pointermove", at(310, 220)); pointer("pointerup", at(310, 220));
        table("dragged");
        key("ArrowRight"); key("ArrowUp"); key("ArrowDown", { shiftKey: true });
        table("nudged");
        key("Delete"); key("p"); key("p"); key("ArrowLeft");
        table("deleted");
        key("2"); key("Enter");
        table("other");
        """,
    )
    tables = {name: text for name, text in result.items() if name != "zoom"}
    rows = {name: [line.split("\t") for line in text.splitlines()[1:]] for name, text in tables.items()}
    assert result["placed"].splitlines()[0] == "camera\tpoint\tx_px\ty_px"
    assert [row[:2] for row in rows["placed"]] == [["cam01", f"<b>{n}"] for n in range(3)]
    placed = np.array([row[2:] for row in rows["placed"]], float)
    whole_pixel = 1 / result["zoom"] + 0.011  # browsers tell whole pixels of the screen
    assert np.allclose(placed, [[100, 50], [300.3, 200.7], [500, 400]], atol=whole_pixel)
    dragged = np.array(rows["dragged"][1][2:], float)
    assert np.allclose(dragged, [310, 220], atol=whole_pixel)
    assert np.allclose(np.array(rows["nudged"][1][2:], float) - dragged, [0.25, 4.75], atol=1e-6)
    assert [row[1] for row in rows["deleted"]] == ["<b>0", "<b>2"]
    assert rows["other"][-1] == ["cam02", "<b>0", "319.5", "239.5"]  # the middle of 640 x 480 pixels
    table = calibration / "extrinsics" / "image_points.tsv"
    table.write_text(result["other"])
    read = read_scene_points(calibration / "extrinsics" / "object_points.tsv", table, ("cam01", "cam02"))
    assert [len(item.names) for item in read.values()] == [2, 1]
    assert '"cam02":{"<b>0":[319.5,239.5]}' in json.dumps(told_before(calibration), separators=(",", ":"))


def told_before(calibration) -> dict:
    """The points that the page starts with."""
    text = page(calibration)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1]
    return json.loads(data)["clicks"]


@needs_browser
def test_the_wheel_zooms_where_the_mouse_is_and_a_drag_moves_the_picture(calibration):
    """Of wheels, browsers tell whole pixels of the screen only: the place is one."""
    result = told(
        calibration,
        """
        const spot = { clientX: Math.round(at(400, 0).clientX), clientY: Math.round(at(0, 100).clientY) };
        press(spot);
        view.dispatchEvent(new WheelEvent("wheel", { ...spot, deltaY: -800, bubbles: true, cancelable: true }));
        press(spot);
        table("zoomed");
        key("n");
        press(beside(spot, 40, 20));
        const from = beside(spot, -100, 60);
        pointer("pointerdown", from); pointer("pointermove", beside(from, 50, 10)); pointer("pointerup", beside(from, 50, 10));
        press(beside(spot, 130, 70));
        table("dragged");
        key("0"); click(-5000, 100);
        table("outside");
        """,
    )
    assert len(result["zoomed"].splitlines()) == 2, "the second press grabs the point, which stayed where it was"
    first, second, third = (
        [float(cell) for cell in line.split("\t")[2:]] for line in result["dragged"].splitlines()[1:]
    )
    zoom = result["zoom"] * np.exp(2)
    assert np.allclose(np.subtract(second, first), [40 / zoom, 20 / zoom], atol=0.021)
    assert np.allclose(np.subtract(third, first), [80 / zoom, 60 / zoom], atol=0.021)
    assert result["outside"] == result["dragged"]


def test_the_page_is_one_file_that_asks_for_nothing(calibration):
    text = page(calibration)
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", text)
    assert text.count("data:image/jpeg;base64,") == 2
    assert "<b>0" not in text, "names are data, not markup"


def test_what_is_missing_is_said(calibration, capsys):
    (calibration / "extrinsics" / "object_points.tsv").unlink()
    assert main(["click-points", "--source", str(calibration), "--out", str(calibration / "p.html")]) == 2
    assert "object points" in capsys.readouterr().err
    assert main(["click-points", "--source", str(calibration / "none"), "--out", str(calibration / "p.html")]) == 2
    assert "no pictures" in capsys.readouterr().err
