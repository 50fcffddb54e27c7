"""Anonymises the people in videos, or silhouettes in folder trees of PNGs.

    python -m gait_jax.anonymize walk.mp4
    python -m gait_jax.anonymize SILHOUETTES -o OUT

A video becomes `walk_anonymized.mp4` beside it. A folder is one of videos, or a tree of silhouettes
in which every folder with PNGs is one person's walk.
"""

import os
import signal
import sys

from gait_jax.anonymization import parsing
from gait_jax.runtime import interrupted, terminal
from gait_jax.runtime.errors import InputError


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    args = parsing.parser(__doc__.split("\n\n    ")[0]).parse_args(argv)
    # Matrices are small here: OpenBLAS's threads would wait for each other for longer than they
    # compute. NumPy reads it as it is imported, below.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Here, not above: neither --help nor what cannot be parsed waits for what takes long to load.
    try:
        import cv2  # noqa: F401, whatever is imported below needs it
    except ImportError as error:
        print(
            f"gait_jax.anonymize: OpenCV cannot be loaded ({' '.join(str(error).split())}): where "
            "a library of desktops is missing, uninstall opencv-python and install "
            "opencv-python-headless",
            file=sys.stderr,
        )
        return 1
    from gait_jax.anonymization import running

    try:
        return running.run(args)
    except InputError as error:
        print(f"gait_jax.anonymize: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"gait_jax.anonymize: {interrupted.MESSAGE}", file=sys.stderr)
        return interrupted.STATUS


def _told_to_stop(number: int, frame: object) -> None:
    """Ends as by Ctrl-C, so that nothing half-written stays."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _told_to_stop)
    sys.exit(main())
