"""The page of a trial, in a real browser without a window."""

from __future__ import annotations

import base64
import json
import re

import cv2
import numpy as np
import pytest

from browser.chromium import Page
from kineograph.geometry.projection import project
from kineograph.io.npz import write_npz
from kineograph.model.player_pictures import PlayerPictures
from synthetic.study import SIZE_PX, halpe26, rig
from synthetic.trial_results import EVIL, FILLED, FRAMES, truth_m, write_trial, write_trial_page

MOMENTS = np.arange(0, FRAMES, 4)
RIGHT_BGR = (0, 159, 230)
ONE_CAMERA = "[...document.querySelectorAll('#camera-buttons button')][1].click()"


def pictures(moments: np.ndarray) -> PlayerPictures:
    """Grey pictures, brighter with each moment."""
    files = [cv2.imencode(".jpg", np.full((48, 64, 3), 40 + 8 * int(m), np.uint8))[1].ravel() for m in moments]
    lengths = np.repeat(np.array([len(file) for file in files], int)[:, None], 3, axis=1)
    data = np.concatenate([np.tile(file, 3) for file in files]) if files else np.zeros(0, np.uint8)
    return PlayerPictures(rig(3).names, moments, lengths.reshape(len(moments), 3), data)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page's file, with pictures at every fourth frame, and another without any."""
    folder = tmp_path_factory.mktemp("trial")
    write_trial(folder)
    for name, moments in (("page", MOMENTS), ("bare", MOMENTS[:0])):
        write_npz(folder / f"{name}.npz", pictures(moments))
        write_trial_page(folder, folder / f"{name}.html", folder / f"{name}.npz")
    return folder


@pytest.fixture(scope="module")
def page(chromium, written):
    page = Page(chromium, written / "page.html")
    yield page
    assert page.complaints() == []
    page.close()


@pytest.fixture(autouse=True)
def as_opened(request):
    """Before each test: everything is shown, as when the page was opened."""
    if "page" not in request.fixturenames:
        return
    page = request.getfixturevalue("page")
    page.resize(1200, 900)
    page.colours(dark=False)
    scrub(page, 8)
    page.js("document.querySelector('#people input').click()")
    page.js("document.querySelector('#camera-buttons button').click()")
    page.js("document.activeElement.blur()")
    show(page, "pictures", "detected", "skeleton", "bones", "cameras")


def show(page, *layers):
    for layer in ("pictures", "detected", "skeleton", "bones", "cameras", "trail", "names"):
        if page.js(f"document.getElementById('show-{layer}').checked") != (layer in layers):
            page.js(f"document.getElementById('show-{layer}').click()")
    page.settle()


def scrub(page, frame):
    page.js(f"(() => {{ const s = byId('time'); s.value = {frame}; s.dispatchEvent(new Event('input')); }})()")
    page.settle()


def frame(page):
    return int(page.js("byId('time').value"))


def picture(page, canvas):
    """What is on a canvas, (height, width, blue, green, red)."""
    text = page.js(f"byId('{canvas}').toDataURL('image/png')").partition(",")[2]
    return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED)


def changed(before, after):
    """Pixels that differ."""
    return int((before != after).any(axis=-1).sum())


def near_colour(image, colour, reach=40):
    """Which pixels are of about a colour (blue, green, red)."""
    return (np.abs(image[..., :3].astype(int) - np.array(colour)).max(axis=-1) < reach) & (image[..., 3] > 200)


def near(image, place, colour, reach=1):
    """Whether a colour is on the picture within some pixels of a place."""
    x, y = (round(value) for value in place)
    return bool(near_colour(image[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1], colour).any())


def test_the_skeleton_is_drawn_where_it_projects_and_moves_with_the_time(page):
    """In one camera: the middles of the right side's bones are orange at each of three times, most of them not at the others."""
    page.js(ONE_CAMERA)
    show(page, "skeleton")
    skeleton = halpe26()
    right = [bone for bone in skeleton.bones if {skeleton.side(name) for name in bone} == {"right"}]
    ends = [[skeleton.index(name) for name in bone] for bone in right]
    middles = project(rig(3).cameras[0], truth_m()[:, 0][:, ends]).mean(axis=2)
    for moment in (2, 12, 22):
        scrub(page, moment)
        image = picture(page, "cameras")
        height, width = image.shape[:2]
        scale = min(width / SIZE_PX[0], height / SIZE_PX[1])
        corner = (np.array([width, height]) - scale * np.array(SIZE_PX)) / 2
        for other in (2, 12, 22):
            part = np.mean([near(image, corner + (place + 0.5) * scale, RIGHT_BGR) for place in middles[other]])
            assert part > 0.7 if other == moment else part < 0.4, (moment, other, part)


