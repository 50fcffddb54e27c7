"""The page of before and after: what stands in it, and what it does in a browser."""

import base64
import dataclasses
import hashlib
import html.parser
import json
import os
from fractions import Fraction

import browser
import cv2
import numpy as np
import processes
import pytest
from clips import draw_scene, read_video, upscale, walk_in, walking, write_video

from gait_jax.anonymization.accounts import NOT_CHOSEN
from gait_jax.anonymization.comparisons import Comparison
from gait_jax.anonymization.following import Followed, Sight
from gait_jax.anonymize import main
from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import Frame

EVIL = '</script><script>document.title = "evil"</script> & "x".mp4'


@dataclasses.dataclass
class _Clip:
    """A clip whose original's frames are as dark as their number; it counts what was decoded."""

    count: int
    width: int = 1280
    height: int = 100
    pixel_aspect: Fraction = Fraction(1)
    start: float = 0.0
    time_base: Fraction = Fraction(1, 25)
    decoded: int = 0

    def grey(self, shade, index):
        image = np.full((self.height, self.width, 3), shade, np.uint8)
        return Frame(image, index, 1)

    def frames(self, wanted):
        for index in range(self.count):
            self.decoded += wanted(index)
            yield self.grey(10 * index % 200, index) if wanted(index) else Frame(None, index, 1)

    def results(self):
        return (self.grey(255 - 10 * index % 200, index) for index in range(self.count))


class _Found:
    """One person in all frames, another in frames 2 to 6 but 4; and something in frame 3."""

    def __init__(self, count):
        self.frames = count
        first, second = Followed(3, 0, count - 1), Followed(9, 2, 6)
        self.people = {1: first, 2: second}
        self._kept = []
        for index in range(count):
            one = Sight(first, (), (100 + 10 * index, 20, 30, 60), None, (0, 0))
            two = Sight(second, (), (400, 0, 21, 40), None, (0, 0))
            leaf = Sight(Followed(5, 3, 3), (), (0, 0, 4, 4), None, (0, 0))
            there = index in (2, 3, 5, 6)
            self._kept.append([one] + there * [two] + (index == 3) * [leaf])

    def __iter__(self):
        return iter(self._kept)


def entry(count=9, name="walk.mp4"):
    return {
        "input": name,
        "frames": count,
        "summary": "2 people: as hoped",
        "people": [
            {"person": 1, "frames": [0, 8], "shown": [[0, 8]], "hidden": {}, "told": "4 bits"},
            {
                "person": 2,
                "frames": [2, 6],
                "shown": [[2, 3], [6, 6]],
                "hidden": {"lost": [[4, 4]], "too small": [[5, 5]]},
            },
        ],
        "painted_out": {"lost": [[4, 4]]},
        "warnings": [f"a warning of {name}"],
    }


class _Page(html.parser.HTMLParser):
    """What stands on a page: texts and scripts, and tags with what they have."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.scripts, self.texts_of = [], [], [], {}
        self._open = ("", {})
        self.feed(text)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self._open = (tag, dict(attrs))
        self.tags.append(self._open)

    def handle_endtag(self, tag):
        self._open = ("", {})

    def handle_data(self, data):
        tag, made = self._open
        if tag == "script":
            self.scripts.append((made, data))
        elif tag != "style":
            self.texts.append(data)
            self.texts_of[made.get("id")] = data

    def one(self, name):
        """The attributes of the element with an id."""
        (found,) = (found for _, found in self.tags if found.get("id") == name)
        return found

    def clip(self):
        (found,) = (json.loads(text) for made, text in self.scripts if made.get("id") == "clip")
        return found

    def pairs(self):
        """What the frames' pictures are: [original, result] in base64."""
        return [json.loads(text) for made, text in self.scripts if made.get("class") == "pair"]


def grey(data):
    """(shape, mean) of a JPEG in base64."""
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    return image.shape, image.mean()


