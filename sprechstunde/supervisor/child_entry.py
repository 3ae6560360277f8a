"""What every child runs first, before it becomes its own program: it dies with the supervisor.

Run as a script, not imported: `python child_entry.py SUPERVISOR_PID COMMAND …`. A separate program
rather than a `preexec_fn`, which is not safe in a process with threads.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(supervisor: int, command: list[str]) -> None:
    """Replace this process by `command`, tied to the life of `supervisor` where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:  # it died before the line above
            sys.exit(1)
    # A core file would hold citizens' messages and the keys to them.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
