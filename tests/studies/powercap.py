"""A folder of RAPL counters on the real clock, of known power, that any process can read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.classical_baselines.harness.power_trace import write_domain


@contextmanager
def running_counter(folder: Path, watts: float, every_seconds: float = 0.002) -> Iterator[Path]:
    """`package-0` at so many watts, until the end."""
    package = write_domain(folder, "intel-rapl:0", "package-0", 0)
    ended = threading.Event()
    began = time.monotonic()

    def count() -> None:
        aside = package / "aside"
        while not ended.wait(every_seconds):
            aside.write_text(f"{int(watts * 1e6 * (time.monotonic() - began))}\n")
            aside.replace(package / "energy_uj")  # never half a number

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    try:
        yield folder
    finally:
        ended.set()
        thread.join()
