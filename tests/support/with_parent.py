"""`python -m tests.support.with_parent MODULE` runs a module as a program that ends with the process that started it.

A test run that is killed leaves no server behind. Not by a `preexec_fn`, which makes Python fork: gRPC in the parent
does not survive every fork.
"""

from __future__ import annotations

import ctypes
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
