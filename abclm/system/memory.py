"""Give memory that is free again back to the system."""

import ctypes
import sys


def give_back_memory() -> None:
    """Give back what was freed and the C library keeps, where it is glibc; elsewhere do nothing."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
