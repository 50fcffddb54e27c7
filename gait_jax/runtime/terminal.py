"""What is printed, on terminals that cannot show all of it, and for readers who have gone."""

import io
import sys


class _ForAsLongAsSomebodyReads(io.RawIOBase):
    """A stream that goes on where a pipe's reader, such as `head`, has gone: work is not lost."""

    def __init__(self, stream: io.RawIOBase):
        self._stream, self._read = stream, True

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        if self._read:
            try:
                return self._stream.write(data)
            except BrokenPipeError:
                self._read = False
        return len(data)


def show_what_it_can() -> None:
    """Lets nothing that is printed end a command.

    A sign that the terminal's encoding lacks comes as its number: file names may hold any, and not
    every system prints in UTF-8. What nobody reads any more is dropped.
    """
    for stream in (sys.stdout, sys.stderr):
        # Others, of notebooks and tests, take all signs.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Not the standard error output: absl knows its log's handlers by that very object.
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return
    buffer = stream.buffer
    # Of PYTHONUNBUFFERED there is no buffer between.
    raw = buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    if not isinstance(raw, io.FileIO):
        return
    stream.flush()
    lasting = _ForAsLongAsSomebodyReads(raw)
    sys.stdout = io.TextIOWrapper(
        lasting if raw is buffer else io.BufferedWriter(lasting),
        stream.encoding,
        "backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
