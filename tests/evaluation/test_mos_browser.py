"""The page in a real browser, clicked through to its end."""

import contextlib
import json
import shutil
import threading

import browser
import processes
import pytest
from opinions import write_clips

from gait_jax.evaluation.mos import page, ratings
from gait_jax.evaluation.mos.key import Key
from gait_jax.evaluation.mos.receiver import Receiver


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A page of two methods and originals, and its key."""
    root = tmp_path_factory.mktemp("study")
    folders = write_clips(root / "clips")
    page.make([*map(str, folders)], root / "page", root / "key", 4, 2, seed=1, progress=False)
    return root / "page", Key.load(root / "key")


@pytest.fixture
def tab(tmp_path):
    program = browser.find()
    if program is None:
        pytest.skip("no Chromium is installed: the page is not clicked through")
    (tmp_path / "there.html").write_text("<p id=there>")
    (tmp_path / "downloads").mkdir()
    with browser.Browser(program, tmp_path, tmp_path / "downloads") as opened:
        opened.open(f"file://{tmp_path / 'there.html'}")
        # One that is shut into a box of its own sees no file of these tests.
        if not opened.soon("Boolean(document.querySelector('#there'))"):
            pytest.skip(f"{program} opens no page here: the page is not clicked through")
        kind = 'video/mp4; codecs="avc1.42E01E"'
        if not opened.value(f"document.createElement('video').canPlayType('{kind}')"):
            pytest.skip(f"{program} plays no H.264: the page is not clicked through")
        yield opened


def begin(tab, address, code):
    tab.open(address)
    tab.wait_for("Boolean(document.querySelector('#code'))")
    tab.click("#code")
    tab.write(code)
    tab.click("input[type=submit]")


def click_through(tab):
    """Rates 1, 2, 3, 4, then takes the first and the second of four; names as they were shown."""
    shown = []
    names = "[...document.querySelectorAll('video')].map((v) => v.src.slice(-20, -4))"
    tab.click(".go")
    for i in range(4):
        tab.wait_for(f"document.querySelector('.count')?.textContent === 'Clip {i + 1} of 4'")
        shown.append(tab.value(names))
        assert "?" not in tab.value("document.querySelector('video').getAttribute('src')")
        if i == 1:
            tab.wait_for("document.querySelector('.again')?.textContent === 'See again'")
            tab.click(".again")
        tab.click(f"[data-choice='{i}']")
    tab.click(".go")
    for i in range(2):
        tab.wait_for(f"document.querySelector('.count')?.textContent === 'Set {i + 1} of 2'")
        shown.append(tab.value(names))
        tab.click(f"[data-choice='{i}']")
    tab.wait_for("!(document.querySelector('#done')?.textContent ?? '…').endsWith('…')")
    return shown


def downloaded(folder):
    path = folder / "downloads" / "ratings-07.json"
    processes.wait_for(lambda: path.exists() and path.read_bytes().endswith(b"}"))
    return path


def test_from_a_file_the_answers_are_downloaded(tab, study, tmp_path):
    folder, key = study
    begin(tab, f"file://{folder / 'index.html'}", "07")
    shown = click_through(tab)
    assert "in the file ratings-07.json" in tab.value("document.querySelector('#done').textContent")
    path = downloaded(tmp_path)
    (answered,), wrong = ratings.read([path], key)
    assert wrong == [] and answered.rater == "07"
    # In the order in which they were shown, and of the clips that were.
    assert [*answered.ratings.items()] == [(name, i + 1) for i, (name,) in enumerate(shown[:4])]
    assert answered.chosen == [(tuple(shown[4]), shown[4][0]), (tuple(shown[5]), shown[5][1])]
    # The same code sees the same in the same order; another one something else.
    orders = {}
    for code in ("07", "08", "09", "10"):
        begin(tab, f"file://{folder / 'index.html'}?{code}", code)
        tab.click(".go")
        tab.wait_for("document.querySelector('.count')?.textContent.startsWith('Clip 1')")
        found = tab.value("JSON.stringify([rater.sheet, rater.clips, rater.fours])")
        orders[code] = json.loads(found)
    assert orders["07"] == [
        answered.sheet, [*answered.ratings], [list(four) for four, _ in answered.chosen],
    ]  # fmt: skip
    assert len({json.dumps(order) for order in orders.values()}) == 4


def test_nothing_can_be_rated_before_it_was_seen(tab, study):
    folder, _ = study
    begin(tab, f"file://{folder / 'index.html'}", "no code!")
    assert tab.value("document.querySelector('#code').validity.patternMismatch")
    begin(tab, f"file://{folder / 'index.html'}?", "07")
    tab.wait_for("Boolean(document.querySelector('.go'))")
    # No clip begins by itself, so that none ends.
    tab.value("HTMLMediaElement.prototype.play = async () => {}; 0")
    tab.click(".go")
    choices = "[...document.querySelectorAll('.choice')]"
    tab.wait_for(f"{choices}.length === 5")
    scale = ["1 Bad", "2 Poor", "3 Fair", "4 Good", "5 Excellent"]
    assert tab.value(f"{choices}.map((choice) => choice.textContent)") == scale
    assert tab.value(f"{choices}.every((choice) => choice.disabled)")
    tab.press(".choice")
    assert tab.value("rater.ratings.length") == 0
    tab.value("document.querySelector('video').dispatchEvent(new Event('ended'))")
    assert not tab.value(f"{choices}.some((choice) => choice.disabled)")
    tab.click("[data-choice='3']")
    tab.wait_for("document.querySelector('.count')?.textContent === 'Clip 2 of 4'")
    assert tab.value("rater.ratings.map((rating) => rating[1])") == [4]
    # Of four, all have to be seen.
    for number in (2, 3, 4):
        tab.wait_for(f"document.querySelector('.count').textContent === 'Clip {number} of 4'")
        tab.value("document.querySelector('video').dispatchEvent(new Event('ended'))")
        tab.click("[data-choice='0']")
    tab.click(".go")
    tab.wait_for("document.querySelectorAll('video').length === 4")
    for i in range(4):
        assert tab.value(f"{choices}.every((choice) => choice.disabled)")
        tab.value(f"document.querySelectorAll('video')[{i}].dispatchEvent(new Event('ended'))")
    assert not tab.value(f"{choices}.some((choice) => choice.disabled)")


def test_a_clip_that_cannot_be_played_is_told(tab, study, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(study[0], folder)
    for path in (folder / "clips").iterdir():
        path.write_bytes(b"no clip")
    begin(tab, f"file://{folder / 'index.html'}", "07")
    tab.click(".go")
    tab.wait_for("document.querySelector('.hint')?.textContent.includes('cannot be played here')")
    assert tab.value("[...document.querySelectorAll('.choice')].every((one) => one.disabled)")


@contextlib.contextmanager
def receiving(folder, out):
    with Receiver(folder, out, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def test_a_receiver_gets_the_answers_and_tells_who_was_there_before(tab, study, tmp_path):
    folder, key = study
    with receiving(folder, tmp_path / "r") as address:
        begin(tab, address, "07")
        click_through(tab)
        assert "were received" in tab.value("document.querySelector('#done').textContent")
        (answered,), wrong = ratings.read([tmp_path / "r"], key)
        assert wrong == [] and (tmp_path / "r" / "07.json").is_file()
        assert downloaded(tmp_path).read_bytes() == (tmp_path / "r" / "07.json").read_bytes()
        begin(tab, f"{address}?again", "07")
        tab.wait_for("document.querySelector('.wrong')?.textContent.includes('Ask for another')")
        assert tab.value("document.querySelectorAll('video').length") == 0
