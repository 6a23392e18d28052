"""A process that ends with the one that started it: the kernel's parent-death signal (prctl(2), Linux)."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal

_PR_SET_PDEATHSIG = 1
# Loaded once here: between fork and exec only the call itself may happen.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel to signal this process when its parent dies; elsewhere than on Linux nothing can be asked.

    The parent's death is that of the thread that started us, so children are started from a main thread only.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)
