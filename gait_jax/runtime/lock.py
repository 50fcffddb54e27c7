"""One process at a time writes a folder: a lock that is taken over when its holder is gone."""

import contextlib
import datetime
import pathlib
import time
from types import TracebackType

import filelock
from absl import logging

from gait_jax.runtime.errors import InputError, InUseError
from gait_jax.runtime.files import reason_of

_FILE = ".lock"
# Seconds between two signs of life of a holder, and without any after which it is taken for gone.
# A holder on the same machine is known to be gone at once.
BEAT, GONE = 5.0, 45.0
# Seconds between two looks at a lock that is held.
_LOOK = 0.5


class WorkdirLock:
    """Holds a folder for this process alone; use as a context manager.

    The lock is a file in the folder, so it works wherever files can be made, also where several
    machines share a file system without locks. A process that is killed leaves it, and the next
    takes it over: at once on the same machine, elsewhere when it has seen no sign of life for
    `GONE` seconds.
    """

    def __init__(self, folder: pathlib.Path, looking: bool = True):
        """Takes the lock.

        Args:
          folder: is there.
          looking: whether to look, for seconds, if a holder elsewhere is alive; otherwise it is
            taken to be, until its last sign of life is `GONE` seconds old.

        Raises:
          InUseError: another process holds it.
          InputError: the folder cannot be written.
        """
        self._path = folder / _FILE
        self._lease = filelock.SoftFileLease(
            self._path, lease_duration=GONE, heartbeat_interval=BEAT, thread_local=False
        )
        try:
            self._take(looking)
            # The library's record leaves unknown lines alone. Its own has no time.
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"since={_now()}\n")
        except OSError as error:
            self._lease.release()
            raise InputError(
                f"{folder} cannot be locked ({reason_of(error)}): make room, mend the disk, or "
                "choose another --workdir"
            ) from None

    def _take(self, looking: bool) -> None:
        seen, since = self._sign(), time.monotonic()
        told = False
        while True:
            with contextlib.suppress(filelock.Timeout, filelock.LeaseSettingsMismatch):
                self._lease.acquire(timeout=0)
                return
            sign = self._sign()
            alive = sign != seen if looking else not self._is_old(sign)
            if None not in (seen, sign) and alive:
                raise InUseError(
                    f"{self._path.parent} is in use: {self._holder()} writes it. Wait for it, stop "
                    "it, or choose another --workdir"
                )
            if sign != seen:
                seen, since = sign, time.monotonic()
            elif time.monotonic() - since > GONE + BEAT:
                # Not even a record of a holder, or one that the library cannot read.
                self._lease.break_lock()
            if not told:
                logging.info(
                    "%s is locked by %s: looking whether it is alive.",
                    self._path.parent,
                    self._holder(),
                )
                told = True
            time.sleep(_LOOK)

    def _sign(self) -> tuple[int, int] | None:
        """The holder's last sign of life; None without a holder."""
        try:
            # Opened, not only looked at: shared file systems then ask the machine that keeps it.
            with self._path.open("rb") as file:
                file.read(1)
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _is_old(self, sign: tuple[int, int] | None) -> bool:
        """Whether a sign of life was given longer ago than any holder waits with the next."""
        return sign is not None and time.time() - sign[1] / 1e9 > GONE + BEAT

    def _holder(self) -> str:
        lines: dict[str, str] = {}
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = self._path.read_text(encoding="utf-8")
            lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        # What follows a question mark tells containers of the same name apart.
        host = lines.get("host", "").partition("?")[0] or "an unknown machine"
        since = f" since {lines['since']}" if "since" in lines else ""
        return f"process {lines.get('pid', 'unknown')} on {host}{since}"

    def check(self) -> None:
        """Has to be called before something is written that another process must not write too.

        Raises:
          InUseError: this process gave no sign of life for so long that another took the lock.
        """
        if self._lease.compromise is not None:
            raise InUseError(
                f"{self._path.parent} was taken over ({self._lease.compromise.reason}): this "
                "process stood still for too long, or its lock was removed. Run the same command "
                "again where nobody else does"
            )

    def __enter__(self) -> "WorkdirLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Gives the lock back; a lock that was lost stays with whoever took it."""
        # A disk that fails now failed before, which says more.
        with contextlib.suppress(OSError):
            self._lease.release()


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
