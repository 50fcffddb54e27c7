"""A browser that tests click in: Chromium, without a window, over the pipe of its DevTools."""

import base64
import json
import os
import select
import shutil
import sys
import time

import processes

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Chromium reads what it is asked from descriptor 3, and answers on 4.
_PIPES = (
    "import os, sys; a, b = map(int, sys.argv[1:3]); a, b = os.dup(a), os.dup(b); "
    "os.dup2(a, 3); os.dup2(b, 4); os.set_inheritable(3, True); os.set_inheritable(4, True); "
    "os.execvp(sys.argv[3], sys.argv[3:])"
)


def find():
    """The program; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a browser. Use as a context manager."""

    def __init__(self, program, folder, downloads):
        flags = (
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--window-size=1000,800",
            f"--user-data-dir={folder / 'browser'}", "--remote-debugging-pipe",
        )  # fmt: skip
        asked, self._asks = os.pipe()
        self._answers, answers = os.pipe()
        command = (sys.executable, "-c", _PIPES, asked, answers, program, *flags)
        self._process = processes.start(
            command,
            env=os.environ | {"HOME": str(folder)},
            pass_fds=(asked, answers),
            stdout=processes.NOWHERE,
            stderr=processes.NOWHERE,
        )
        os.close(asked)
        os.close(answers)
        self._number, self._read, self._session = 0, b"", {}
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        opened = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": opened["sessionId"]}
        self._call("Page.enable")
        allowed = {"behavior": "allow", "downloadPath": str(downloads)}
        self._call("Browser.setDownloadBehavior", **allowed)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        processes.end(self._process)
        os.close(self._asks)
        os.close(self._answers)

    def _call(self, method, **parameters):
        """What the browser answers; what happens meanwhile is passed over."""
        number = self._ask(method, **parameters)
        while True:
            message = self._message()
            if message.get("method") == "Page.javascriptDialogOpening":
                # A page asks whether it may be left.
                self._ask("Page.handleJavaScriptDialog", accept=True)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]

    def _ask(self, method, **parameters):
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters} | self._session
        os.write(self._asks, json.dumps(asked).encode() + b"\0")
        return self._number

    def _message(self):
        deadline = time.monotonic() + processes.limit()
        while b"\0" not in self._read:
            assert time.monotonic() < deadline, "the browser does not answer"
            if select.select([self._answers], [], [], 1.0)[0]:
                got = os.read(self._answers, 2**16)
                assert got, "the browser has ended"
                self._read += got
        message, _, self._read = self._read.partition(b"\0")
        return json.loads(message)

    def open(self, address):
        self._call("Page.navigate", url=address)

    def value(self, script):
        """What an expression of JavaScript gives in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, script):
        """Waits until an expression gives something that is true; what it gives."""
        return processes.wait_for(lambda: self.value(script), self._process)

    def soon(self, script, tries=100):
        """Whether an expression gives something that is true before long."""
        for _ in range(tries):
            if self.value(script):
                return True
            time.sleep(0.05)
        return False

    def click(self, selector):
        """Presses the mouse on an element, once it is there and may be pressed."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(f"Boolean({found}) && !{found}.disabled")
        self.press(selector)

    def press(self, selector):
        """Presses the mouse on an element that is there."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{found}.scrollIntoView({{block: 'center'}})")
        box = "(({left, top, width, height}) => [left + width / 2, top + height / 2])"
        x, y = self.value(f"{box}({found}.getBoundingClientRect())")
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, **at)

    def write(self, text):
        """Types into what has the focus."""
        self._call("Input.insertText", text=text)

    def picture(self):
        """What is seen, as a PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])
