"""Memory that was freed goes back to the system, so that a process is as large as what it holds.

glibc learns from large blocks that were freed to keep the next ones in its heap, where small ones that live longer
pin them, and gives every thread a heap of its own. A process that makes and drops a few MB for each batch of wide
events would grow with the number of batches, not with what one of them needs. It is for those only: asking the system
for each large block costs time, which the others, whose blocks are small, would waste.
"""

import ctypes
from typing import Final

# From malloc.h: blocks of this size come from the system and go back when freed; so does what is free at the heap's
# end; so many heaps serve all threads.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_BYTES: Final = 128 * 1024
_ARENAS: Final = 2


def return_freed_memory() -> None:
    """For the rest of the process. Where the C library has no such switches, nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for switch, value in ((_TRIM_THRESHOLD, _BYTES), (_MMAP_THRESHOLD, _BYTES), (_ARENA_MAX, _ARENAS)):
            mallopt(switch, value)
