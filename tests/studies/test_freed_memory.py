# tests/studies/test_freed_memory.py
"""What a process holds after it has freed large blocks, as the system counts it."""

import subprocess
import sys
from platform import libc_ver

import pytest

from studies import freed_memory
from studies.freed_memory import return_freed_memory

on_glibc = pytest.mark.skipif(libc_ver()[0] != "glibc", reason="the bounds are those of glibc's malloc")
# A freed block of 24 MiB raises glibc's own bound above 10 MiB; then the small block behind keeps the heap from
# shrinking. `{begin}` is how the process begins.
HELD = """
import ctypes
{begin}
def resident_bytes():
    with open("/proc/self/statm") as file:
        return 4096 * int(file.read().split()[1])

library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
library.malloc.argtypes = [ctypes.c_size_t]

def block(n_bytes):
    place = library.malloc(n_bytes)
    ctypes.memset(place, 1, n_bytes)
    return place

library.free(block(24 * 2**20))
before = resident_bytes()
large, behind = block(10 * 2**20), block(1000)
library.free(large)
print(resident_bytes() - before)
"""


def held_bytes(begin):
    ran = subprocess.run([sys.executable, "-c", HELD.format(begin=begin)], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@on_glibc
def test_a_large_block_goes_back_when_it_is_freed_and_by_default_does_not():
    ours = "from studies.freed_memory import return_freed_memory\nassert return_freed_memory()"

    assert held_bytes("") > 9e6
    assert held_bytes(ours) < 1e6


STARTS = {  # each up to where it would begin to work
    "a cell": """
from studies import worker
worker.load_plugins = stop
started = lambda: worker._run(SimpleNamespace(study=SimpleNamespace(threads_per_cell=1)), None)
""",
    "a visit with a meter": """
from studies import measuring
measuring.workload = stop
started = lambda: measuring._visit(SimpleNamespace(study=SimpleNamespace(threads_per_cell=1)), None, 0, None)
""",
    "a bench": """
from studies.commands import bench
bench.BENCHES = {"one": stop}
started = lambda: bench.bench(["one"], False)
""",
}


@on_glibc
@pytest.mark.parametrize("start", STARTS)
def test_what_computes_begins_with_the_bounds(start):
    stop = "from types import SimpleNamespace\ndef stop(*given):\n    raise InterruptedError\n"
    begin = f"{stop}{STARTS[start]}\ntry:\n    started()\nexcept InterruptedError:\n    pass"

    assert held_bytes(begin) < 1e6


@pytest.mark.parametrize("library", [None, object()])
def test_nothing_is_done_without_glibc(monkeypatch, library):
    def opened(name):
        if library is None:
            raise TypeError("a name is needed on this system")
        return library

    monkeypatch.setattr(freed_memory.ctypes, "CDLL", opened)

    assert return_freed_memory() is False
