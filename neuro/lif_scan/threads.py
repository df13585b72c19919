# neuro/lif_scan/threads.py
"""Work on a range of items shared out among as many of torch's threads as have enough to do.

The work releases the interpreter's lock (numba's `nogil`), and a share's results do not depend on where it is cut. The
threads stay for the next call: to start one takes as long as a small layer. A process that was forked starts its own.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

import torch

WORTH_A_THREAD = 200_000  # elementary operations: about 0.1 ms


def shared_out(work: Callable[[int, int], None], n_items: int, n_operations_each: int) -> None:
    """Do work(first, end) over all of `n_items`, one share of it in the calling thread."""
    n_threads = max(1, min(torch.get_num_threads(), n_items, n_items * n_operations_each // WORTH_A_THREAD))
    limits = [n_items * part // n_threads for part in range(n_threads + 1)]
    shares = [_helpers(n_threads - 1).submit(work, limits[n], limits[n + 1]) for n in range(1, n_threads)]
    try:
        work(limits[0], limits[1])
    finally:
        wait(shares)
    for share in shares:
        share.result()


@cache
def _helpers(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, thread_name_prefix="shared-out")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)
