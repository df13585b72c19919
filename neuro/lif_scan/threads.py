# neuro/lif_scan/threads.py
"""Work on a range of items shared out among as many of torch's threads as have enough to do.

The work releases the interpreter's lock (numba's `nogil`), and a share's results do not depend on where it is cut.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

WORTH_A_THREAD = 200_000  # elementary operations: about 0.1 ms, what it takes to start one


def shared_out(work: Callable[[int, int], None], n_items: int, n_operations_each: int) -> None:
    """Do work(first, end) over all of `n_items`."""
    n_threads = max(1, min(torch.get_num_threads(), n_items, n_items * n_operations_each // WORTH_A_THREAD))
    if n_threads == 1:
        work(0, n_items)
        return
    limits = [n_items * part // n_threads for part in range(n_threads + 1)]
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(work, limits[:-1], limits[1:]))
