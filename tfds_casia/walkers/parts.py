"""Examples on disk while a data set is being made: a checksum, JSON, and the pictures' bytes.

No pickle: whoever can write a file could have it run code where it is read.
"""

import io
import json
import zlib
from typing import Any, BinaryIO

_BYTES = "bytes"


class DamagedPartError(ValueError):
    """A file that `save` did not write, or not to its end."""


def save(file: BinaryIO, value: Any) -> None:
    """Writes a JSON value that may hold bytes.

    Args:
        file: open for writing.
        value: of dictionaries by text, lists, texts, numbers and bytes; tuples come back as lists.
    """
    pieces = []

    def place(data: bytes) -> dict[str, int]:
        pieces.append(data)
        return {_BYTES: len(data)}

    head = json.dumps(value, default=place).encode()
    content = b"\n".join((head, b"".join(pieces)))
    file.write(b"%08x\n" % zlib.crc32(content) + content)


def load(file: BinaryIO) -> Any:
    """Reads what `save` wrote.

    Raises:
        DamagedPartError: it did not.
    """
    checksum, _, content = file.read().partition(b"\n")
    head, _, rest = content.partition(b"\n")
    pieces = io.BytesIO(rest)

    # Dictionaries are seen in the order in which they end, so that pieces come in theirs.
    def fill(found: dict[str, Any]) -> Any:
        return pieces.read(found[_BYTES]) if found.keys() == {_BYTES} else found

    if checksum != b"%08x" % zlib.crc32(content):
        raise DamagedPartError(f"{file.name} is damaged: remove it, and it is made again")
    return json.loads(head, object_hook=fill)
