"""Run a command that dies with its parent: ``python -I -S die_with_parent.py PARENT_PID COMMAND...``.

Linux only kills a child on its parent's death when the child asks for it, and it must ask after the fork and
before the exec. Doing it in this small program, and not in a ``preexec_fn``, is safe beside threads.
Elsewhere than on Linux it is a plain exec; what a killed launcher leaves there is found by ``leftovers``.
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
    # The parent may have died before the request was made; then nobody would ever stop this process.
    if os.getppid() != parent:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main()
