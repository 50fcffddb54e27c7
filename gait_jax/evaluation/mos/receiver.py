"""Serves a page to the browsers of a class-room, and keeps what they send: a file a rater."""

import http.server
import os
import pathlib
import re
import sys
import threading
import uuid
from http import HTTPStatus

from gait_jax.evaluation.mos import page, ratings
from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of, writable, write_bytes

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mp4": "video/mp4",
    "": "text/plain; charset=utf-8",
}
_RATINGS = re.compile(rf"/ratings/({ratings.CODE.pattern})")
# Safari plays nothing that it cannot ask for in parts.
_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{0,12})")
# Seconds after which a browser that says nothing is left.
_PATIENCE = 60


class Receiver(http.server.ThreadingHTTPServer):
    """A server of one page. Use as a context manager; `serve_forever` serves.

    Attributes:
      received: how many raters' files it has kept.
    """

    daemon_threads = True

    def __init__(self, folder: pathlib.Path, out: pathlib.Path, host: str, port: int):
        """Listens.

        Args:
          folder: the page's.
          out: where to keep the files of ratings; made where it is missing.
          host: the address to listen at.
          port: the number of the port; 0 for any.

        Raises:
          InputError: there is no page, nothing can be written, or the port cannot be had.
        """
        self.folder, self.out = folder, homes.expanded(out)
        self.page = page.read_study(folder)
        # What else comes into the folder is nobody's to read.
        self.files = {
            f"/{path.relative_to(folder).as_posix()}": path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _KINDS
        }
        self.files["/"] = folder / page.INDEX
        self.received = 0
        self._lock = threading.Lock()
        with writable(self.out / "ratings.json", "-o"):
            pass
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{host}:{port} cannot be listened at ({reason_of(error)}): choose another --port "
                "or --host"
            ) from None

    def file_of(self, rater: str) -> pathlib.Path:
        """Where a rater's answers are kept."""
        return self.out / f"{rater}.json"

    def keep(self, rater: str, data: bytes) -> bool:
        """Keeps a rater's answers, whole or not at all.

        Args:
          rater: the code, which is as `ratings.CODE` has it.
          data: the file's contents.

        Returns:
          Whether they were kept: False where there are others under this code.

        Raises:
          OSError: they cannot be written.
        """
        partial = self.out / f".{uuid.uuid4().hex}.partial"
        try:
            write_bytes(partial, data)
            # Unlike a renamed file, a link takes no other one's place, whoever else writes there.
            os.link(partial, self.file_of(rater))
        except FileExistsError:
            return False
        finally:
            partial.unlink(missing_ok=True)
        with self._lock:
            self.received += 1
        return True

    def handle_error(self, request, client_address):
        """Says nothing of browsers that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver
    timeout = _PATIENCE
    server_version, sys_version = "gait_jax", ""

    def log_message(self, format, *args):  # noqa: A002, the standard library's name
        """Says nothing: who asks, and when, is kept nowhere."""

    def do_HEAD(self):  # noqa: N802, the standard library's name
        """Says whether there are ratings under a code."""
        match = _RATINGS.fullmatch(self.path)
        if match is None:
            self._send_file(body=False)
        elif self.server.file_of(match[1]).exists():
            self._answer(HTTPStatus.OK)
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def do_GET(self):  # noqa: N802
        """Sends a file of the page; what others answered is not among them."""
        self._send_file(body=True)

    def do_POST(self):  # noqa: N802
        """Keeps the answers of a rater."""
        match = _RATINGS.fullmatch(self.path)
        length = self.headers.get("Content-Length", "")
        if match is None:
            return self._answer(HTTPStatus.NOT_FOUND)
        if not re.fullmatch(r"[0-9]{1,12}", length):
            return self._answer(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > ratings.LARGEST:
            self.close_connection = True
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        data = self.rfile.read(int(length))
        try:
            answers = ratings.parse(data)
        except ValueError:
            return self._answer(HTTPStatus.BAD_REQUEST)
        if answers.page != self.server.page or answers.rater != match[1]:
            return self._answer(HTTPStatus.BAD_REQUEST)
        try:
            kept = self.server.keep(answers.rater, data)
        except OSError as error:
            print(
                f"gait_jax.mos: {self.server.out} cannot be written ({reason_of(error)}): mend "
                f"that; rater {answers.rater} has the file among the downloads",
                file=sys.stderr,
            )
            return self._answer(HTTPStatus.INSUFFICIENT_STORAGE)
        if kept:
            print(f"Rater {answers.rater}: {len(answers.ratings)} ratings", flush=True)
        return self._answer(HTTPStatus.CREATED if kept else HTTPStatus.CONFLICT)

    def _send_file(self, body: bool) -> None:
        path = self.server.files.get(self.path.partition("?")[0])
        try:
            data = read_regular(path) if path else b""
        except OSError:
            path = None
        if path is None:
            return self._answer(HTTPStatus.NOT_FOUND)
        kind = _KINDS[path.suffix]
        match = _RANGE.fullmatch(self.headers.get("Range", ""))
        first, last = 0, len(data) - 1
        if match:
            first, last = int(match[1]), min(int(match[2] or last), last)
        if first >= len(data) > 0:
            return self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        if not match or first > last:
            return self._answer(HTTPStatus.OK, data if body else b"", kind, len(data))
        told = {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
        part = data[first : last + 1]
        return self._answer(
            HTTPStatus.PARTIAL_CONTENT, part if body else b"", kind, len(part), told
        )

    def _answer(
        self,
        status: HTTPStatus,
        data: bytes = b"",
        kind: str = _KINDS[""],
        length: int = 0,
        more: dict[str, str] | None = None,
    ) -> None:
        self.send_response_only(status)
        told = {"Content-Type": kind, "Content-Length": str(length), "Accept-Ranges": "bytes"}
        told |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        for name, value in (told | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
