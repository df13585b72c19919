"""A folder of RAPL counters on the real clock, of known power, kept by a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.classical_baselines.harness.power_trace import write_domain

COUNT = """
import os, sys, time
file, watts = sys.argv[1], float(sys.argv[2])
began = time.monotonic()
while os.getppid() == int(sys.argv[3]):
    time.sleep(0.002)
    with open(file + ".aside", "w") as aside:
        aside.write(str(int(watts * 1e6 * (time.monotonic() - began))))
    os.replace(file + ".aside", file)  # never half a number
"""


@contextmanager
def running_counter(folder: Path, watts: float) -> Iterator[Path]:
    """`package-0` at so many watts, until the end."""
    package = write_domain(folder, "intel-rapl:0", "package-0", 0)
    arguments = [str(package / "energy_uj"), str(watts), str(os.getpid())]
    process = subprocess.Popen([sys.executable, "-S", "-c", COUNT, *arguments])
    try:
        yield folder
    finally:
        process.kill()
        process.wait()
