"""Runs the launchers with stand-ins for the commands that they call."""

import os
import pathlib
import shlex

import processes

LAUNCH = processes.ROOT / "launch"


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

    def start(self, script: str, *arguments: str, **environment: str) -> processes.Process:
        """Starts a launcher, in a process group of its own as a terminal does.

        SIGINT is given back its default, for test runs that were started with it ignored.
        """
        return processes.start(
            ["env", "--default-signal=INT,TERM", LAUNCH / script, *arguments],
            env=self.environment | environment,
            cwd=self.folder,
        )

    def run(self, script: str, *arguments: str, **environment: str):
        """(exit status, output, errors) of a launcher that ends by itself."""
        return processes.finish(self.start(script, *arguments, **environment))

    def wait_for(self, *names: str) -> None:
        """Waits until files of these names are in the folder."""
        processes.wait_for(lambda: all((self.folder / name).exists() for name in names))
