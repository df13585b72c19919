# quantum/backends/aer_circuits.py
"""The circuit of a batch of clips (`clip_circuit.py`) on Qiskit Aer, by one of its methods.

Aer binds the angles of each clip in its own code as it runs (`runtime_parameter_bind_enable`), so that no circuit is
built, and none is taken apart, for a clip.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator
from torch import Tensor

from classical_baselines.harness.choices import InputError, choose
from quantum.backends.clip_circuit import ClipCircuit
from quantum.backends.states import check_device
from quantum.classifiers.state_classifier import StateClassifier

METHODS = ("statevector", "density_matrix", "matrix_product_state")
ON_GPU = ("statevector", "density_matrix")
MOST_DENSITY_QUBITS = 10  # 4**10 entries are 16 MiB, and every gate sweeps them
PATH = "one transpiled circuit, preparation by gates, its angles bound by Aer for each clip"
CLIPS_PER_JOB = 256  # with ANGLES_PER_JOB it bounds the memory of a job
ANGLES_PER_JOB = 2**20


def check_aer(method: str, device: str, bond_dimension: int | None = None) -> None:
    """Refuse a method, a device or a bond dimension that Aer has not, and a GPU that this machine lacks."""
    check_device(device)
    choose({name: name for name in METHODS}, method, what="method of Aer")
    if bond_dimension is not None and method != "matrix_product_state":
        raise InputError(f"bond_dimension is of matrix_product_state; the method is {method!r}. Leave it out.")
    if bond_dimension is not None and bond_dimension < 1:
        raise InputError(f"bond_dimension must be 1 or more, or be left out for all of it; got {bond_dimension}.")
    if device == "gpu" and method not in ON_GPU:
        raise InputError(f"Aer runs {method} on the CPU alone. Choose the device auto or cpu, or one of {ON_GPU}.")


def check_gpu_here(device: str) -> None:
    """Refuse a GPU that Aer does not see on this machine, saying what is missing."""
    available = AerSimulator().available_devices()
    if device == "gpu" and "GPU" not in available:
        missing = (
            "torch sees no GPU here either"
            if not torch.cuda.is_available()
            else "torch sees one, so qiskit-aer-gpu is missing: it replaces qiskit-aer, and only one may be installed"
        )
        raise InputError(f"device is 'gpu', but Aer has {', '.join(available)} ({missing}). Choose cpu, or aer-exact.")


def aer_simulator(method: str, device: str, bond_dimension: int | None = None) -> AerSimulator:
    """A simulator by a method on the device asked for; `auto` takes a GPU where Aer has one for the method."""
    check_aer(method, device, bond_dimension)
    check_gpu_here(device)
    on_gpu = device == "gpu" or (device == "auto" and method in ON_GPU and "GPU" in AerSimulator().available_devices())
    options: dict[str, Any] = {}
    if method == "matrix_product_state":
        # Aer's own decomposition leaves 1e-11 of a probability, that of LAPACK 1e-15 (measured, 8 qubits).
        options["mps_lapack"] = True
        if bond_dimension is not None:
            options["matrix_product_state_max_bond_dimension"] = bond_dimension
    return AerSimulator(
        method=method,
        device="GPU" if on_gpu else "CPU",
        max_parallel_threads=torch.get_num_threads(),
        runtime_parameter_bind_enable=True,
        **options,
    )


def check_qubits(method: str, n_qubits: int) -> None:
    """Refuse more qubits than a density matrix is run with."""
    if method == "density_matrix" and n_qubits > MOST_DENSITY_QUBITS:
        raise InputError(
            f"A density matrix of {n_qubits} qubits has 4**{n_qubits} entries; at most {MOST_DENSITY_QUBITS} qubits "
            "are run. Pool more, or choose aer-exact."
        )


class AerMethod:
    """What the backends on Aer refuse before any work, by the method and the device among their options."""

    method: str
    device: str

    def check_here(self) -> None:
        """Refuse a device that this machine lacks."""
        check_gpu_here(self.device)

    def check_network(self, classifier: Any) -> None:
        """Refuse a circuit with more qubits than the method runs."""
        if isinstance(classifier, StateClassifier):
            check_qubits(self.method, classifier.circuit.structure.n_qubits)


def native_circuit(circuit: QuantumCircuit, simulator: AerSimulator) -> QuantumCircuit:
    """The circuit in Aer's own gates."""
    check_qubits(simulator.options.method, circuit.num_qubits)
    return transpile(circuit, simulator, optimization_level=1)


def results_of_clips(
    native: QuantumCircuit, whole: ClipCircuit, simulator: AerSimulator, **run_options: Any
) -> Iterator[Any]:
    """Aer's data of every clip in turn, from the circuit in Aer's gates, with an instruction that reads it out.

    With a generator under `generator`, each job is given a seed drawn from it, of which Aer makes one for each clip.
    """
    generator = run_options.pop("generator", None)
    n_clips, n_angles = whole.angles.shape
    per_job = max(1, min(CLIPS_PER_JOB, ANGLES_PER_JOB // n_angles))
    for first in range(0, n_clips, per_job):
        if generator is not None:
            run_options["seed_simulator"] = int(torch.randint(2**31 - 1, (1,), generator=generator))
        binds = whole.binds(native.parameters, slice(first, first + per_job))
        result = simulator.run([native], parameter_binds=[binds], **run_options).result()
        n_wanted = min(per_job, n_clips - first)
        if not result.success or len(result.results) != n_wanted:
            raise RuntimeError(f"Aer ran {len(result.results)} of {n_wanted} clips: {result.status}")
        for number in range(n_wanted):
            yield result.data(number)


def frequencies_of(results: Iterable[Any], n_qubits: int) -> Tensor:
    """[row, outcome] relative frequencies, float64, from Aer's data of one measured circuit after the other."""
    rows = []
    for data in results:
        counts = data["counts"]
        row = torch.zeros(2**n_qubits, dtype=torch.float64)
        row[[int(outcome, 16) for outcome in counts]] = torch.tensor(list(counts.values()), dtype=row.dtype)
        rows.append(row / row.sum())
    return torch.stack(rows)
