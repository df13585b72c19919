# studies/bench/quantum_memory.py
"""What a wide training step holds: 20 qubits, 3 layers, QFT, <Z> of each qubit, one state, adjoint gradients.

Measured in a process of its own: the peak of its resident set in the step, above what it holds after a step of 15
qubits, with all that it imports and compiles by then. By default glibc keeps freed memory to itself, more or less of
it; processes of `trichord` bound that (`freed_memory.py`), and the limit is of them. With `MALLOC_MMAP_THRESHOLD_` at a
million bytes every large block goes back at once, and what is left is what the step needs. All three are rows.

The step's states are |0...0>: what they are changes no tensor's size. Run as `python -m studies.bench.quantum_memory
PRECISION N_QUBITS SETTING` the file prints the bytes and seconds of one step.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from studies.bench.timing import BenchRow
from studies.freed_memory import return_freed_memory
from studies.provenance import SOURCE

WIDE_QUBITS, WARM_QUBITS = 20, 15  # from 15 qubits on a step runs as blocks, which the warm-up is to have seen
LIMIT_BYTES = 200 * 10**6
OURS = "malloc as trichord sets it"
THRESHOLD = "MALLOC_MMAP_THRESHOLD_"
RETURNED_AT_ONCE = "1000000"  # bytes from which on a block is mapped, and unmapped when it is freed
AT_ONCE = f"{THRESHOLD}={RETURNED_AT_ONCE}"
DEFAULTS = "glibc's defaults"


def bench() -> Iterator[BenchRow]:
    """Single and double precision, each with every setting."""
    for precision in ("float32", "float64"):
        for setting in (OURS, AT_ONCE, DEFAULTS):
            yield _row(precision, setting)


def _row(precision: str, setting: str) -> BenchRow:
    peak_bytes, seconds = measured_in_own_process(precision, setting)
    figures = {"peak_above_import_bytes": float(peak_bytes)}
    if setting == OURS:
        figures["limit_bytes"] = float(LIMIT_BYTES)
    name = f"training step, {WIDE_QUBITS} qubits, 1 state, adjoint, {precision}, {setting}"
    return BenchRow(name, seconds, "no peer", None, unavailable="its measure is memory", figures=figures)


def measured_in_own_process(precision: str, setting: str, n_qubits: int = WIDE_QUBITS) -> tuple[int, float]:
    """Bytes above import and seconds of one step, in a fresh process with this setting of malloc."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    environment["PYTHONPATH"] = str(SOURCE)
    if setting == AT_ONCE:
        environment[THRESHOLD] = RETURNED_AT_ONCE
    call = [sys.executable, "-m", "studies.bench.quantum_memory", precision, str(n_qubits), setting]
    done = subprocess.run(call, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    peak_bytes, seconds = json.loads(done.stdout.splitlines()[-1])
    return int(peak_bytes), float(seconds)


def measure(precision: str, n_qubits: int, setting: str) -> tuple[int, float]:
    """The same, in this process."""
    if setting == OURS:
        return_freed_memory()
    import torch

    from studies.bench.large_set import peak_resident_bytes
    from studies.bench.quantum import common_circuit, ours
    from studies.bench.quantum_peers import Step

    torch.set_num_threads(1)

    def step(n: int) -> None:
        dtype = getattr(torch, precision)
        n_weights = common_circuit(n).n_weights
        states = torch.zeros(1, 2**n, dtype=dtype)
        states[0, 0] = 1
        ours(
            Step(states, torch.ones(n_weights, dtype=dtype).view(-1, 2, n), torch.zeros(1, n, dtype=dtype)), "adjoint"
        )()

    step(WARM_QUBITS)
    before = peak_resident_bytes()
    started = time.perf_counter()
    step(n_qubits)
    return peak_resident_bytes() - before, time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
