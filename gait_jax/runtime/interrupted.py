"""What a command line says, and how it ends, when it is ended by Ctrl-C."""

import signal

MESSAGE = "stopped by Ctrl-C"
# As shells say it: 128 and the signal's number.
STATUS = 128 + signal.SIGINT
