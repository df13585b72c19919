# studies/freed_memory.py
"""What malloc does with large blocks that are freed: back to the system, within bounds that do not slow training.

glibc moves its own bounds: each large block that is freed, up to 32 MiB, raises the size from which blocks are mapped,
and smaller ones then come from a heap that keeps its holes. A training step of 20 qubits, whose states are 8 and
16 MiB, holds two to four times what it needs so. With fixed bounds

    blocks of 8 MiB or more    are mapped, and unmapped when they are freed
    smaller ones               come from the heap, of which up to 64 MiB stay at its end: glibc's largest bound, so that
                               a step of a network finds what the step before it has freed

A process of `trichord` fixes them where it begins to compute. Other libraries of C have no such bounds, and are left
as they are. Values of glibc's malloc.h and mallopt(3).
"""

import ctypes
from contextlib import suppress

MAPPED_FROM_BYTES = 8 * 2**20
KEPT_AT_THE_END_BYTES = 64 * 2**20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h


def return_freed_memory() -> bool:
    """Fix the bounds for this process and those forked from it; whether malloc took them (not without glibc)."""
    with suppress(OSError, TypeError, AttributeError):  # no library of C by that name; one without these functions
        library = ctypes.CDLL(None)
        if library.gnu_get_libc_version:
            bounds = {M_MMAP_THRESHOLD: MAPPED_FROM_BYTES, M_TRIM_THRESHOLD: KEPT_AT_THE_END_BYTES}
            return all(library.mallopt(which, n_bytes) == 1 for which, n_bytes in bounds.items())
    return False
