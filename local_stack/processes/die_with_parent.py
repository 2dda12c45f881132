"""Runs a command that dies with its parent: ``python -I -S die_with_parent.py PARENT_PID COMMAND...``.

Linux kills a child on its parent's death only if the child asks for it, after the fork and before the exec. A
``preexec_fn`` could ask, too, but is not safe beside threads; this small program is. On other systems it is a plain
exec, and :mod:`local_stack.processes.orphans` stops what a killed launcher leaves there.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died before the request. Then nothing would ever stop this process.
    if os.getppid() != parent:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main()
