"""Runs the launchers with stand-ins for the commands that they call."""

import os
import pathlib
import shlex
import subprocess
import time

LAUNCH = pathlib.Path(__file__).parents[2] / "launch"

# Whatever a script waits for takes milliseconds: only a script that hangs takes this long.
SECONDS = 30


class Bench:
    """A folder of stand-ins for the commands that a launcher calls, and what they were called with.

    Each stand-in appends its arguments, quoted, as a line to `calls/NAME`.
    """

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        (folder / "calls").mkdir()
        self.environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "BENCH": str(folder)}

    def fake(self, name: str, body: str = "") -> pathlib.Path:
        """Writes a stand-in that notes its call, then runs `body`."""
        path = self.bin / name
        path.write_text("#!/usr/bin/env bash\ncall=$(printf '%q ' \"$@\")\n")
        with path.open("a") as file:
            # In one piece: several of them may run at once.
            file.write(f'printf "%s\\n" "$call" >>$BENCH/calls/{name}\n{body}\n')
        path.chmod(0o755)
        return path

    def calls(self, name: str) -> list[list[str]]:
        path = self.folder / "calls" / name
        return (
            [shlex.split(line) for line in path.read_text().splitlines()] if path.exists() else []
        )

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.Popen:
        """Starts a launcher in a process group of its own, as a terminal does.

        SIGINT is given back its default, for test runs that were started with it ignored.
        """
        return subprocess.Popen(
            ["env", "--default-signal=INT,TERM", str(LAUNCH / script), *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, script: str, *arguments: str, **environment: str):
        """(exit status, output, errors) of a launcher that ends by itself."""
        return finish(self.start(script, *arguments, **environment))

    def wait_for(self, *names: str, seconds: float = SECONDS) -> None:
        """Waits until files of these names are in the folder."""
        deadline = time.monotonic() + seconds
        while not all((self.folder / name).exists() for name in names):
            assert time.monotonic() < deadline, f"no {names} within {seconds} s"
            time.sleep(0.02)


def finish(process: subprocess.Popen, seconds: float = SECONDS) -> tuple[int, str, str]:
    """(exit status, output, errors) of a launcher, killed with all it started if it hangs."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        raise
    return process.returncode, output, errors
