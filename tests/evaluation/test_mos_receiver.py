"""The receiver of a class-room: what it serves, what it keeps, what it refuses."""

import contextlib
import http.client
import json
import os
import signal
import sys
import threading

import processes
import pytest
from opinions import answers, write_clips

from gait_jax.evaluation.mos import page
from gait_jax.evaluation.mos.key import Key
from gait_jax.evaluation.mos.ratings import LARGEST
from gait_jax.evaluation.mos.receiver import Receiver
from gait_jax.mos import main
from gait_jax.runtime.errors import InputError


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A page and its key."""
    root = tmp_path_factory.mktemp("study")
    folders = write_clips(root / "clips", 1, (0, 90), ("one", "two"), frames=2)
    page.make([*map(str, folders)], root / "page", root / "key", 4, progress=False)
    return root / "page", Key.load(root / "key")


@contextlib.contextmanager
def serving(folder, out):
    """A function that asks a running receiver: (status, headers, body)."""
    with Receiver(folder, out, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def ask(method, path, body=None, **headers):
            connection = http.client.HTTPConnection(*server.server_address)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            found = answer.status, dict(answer.getheaders()), answer.read()
            connection.close()
            return found

        try:
            yield ask
        finally:
            server.shutdown()
            thread.join()


def good(key, rater="07"):
    return json.dumps(answers(key, rater, lambda label: 3, lambda group: group[0]))


def test_the_page_is_served_and_nothing_else(study, tmp_path):
    folder, key = study
    with serving(folder, tmp_path / "r") as ask:
        status, headers, body = ask("GET", "/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert body == (folder / "index.html").read_bytes()
        assert "Server" not in headers and "Date" not in headers
        clip = f"/clips/{next(iter(key.clips))}.mp4"
        whole = (folder / clip[1:]).read_bytes()
        assert ask("GET", f"{clip}?x=1")[::2] == (200, whole)
        status, headers, body = ask("GET", clip, Range="bytes=2-5")
        assert (status, body) == (206, whole[2:6])
        assert headers["Content-Range"] == f"bytes 2-5/{len(whole)}"
        assert ask("GET", clip, Range="bytes=7-")[::2] == (206, whole[7:])
        assert ask("GET", clip, Range="bytes=0-99999999")[::2] == (206, whole)
        assert ask("GET", clip, Range=f"bytes={len(whole)}-")[0] == 416
        assert ask("GET", clip, Range="bytes=5-2")[::2] == (200, whole)
        status, headers, body = ask("HEAD", clip)
        assert (status, headers["Content-Length"], body) == (200, str(len(whole)), b"")
        (tmp_path / "r" / "07.json").write_text("secret")
        for path in ("/clips/", "/../key", "/%2e%2e/key", "//etc/passwd", "/ratings/07", "/r/07"):
            assert ask("GET", path)[::2] == (404, b"")


def test_each_raters_answers_are_kept_once(study, tmp_path, capsys):
    folder, key = study
    out = tmp_path / "a" / "r"
    with serving(folder, out) as ask:
        assert ask("HEAD", "/ratings/07")[0] == 404
        assert ask("POST", "/ratings/07", good(key))[0] == 201
        assert ask("HEAD", "/ratings/07")[0] == 200 and ask("HEAD", "/ratings/08")[0] == 404
        other = good(key).replace(", 3]", ", 4]")
        assert ask("POST", "/ratings/07", other)[0] == 409
        assert ask("POST", "/ratings/08", good(key, "08"))[0] == 201
    assert sorted(os.listdir(out)) == ["07.json", "08.json"]
    assert (out / "07.json").read_text() == good(key)
    assert capsys.readouterr().out == "Rater 07: 4 ratings\nRater 08: 4 ratings\n"


def test_what_is_no_raters_file_is_refused(study, tmp_path):
    folder, key = study
    with serving(folder, tmp_path / "r") as ask:
        for path, body, status in [
            ("/ratings/07", "no json", 400),
            ("/ratings/07", good(key).replace(key.page, "other"), 400),
            ("/ratings/07", good(key, "08"), 400),
            ("/ratings/07", good(key).replace(", 3]", ", 6]"), 400),
            ("/ratings/a.b", good(key, "a.b"), 404),
            ("/ratings/..%2f07", good(key), 404),
            (f"/ratings/{'a' * 33}", good(key), 404),
            ("/index.html", good(key), 404),
        ]:
            assert ask("POST", path, body)[0] == status, path
        # Not even read.
        assert ask("POST", "/ratings/07", "", **{"Content-Length": str(LARGEST + 1)})[0] == 413
        assert ask("POST", "/ratings/07", "", **{"Content-Length": "-1"})[0] == 411
        assert os.listdir(tmp_path / "r") == []
        # The folder has gone: the rater's browser has the file.
        (tmp_path / "r").rmdir()
        assert ask("POST", "/ratings/07", good(key))[0] == 507


def test_what_cannot_be_served_is_refused(study, tmp_path, capsys):
    with pytest.raises(InputError, match="is no page: give the -o folder"):
        Receiver(tmp_path, tmp_path / "r", "127.0.0.1", 0)
    (tmp_path / "file").touch()
    assert main(["receive", str(study[0]), "-o", str(tmp_path / "file" / "r")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    with Receiver(study[0], tmp_path / "r", "127.0.0.1", 0) as server:
        port = str(server.server_address[1])
        given = ["receive", str(study[0]), "-o", str(tmp_path / "r"), "--port", port]
        assert main(given) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"127.0.0.1:{port} cannot be listened at" in line


def test_the_command_serves_until_ctrl_c(study, tmp_path):
    folder, key = study
    words = ["gait_jax.mos", "receive", folder, "-o", tmp_path / "r", "--port", 0]
    process = processes.start([sys.executable, "-m", *words])
    line = process.stdout.readline()
    port = int(line.split("/")[2].split(":")[1])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/ratings/07", good(key))
    assert connection.getresponse().status == 201
    connection.close()
    process.send_signal(signal.SIGINT)
    status, said, errors = processes.finish(process)
    assert (status, errors) == (0, "")
    assert said == f"Rater 07: 4 ratings\nRaters' files received: 1, in {tmp_path / 'r'}\n"