def test_pictures_are_shown_and_their_time_is_said(page):
    show(page, "pictures")
    greys = []
    for moment in (0, 8, 16):
        scrub(page, moment)
        image = picture(page, "cameras")
        greys.append(int(np.median(image[image[..., 3] > 0][:, 0])))
        assert page.js("byId('camera-note').textContent") == ""
    assert np.allclose(greys, [40 + 8 * moment for moment in (0, 8, 16)], atol=3)
    scrub(page, 9)
    assert page.js("byId('camera-note').textContent") == "The pictures were taken 0.033 s before this frame."


def test_the_view_in_space_shows_people_bones_and_cameras_and_turns(page):
    everything = picture(page, "space")
    assert len(np.unique(everything.reshape(-1, 4), axis=0)) > 50
    for layer, least in (("skeleton", 500), ("bones", 150), ("cameras", 50)):
        page.js(f"byId('show-{layer}').click()")
        page.settle()
        assert changed(everything, picture(page, "space")) > least, layer
        page.js(f"byId('show-{layer}').click()")
    page.settle()
    assert changed(everything, picture(page, "space")) == 0, "the same again"
    page.js("byId('space').scrollIntoView({ block: 'center' })")
    box = page.js(
        "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(byId('space').getBoundingClientRect())"
    )
    page.drag(tuple(box), (box[0] + 90, box[1] + 10))
    turned = picture(page, "space")
    assert changed(everything, turned) > 1000
    page.js("document.querySelector('[data-view=top]').click()")
    page.settle()
    assert changed(turned, picture(page, "space")) > 1000
    before = picture(page, "space")
    page.js("byId('space').focus()")
    page.key("ArrowLeft")
    page.key("+", "+")
    assert changed(before, picture(page, "space")) > 1000
    assert frame(page) == 8, "keys for the view in space leave the time alone"
    page.js("byId('space').dispatchEvent(new MouseEvent('dblclick'))")


def test_people_are_upright_in_space(page):
    """From the front: taller than wide, and the floor's middle is at the feet: in the lower third, or below."""
    page.js("document.querySelector('[data-view=front]').click()")
    show(page, "skeleton")
    found = picture(page, "space")
    body = np.argwhere(near_colour(found, (0, 79, 184)))
    floor = np.argwhere(near_colour(found, (218, 212, 207)))
    assert np.ptp(body[:, 0]) > 200 and np.ptp(body[:, 0]) > 1.5 * np.ptp(body[:, 1])
    assert np.median(floor[:, 0]) > body[:, 0].min() + 0.67 * np.ptp(body[:, 0])
    page.js("byId('space').dispatchEvent(new MouseEvent('dblclick'))")


def test_keys_step_play_and_choose(page):
    page.key("ArrowRight")
    assert frame(page) == 9
    page.key("Home")
    page.key("ArrowLeft")
    assert frame(page) == 0
    page.key("End")
    assert frame(page) == FRAMES - 1
    page.key("2")
    assert page.js("document.querySelector('#camera-buttons [aria-pressed=true]').textContent") == "cam02"
    page.key("0")
    assert page.js("document.querySelector('#camera-buttons [aria-pressed=true]').textContent") == "All"
    page.key(" ", " ")
    assert page.js("byId('play').getAttribute('aria-pressed')") == "true"
    page.js("new Promise((done) => setTimeout(done, 250))")
    page.key(" ", " ")
    assert page.js("byId('play').getAttribute('aria-pressed')") == "false"
    assert 0 < frame(page) < FRAMES - 1, "from the end it starts again"


