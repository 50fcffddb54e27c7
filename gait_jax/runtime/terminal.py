"""What is printed, on terminals that cannot show all of it."""

import io
import sys


def show_what_it_can() -> None:
    """Lets no sign end a command that the terminal's encoding lacks: it comes as its number.

    File names may hold any, and not every system prints in UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        # Others, of notebooks and tests, take all signs.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
