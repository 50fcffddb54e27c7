"""The errors that a command line turns into one clear line."""


class InputError(ValueError):
    """Something the user gave cannot be used; the message names it and says what to do."""


class InUseError(InputError):
    """Another process is at work in the folder."""


class FailedError(RuntimeError):
    """What was asked for failed on its way; the message says where, and why."""