def write(path, count=9, said=None, **changes):
    """Writes the page of a made-up clip; the clip."""
    clip = _Clip(count, **changes)
    comparison = Comparison(_Found(count), clip)
    assert sum(1 for _ in comparison.over(clip.results())) == count
    comparison.write(path, said or entry(count))
    return clip


def test_a_page_holds_frames_before_and_after_and_who_is_where(tmp_path):
    write(tmp_path / "p.html", start=2.0)
    page = _Page((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert page.text.index("This page shows the original: for your eyes, do not share it.") < 60
    assert "9 frames, 2 people: as hoped" in page.text and "a warning of walk.mp4" in page.text
    assert "as hoped tells of person 1 4 bits painted out in 1 frame: lost" in page.text
    # Neither side is longer than 640 pixels.
    for index, (original, result) in enumerate(page.pairs()):
        for data, shade in ((original, 10 * index), (result, 255 - 10 * index)):
            shape, mean = grey(data)
            assert shape == (50, 640, 3) and abs(mean - shade) < 2
    clip = page.clip()
    assert (clip["frames"], clip["size"]) == (9, [640, 50])
    assert [pair["frame"] for pair in clip["pairs"]] == list(range(9))
    assert clip["pairs"][3]["seconds"] == 2.12
    # What is no person has no number.
    assert clip["pairs"][3]["boxes"] == [[1, 65, 10, 15, 30], [2, 200, 0, 10, 20]]
    assert clip["pairs"][4]["boxes"] == [[1, 70, 10, 15, 30]]
    one, two = clip["people"]
    assert one["shown"] == [[0, 8]] and one["hidden"] == {}
    assert two["hidden"] == {"lost": [[4, 4]], "too small": [[5, 5]]}
    # As the picture of a preview has them: hues of 138° and 276°.
    assert [one["colour"], two["colour"]] == ["#34f06c", "#a534f0"]
    assert page.one("slider")["max"] == "8" and page.one("slider")["step"] == "1"
    assert "Of the" not in page.text


@pytest.mark.parametrize(
    ("count", "step", "pairs"), [(240, 1, 240), (241, 2, 121), (1000, 5, 200), (1, 1, 1)]
)
def test_of_a_long_clip_every_kth_frame_is_on_the_page(tmp_path, count, step, pairs):
    clip = write(tmp_path / "p.html", count, width=32, height=16)
    page = _Page((tmp_path / "p.html").read_text(encoding="utf-8"))
    # The pictures of the others are not even made.
    assert len(page.pairs()) == clip.decoded == pairs
    assert [pair["frame"] for pair in page.clip()["pairs"]] == list(range(0, count, step))
    assert (page.one("slider")["max"], page.one("slider")["step"]) == (str(count - 1), str(step))
    said = f"Of the {count} frames this page shows {pairs}: one in {step}."
    assert (said in page.text) == (step > 1)


@pytest.mark.parametrize(
    ("width", "height", "aspect", "shape"),
    [
        (1080, 1920, Fraction(1), (640, 360)),
        (720, 576, Fraction(64, 45), (360, 640)),
        (320, 240, Fraction(1), (240, 320)),
    ],
)
def test_pictures_are_as_players_show_them(tmp_path, width, height, aspect, shape):
    write(tmp_path / "p.html", 1, width=width, height=height, pixel_aspect=aspect)
    page = _Page((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert all(grey(data)[0] == (*shape, 3) for data in page.pairs()[0])
    assert page.one("original")["width"] == str(shape[1])
    x, y, wide, high = page.clip()["pairs"][0]["boxes"][0][1:]
    across, down = shape[1] / width, shape[0] / height
    assert np.abs(np.array((x, wide)) - np.array((100, 30)) * across).max() <= 0.5
    assert np.abs(np.array((y, high)) - np.array((20, 60)) * down).max() <= 0.5


def test_names_of_files_are_text_and_no_other_script_may_run(tmp_path):
    said = entry(name=EVIL) | {"summary": EVIL, "painted_out": {EVIL: [[0, 0]]}}
    said["people"][1]["hidden"] = {EVIL: [[4, 5]]}
    write(tmp_path / "p.html", said=said)
    page = _Page((tmp_path / "p.html").read_text(encoding="utf-8"))
    # The name, the summary, what was painted out, the warning; and the script's data.
    assert page.text.count(EVIL) == 4
    assert page.clip()["people"][1]["hidden"] == {EVIL: [[4, 5]]}
    tags = [tag for tag, _ in page.tags]
    assert not {*tags} & {"link", "a", "iframe", "base", "form"}
    assert not [made for _, made in page.tags if any(name.startswith("on") for name in made)]
    assert not [made for _, made in page.tags if "src" in made or "href" in made]
    # One runs: all the others are data.
    (script,) = (text for made, text in page.scripts if "type" not in made)
    assert tags.count("script") == len(page.scripts) == 1 + 1 + 9
    (policy,) = (made["content"] for _, made in page.tags if "http-equiv" in made)
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{own}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    write(tmp_path / "q.html", said=entry(name="a\udcffb.mp4"))
    assert "a\\udcffb.mp4" in _Page((tmp_path / "q.html").read_text(encoding="utf-8")).text


def test_what_cannot_be_written_costs_a_line_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match=r"none/p.html cannot be written \(No such file"):
        write(tmp_path / "none" / "p.html")
    (tmp_path / "p.html").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "p.html")
    assert os.listdir(tmp_path) == ["p.html"] and os.listdir(tmp_path / "p.html") == []


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Somebody who walks before a scene, which lies beside it."""
    folder = tmp_path_factory.mktemp("one")
    scene = np.repeat(np.repeat(draw_scene(), 2, axis=0), 2, axis=1)
    masks = upscale(walking(16, start=40, step=2, tall=56), 2)
    cv2.imwrite(str(folder / "scene.png"), scene)
    return write_video(folder / "walk.mp4", walk_in(scene, masks))


def run(clip, *arguments):
    given = ["--segmenter", "background", "--background", clip.parent / "scene.png"]
    given += ["--no-progress", "--method", "stgan", "--seed", 4]
    return main([*map(str, (clip, *arguments, *given))])


def test_the_page_shows_what_the_command_would_write_and_nothing_else_is_written(
    clip, tmp_path, capsys
):
    out, video = tmp_path / "p.html", tmp_path / "v.mp4"
    assert run(clip, "--preview", "-o", out) == 0
    assert os.listdir(tmp_path) == ["p.html"] and len(os.listdir(clip.parent)) == 2
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{out}: 16 frames, 1 person: person 1 shown in all of their frames"
    assert run(clip, "-o", video) == 0
    # As any other file: whoever may read the result may read the page.
    assert out.stat().st_mode == video.stat().st_mode
    page = _Page(out.read_text(encoding="utf-8"))
    originals, results = (
        np.stack(
            [
                cv2.imdecode(np.frombuffer(base64.b64decode(pair[side]), np.uint8), 1).astype(int)
                for pair in page.pairs()
            ]
        )
        for side in (0, 1)
    )
    for shown, path in ((originals, clip), (results, video)):
        assert np.abs(shown - read_video(path)[0]).mean() < 3
    assert np.abs(originals - results).mean(axis=(1, 2, 3)).min() > 0.5
    # The box is around whom the frame shows: nothing else of it is red.
    x, y, width, height = page.clip()["pairs"][8]["boxes"][0][1:]
    red = originals[8][..., 2] - originals[8][..., 1] > 45
    rows, columns = np.nonzero(red)
    assert abs(rows.min() - y) < 6 and abs(rows.max() - y - height) < 6
    assert abs(columns.min() - x) < 6 and abs(columns.max() - x - width) < 6
    # Whom the command would paint out is not there.
    assert run(clip, "--preview", "--except", 1, "-o", out, "--overwrite") == 0
    page = _Page(out.read_text(encoding="utf-8"))
    assert page.clip()["people"][0]["hidden"] == {NOT_CHOSEN: [[0, 15]]}
    scene = cv2.imread(str(clip.parent / "scene.png")).astype(int)
    for _, result in page.pairs():
        shown = cv2.imdecode(np.frombuffer(base64.b64decode(result), np.uint8), 1)
        assert np.abs(shown - scene).mean() < 3


def test_what_a_page_cannot_have_is_refused_before_the_work(clip, tmp_path, capsys):
    out = tmp_path / "p.html"
    (tmp_path / "file").touch()
    for arguments, message in [
        (("--report", tmp_path / "r.json"), f"writes {out} and no video: leave out --report"),
        (("--keep-audio", "--difference"), "no video: leave out --keep-audio, --difference"),
        (("-o", tmp_path / "file" / "p.html"), "p.html cannot be written ("),
        (("--only", "7"), "has 1 person, and no person 7: see their numbers with --preview"),
    ]:
        assert run(clip, "--preview", "-o", out, *arguments) == 1, arguments
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
        assert os.listdir(tmp_path) == ["file"]


def test_of_several_videos_the_pages_lie_in_a_folder(clip, tmp_path, capsys):
    other = tmp_path / "b.mp4"
    other.write_bytes(b"no video")
    out = tmp_path / "pages.html"
    assert run(clip, other, "--preview", "-o", out) == 1
    assert os.listdir(out) == ["walk_preview.html"]
    said = capsys.readouterr()
    assert said.out.startswith(f"{out / 'walk_preview.html'}: 16 frames")
    assert "b.mp4 cannot be read as a video" in said.err


def _seen(browser, folder, address):
    """What a browser makes of a page when its clocks have run for a while: (status, document)."""
    flags = (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-extensions", "--window-size=1000,800", f"--user-data-dir={folder / 'browser'}",
        "--virtual-time-budget=10000", "--dump-dom",
    )  # fmt: skip
    environment = os.environ | {"HOME": str(folder)}
    done = processes.run((browser, *flags, f"file://{address}"), env=environment)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A function that opens a page in a browser: of its address, gives what is there then."""
    found = browser.find()
    if found is None:
        pytest.skip("no Chromium is installed: what the page does in a browser is not tested")
    folder = tmp_path_factory.mktemp("browser")
    (folder / "p.html").write_text("<p id=there>")
    # One that is shut into a box of its own sees no file of these tests.
    if "there" not in _seen(found, folder, folder / "p.html")[1]:
        pytest.skip(f"{found} opens no page here: what the page does in a browser is not tested")

    def opened(address):
        status, document = _seen(found, folder, address)
        assert status == 0
        return _Page(document)

    return opened


def test_in_a_browser_a_page_opens_at_a_frame(opened, tmp_path):
    path = tmp_path / "p.html"
    write(path, said=entry(name=EVIL))
    page = opened(f"{path}#frame=5")
    assert "hidden" in page.one("failed"), page.texts_of["failed"]
    assert page.texts_of["where"] == "frame 5 of 0–8, 0.20 s"
    for side, data in zip(("original", "result"), page.pairs()[5], strict=True):
        assert page.one(side)["src"] == f"data:image/jpeg;base64,{data}"
    # On both sides who is there, and how.
    boxes = [
        [made[name] for name in ("data-person", "x", "y", "width", "height", "class")]
        for tag, made in page.tags
        if tag == "rect"
    ]
    assert boxes == 2 * [
        ["1", "75", "10", "15", "30", "shown"],
        ["2", "200", "0", "10", "20", "hidden"],
    ]
    assert page.texts_of["why"] == "Hidden here: person 2 (too small)"
    # A bar each: eight parts of the slider's way are between nine frames.
    rows = [made["data-person"] for _, made in page.tags if made.get("class") == "row"]
    assert rows == ["1", "2"]
    bars = [
        (made.get("title"), made["style"])
        for tag, made in page.tags
        if made.get("class") == "shown" and tag == "div" or "title" in made
    ]
    (all_of_it, *_, lost, small) = bars
    assert "left: 0%; width: 100%" in all_of_it[1]
    assert lost[0] == "person 2, frame 4: lost" and "left: 43.75%; width: 12.5%" in lost[1]
    assert small[0] == "person 2, frame 5: too small"
    assert page.one("now")["style"] == "left: 62.5%;"


_ACTIONS = """
const log = {};
const note = (name) => { log[name] = element("where").textContent.split(" of ")[0]; };
const press = (key, on = document.body) =>
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const soon = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const visible = () => getComputedStyle(element("result-boxes")).display;
(async () => {
  note("first");
  press("ArrowRight"); press("ArrowRight"); note("right");
  press("ArrowLeft"); note("left");
  press("End"); press("ArrowRight"); note("end");
  press("Home"); press("ArrowLeft"); note("home");
  press("ArrowRight", element("slider")); note("the slider moves itself");
  element("slider").value = 6;
  element("slider").dispatchEvent(new Event("input")); note("slider");
  element("on").click(); note("on");
  element("back").click(); element("back").click(); note("back");
  const bar = document.querySelector(".row[data-person='1']").getBoundingClientRect();
  const click = { bubbles: true, detail: 1, clientX: bar.left + 0.26 * bar.width };
  document.querySelector(".row[data-person='1']").dispatchEvent(new MouseEvent("click", click));
  note("bar");
  document.querySelector("[title='person 2, frame 5: too small']").click(); note("reason");
  log.boxes = visible();
  element("numbers").click();
  log.none = visible();
  location.hash = "#frame=99"; await soon(200); note("beyond");
  location.hash = "#frame=x"; await soon(200); note("no frame");
  element("play").click(); note("again");
  log.playing = element("play").textContent;
  await soon(150); press(" "); note("paused");
  log.halted = element("play").textContent;
  await soon(1000); note("still");
  press(" "); await soon(2000); note("played");
  log.over = element("play").textContent;
  document.body.dataset.log = JSON.stringify(log);
})();
"""


def test_in_a_browser_keys_bars_and_buttons_go_to_frames(opened, tmp_path):
    path = tmp_path / "p.html"
    write(path)
    text = path.read_text(encoding="utf-8")
    # The page lets no script of a test run.
    policy = text[text.index("script-src") : text.index("; base-uri")]
    text = text.replace(policy, "script-src 'unsafe-inline'")
    path.write_text(text.replace("</body>", f"<script>{_ACTIONS}</script></body>"))
    page = opened(path)
    assert "hidden" in page.one("failed"), page.texts_of["failed"]
    (body,) = (made for tag, made in page.tags if tag == "body")
    log = json.loads(body["data-log"])
    # How far it comes in 0.15 s is the machine's affair.
    paused, still = log.pop("paused"), log.pop("still")
    assert paused == still and "frame 0" < paused < "frame 8"
    assert log == {
        "first": "frame 0", "right": "frame 2", "left": "frame 1", "end": "frame 8",
        "home": "frame 0", "the slider moves itself": "frame 0", "slider": "frame 6",
        "on": "frame 7", "back": "frame 5", "bar": "frame 2", "reason": "frame 5",
        "boxes": "block", "none": "none", "beyond": "frame 8", "no frame": "frame 8",
        "again": "frame 0", "playing": "Pause", "played": "frame 8",
        "halted": "Play", "over": "Play",
    }  # fmt: skip


def test_in_a_browser_no_other_script_runs_and_the_page_says_so(opened, tmp_path):
    path = tmp_path / "p.html"
    write(path, 300, width=64, height=32)
    other = '<script>document.body.dataset.other = "ran"</script></body>'
    text = path.read_text(encoding="utf-8").replace("</body>", other)
    path.write_text(text)
    page = opened(f"{path}#frame=151")
    (body,) = (made for tag, made in page.tags if tag == "body")
    assert "data-other" not in body
    assert "hidden" not in page.one("failed")
    assert page.texts_of["failed"] == "This page does not work here: script-src-elem was refused"
    # Of a longer clip: the last frame before it of those that are there.
    assert page.texts_of["where"] == "frame 150 of 0–299, 6.00 s"
