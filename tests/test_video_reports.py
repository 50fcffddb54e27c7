"""Reports of anonymised videos: JSON, and a page."""

import base64
import html.parser
import json
import pathlib

import cv2
import numpy as np
import pytest

from gait_jax.anonymization import reports
from gait_jax.anonymization.following import Followed, Sight
from gait_jax.anonymization.thumbnails import Strips
from gait_jax.video.clip import Frame

EVIL = '<script>alert(1)</script> & "x".mp4'


def entry(name="walk.mp4"):
    return {
        "input": name,
        "output": f"out/{name}",
        "frames": 9,
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
        "painted_out": {"lost": [[4, 4]], "too small": [[5, 5]]},
        "warnings": [f"a warning of {name}"],
        "thumbnails": {
            1: [{"frame": 4, "jpeg": "AAAA"}],
            2: [{"frame": 3, "jpeg": "BBBB"}, {"frame": 5, "jpeg": "CCCC"}],
        },
    }


def report(*entries):
    return {"method": "stand_in", "trained_on_synthetic_data": True, "videos": [*entries]}


class _Page(html.parser.HTMLParser):
    """What stands on a page: texts, and tags with what they have."""

    def __init__(self, path):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join(" ".join(self.texts).split())

    def handle_data(self, data):
        self.texts.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", ["r.html", "r.HTM"])
def test_a_page_says_what_became_of_whom(tmp_path, name):
    reports.write(tmp_path / name, report(entry()))
    page = _Page(tmp_path / name)
    assert "9 frames, 2 people: as hoped." in page.text
    assert "1 0–8 0–8 (9 frames) never 4 bits" in page.text
    hidden = "lost: 4 (1 frame) too small: 5 (1 frame)"
    assert f"2 2–6 2–3, 6 (3 frames) {hidden}" in page.text
    assert "lost: 4 (1 frame); too small: 5 (1 frame)." in page.text
    assert "a warning of walk.mp4" in page.text and "synthetic data alone" in page.text
    images = [found["src"].split(",")[1] for tag, found in page.tags if tag == "img"]
    assert images == ["AAAA", "BBBB", "CCCC"]
    # Only the last one is of a frame in which they are hidden.
    frames = [found.get("class") for tag, found in page.tags if tag == "figure"]
    assert frames == [None, None, "hidden"]


def test_names_of_files_are_text_and_the_page_needs_nothing_else(tmp_path):
    bad = {"input": EVIL, "output": None, "failed": f"{EVIL} cannot be read"}
    strange = entry("a\udcffb.mp4")
    reports.write(tmp_path / "r.html", report(entry(EVIL), bad, strange))
    page = _Page(tmp_path / "r.html")
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "a", "iframe"} and "table" in tags
    assert page.text.count(EVIL) == 5 and "a\\udcffb.mp4" in page.text
    assert "Not all videos could be anonymised" in page.text
    sources = [found["src"] for _, found in page.tags if "src" in found]
    assert sources and all(source.startswith("data:image/jpeg;base64,") for source in sources)


def test_json_has_no_pictures_and_nothing_is_left_of_what_fails(tmp_path):
    given = report(entry())
    reports.write(tmp_path / "r.json", given)
    written = json.loads((tmp_path / "r.json").read_text())
    expected = entry()
    del expected["thumbnails"]
    assert written == {**given, "videos": [expected]}
    with pytest.raises(OSError, match="No such file"):
        reports.write(tmp_path / "none" / "r.html", given)
    assert not reports.is_page(pathlib.Path("html")) and not reports.is_page(pathlib.Path("a.mp4"))


class _Found:
    """Somebody in ten of twenty frames, beside somebody in one."""

    def __init__(self):
        self.people = {
            1: Followed(3, 4, 13, seen=set(range(4, 14))),
            2: Followed(9, 0, 0, seen={0}),
        }
        self._kept = [[] for _ in range(20)]
        for whose in self.people.values():
            for frame in whose.seen:
                # The whole window is shown, made smaller where it is larger than 200 by 160.
                window, box = (5, 5, 200, 100), (20 + frame, 6, 10, 20)
                if whose.number == 9:
                    window = box = (0, 0, 300, 200)
                self._kept[frame].append(Sight(whose, window, box, None, (0, 0)))

    def __iter__(self):
        return iter(self._kept)


def test_pictures_are_cut_from_the_result_on_its_way():
    strips = Strips(_Found())
    frames = [Frame(np.full((200, 300, 3), 10 * i, np.uint8), i, 1) for i in range(20)]
    frames[4].image[:] = 255
    assert list(strips.over(frames)) == frames
    described = strips.described()
    assert {person: [cut["frame"] for cut in strip] for person, strip in described.items()} == {
        1: [4, 6, 8, 9, 11, 13],
        2: [0],
    }
    for strip, shape in ((described[1], (100, 200, 3)), (described[2], (133, 200, 3))):
        for cut in strip:
            data = np.frombuffer(base64.b64decode(cut["jpeg"]), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
            grey = 255 if cut["frame"] == 4 else 10 * cut["frame"]
            assert image.shape == shape and np.abs(image.astype(int) - grey).max() < 3