def test_curves_follow_the_time_and_say_what_was_not_measured(page):
    knee = "[...document.querySelectorAll('.panel')].find((p) => p.textContent.startsWith('Knee flexion'))"
    before = page.js(f"{knee}.querySelector('.cursor').getBoundingClientRect().x")
    assert re.fullmatch(r"right \d+\.\d°  left \d+\.\d°", page.js(f"{knee}.querySelector('.values').textContent"))
    label = page.js(f"{knee}.querySelector('canvas').getAttribute('aria-label')")
    assert label == "Knee flexion (+) / extension (-): right from 20 to 60°, left from 20 to 60°"
    scrub(page, 20)
    assert page.js(f"{knee}.querySelector('.cursor').getBoundingClientRect().x") > before + 50
    assert page.js(f"{knee}.querySelector('.values').textContent").startswith("right (")
    page.js(f"{knee}.scrollIntoView({{ block: 'center' }})")
    box = page.js(
        "(({ x, y, width, height }) => [x + 38 + (width - 39) / 2, y + height / 2])"
        f"({knee}.querySelector('canvas').getBoundingClientRect())"
    )
    page.drag(tuple(box), tuple(box))
    assert frame(page) in (FRAMES // 2 - 1, FRAMES // 2), "a click in the middle sets the middle"
    assert page.js("byId('more').textContent").count("strange angle") == 1
    for moment, text in (
        (FILLED.start, "not measured at this time: LWrist"),
        (FILLED.stop, "all measured at this time"),
    ):
        scrub(page, moment)
        assert page.js("document.querySelector('#measured .values').textContent") == text


def test_the_other_participant_can_be_chosen_and_names_are_only_text(page):
    assert page.js("document.querySelectorAll('#people input').length") == 2
    before = picture(page, "space"), picture(page, "cameras")
    page.key("p")
    assert page.js("document.querySelector('#people input:checked').parentElement.textContent").strip() == EVIL
    assert changed(before[0], picture(page, "space")) > 300
    assert changed(before[1], picture(page, "cameras")) > 300
    shown = page.js("[...document.querySelectorAll('.heat')].filter((t) => !t.hidden).map((t) => t.dataset.person)")
    assert shown == [EVIL]
    assert EVIL in page.js("byId('measured-note').textContent")
    assert page.js("typeof hacked") == "undefined"
    assert page.js("document.querySelectorAll('script').length") == 2
    assert page.js("document.querySelectorAll('main i').length") == 0, "of the hint 'look <i>'"
    assert f"{EVIL} is poor" in page.js("document.querySelector('ol.first').textContent")


def test_the_dark_look_and_a_phone(page):
    luminance = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0)"
    light, bright = picture(page, "space"), page.js(luminance)
    page.colours(dark=True)
    page.settle()
    assert page.js(luminance) < 120 < 700 < bright
    assert changed(light, picture(page, "space")) > 1000, "the view in space changes its colours too"
    page.resize(360, 740)
    page.settle()
    assert page.js("document.documentElement.scrollWidth") <= 360
    page.js("byId('space').scrollIntoView({ block: 'center' })")
    page.settle()
    assert page.js("byId('space').clientWidth") > 300
    assert (picture(page, "space")[..., 3] > 0).mean() > 0.005
    bar = page.js("(({ top, bottom }) => [top, bottom, innerHeight])(byId('timeline').getBoundingClientRect())")
    assert 0 < bar[0] < bar[1] <= bar[2], "the time line stays in sight"


def test_a_trial_without_pictures_shows_the_bare_skeletons(chromium, written):
    page = Page(chromium, written / "bare.html")
    assert page.js("byId('camera-note').textContent").startswith("No pictures")
    image = picture(page, "cameras")
    assert near_colour(image, RIGHT_BGR).sum() > 100
    assert page.complaints() == []
    page.close()


def test_a_trial_without_points_says_so(chromium, written):
    """The data as of a trial that could not be read."""
    text = (written / "bare.html").read_text()
    nothing = json.dumps(
        {"frames": 0, **{key: [] for key in ("people", "cameras", "bones", "keypoints", "picture_frames")}}
    )
    empty, count = re.subn(r'(id="data">).*?(</script>)', rf"\g<1>{nothing}\g<2>", text, flags=re.S)
    assert count == 1
    (written / "empty.html").write_text(empty)
    page = Page(chromium, written / "empty.html")
    assert not page.js("byId('empty').hidden")
    assert page.js("byId('stage').hidden")
    assert page.complaints() == []
    page.close()


def test_the_file_is_all_there_is(written):
    text = (written / "page.html").read_text()
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)
    assert EVIL not in text
    assert "<svg" in (written / "page.svg").read_text()


def test_names_of_stages_are_not_broken_beside_long_reasons(page):
    page.resize(1100, 900)
    lines = page.js(
        "(() => { const cells = document.querySelector('[aria-labelledby=stages-title] tbody tr').cells;"
        " const before = [cells[0].textContent, cells[3].innerHTML]; cells[0].textContent = 'synchronization';"
        " cells[3].innerHTML = `<ul class=reasons><li>${'a long reason '.repeat(60)}</li></ul>`;"
        " const range = document.createRange(); range.selectNodeContents(cells[0]); const lines = range.getClientRects().length;"
        " [cells[0].textContent, cells[3].innerHTML] = before; return lines; })()"
    )
    assert lines == 1
