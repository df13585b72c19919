# quantum/backends/qiskit_backend.py
"""Any backend of Qiskit's (`BackendV2`): a processor of the user's own account, or a simulator, found by import path.

    provider = "qiskit.providers.fake_provider:GenericBackendV2", provider_options = { num_qubits = 5 }
    provider = "my_lab.machines:open_machine", sampler = "qiskit_ibm_runtime:SamplerV2"

The provider is a callable that returns the backend. The circuit of the clips (`clip_circuit.py`) is transpiled for the
backend's target once, and its angles are bound for each clip. Shots are taken by the backend's own `run`, through
Qiskit's `BackendSamplerV2`, or by the `SamplerV2` that `sampler` names, called with the backend, where `run` is gone.

Gates are those of the transpiled circuit; one whose time is 0 in the target is virtual and counts none. Seconds come of
`estimate_duration` with the target's times, before and behind the barrier, and of the delay between two shots, which is
the backend's `default_rep_delay` or an option. Where one of them is unknown the seconds are unavailable, and said so:
the shots then have no price. Waiting in a queue is no time of the machine.

The code behind the import path is the user's; a cell's key holds its name and not what it says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import torch
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.exceptions import QiskitError
from qiskit.primitives import BackendSamplerV2, BaseSamplerV2
from qiskit.providers import BackendV2
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.clip_circuit import ClipCircuit, clip_circuit_of
from quantum.backends.shot_options import Sampled, ShotRun
from quantum.backends.states import PreparedClips

TRANSPILER_SEED = 20240229
LONGEST_DELAY_SECONDS = 1.0


@dataclass(frozen=True)
class QiskitBackend(ShotRun):
    """The options of a backend of Qiskit's."""

    provider: str = field(kw_only=True)  # "package.module:callable"; the callable returns the backend
    provider_options: Mapping[str, Any] = field(default_factory=dict, kw_only=True)  # that the callable is given
    sampler: str = field(default="", kw_only=True)  # "package.module:class" of a SamplerV2; "": the backend's own run
    optimization_level: int = field(default=2, kw_only=True)  # of Qiskit's transpiler
    clips_per_job: int = field(default=64, kw_only=True)
    repetition_delay_seconds: float | None = field(default=None, kw_only=True)  # None: what the backend says

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("provider", "sampler"):
            path = getattr(self, name)
            if (path or name == "provider") and not all(path.partition(":")[::2]):
                raise InputError(f'{name} must name a callable as "package.module:callable"; got {path!r}.')
        if not 0 <= self.optimization_level <= 3:
            raise InputError(f"optimization_level must lie in 0 to 3; got {self.optimization_level}.")
        if self.clips_per_job < 1:
            raise InputError(f"clips_per_job must be 1 or more; got {self.clips_per_job}.")
        delay = self.repetition_delay_seconds
        if delay is not None and not 0 <= delay < LONGEST_DELAY_SECONDS:
            raise InputError(f"repetition_delay_seconds must lie in [0, 1), or be left out; got {delay}.")

    def check_here(self) -> None:
        """Refuse an import path that leads nowhere on this machine; no backend is opened."""
        for path in filter(None, (self.provider, self.sampler)):
            _imported(path)

    def sample(self, clips: PreparedClips, generator: torch.Generator) -> Sampled:
        backend = self._backend()
        whole = clip_circuit_of(clips)
        n_qubits = whole.circuit.num_qubits
        if backend.num_qubits is not None and backend.num_qubits < n_qubits:
            raise InputError(
                f"The backend {backend.name!r} has {backend.num_qubits} qubits, and the circuit has {n_qubits}. "
                "Pool more, or choose a larger one."
            )
        circuit = whole.circuit.copy()
        circuit.measure_all()  # sets a barrier before it
        passes = generate_preset_pass_manager(
            optimization_level=self.optimization_level, backend=backend, seed_transpiler=TRANSPILER_SEED
        )
        native = passes.run(circuit)
        frequencies = self._frequencies(backend, native, whole, generator)
        return Sampled(frequencies, partial(self._costs, backend, native, n_qubits))

    def _backend(self) -> BackendV2:
        made = _imported(self.provider)(**self.provider_options)
        if not isinstance(made, BackendV2):
            raise InputError(f"provider {self.provider!r} must return a BackendV2 of Qiskit; it returned {made!r:.80}.")
        return made

    def _sampler(self, backend: BackendV2, seed: int) -> BaseSamplerV2:
        if self.sampler:
            own: BaseSamplerV2 = _imported(self.sampler)(backend)
            return own
        if not callable(getattr(backend, "run", None)):
            raise InputError(
                f"The backend {backend.name!r} cannot be run by itself. Name the class of its SamplerV2 in `sampler`."
            )
        return BackendSamplerV2(backend=backend, options={"seed_simulator": seed})

    def _frequencies(
        self, backend: BackendV2, native: QuantumCircuit, whole: ClipCircuit, generator: torch.Generator
    ) -> Tensor:
        n_clips, n_outcomes = len(whole.angles), 2**whole.circuit.num_qubits
        columns = [whole.columns[one.name] for one in native.parameters]  # Qiskit binds a row in this order
        frequencies = torch.zeros(n_clips, n_outcomes, dtype=torch.float64)
        for first in range(0, n_clips, self.clips_per_job):
            part = whole.angles[first : first + self.clips_per_job, columns]
            seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
            job = self._sampler(backend, seed).run([(native, part.numpy(), self.n_shots)])
            bits = job.result()[0].data.meas
            for number in range(len(part)):
                counts = bits.get_int_counts(number)
                drawn = torch.tensor(list(counts.values()), dtype=frequencies.dtype)
                frequencies[first + number, list(counts)] = drawn / self.n_shots
        return frequencies

    def _costs(
        self, backend: BackendV2, native: QuantumCircuit, n_qubits: int
    ) -> tuple[OperationCounts, dict[str, Any]]:
        delay = self.repetition_delay_seconds
        if delay is None:
            delay = getattr(backend, "default_rep_delay", None)
        parts = _parts(native)
        preparation, circuit, _ = (_gates(backend, part) for part in parts)
        notes: dict[str, Any] = {
            "processor": f"{backend.name} ({self.provider})",
            "depth": native.depth(lambda instruction: instruction.operation.name not in ("barrier", "measure")),
            "preparation_gates_2q": preparation["gates_2q"],
            "circuit_gates_2q": circuit["gates_2q"],
        }
        readout: dict[str, float] = {"measurements": n_qubits, "shots": 1}
        try:
            ends = [_seconds(backend, parts[: number + 1]) for number in range(len(parts))]
        except QiskitError as error:
            notes["machine_seconds"] = f"unavailable: {error.message}"
        else:
            if delay is None:
                notes["machine_seconds"] = "unavailable: the backend names no default_rep_delay, nor does the study"
            else:
                preparation["machine_seconds"] = ends[0]
                circuit["machine_seconds"] = ends[1] - ends[0]
                readout["machine_seconds"] = ends[2] - ends[1] + delay
                notes["seconds_per_shot"] = ends[2] + delay
        counts = OperationCounts.of("encoder", "state-preparation", **preparation)
        counts += OperationCounts.of("network", "circuit", **circuit)
        counts += OperationCounts.of("readout", "measurement", **readout)
        return counts.scaled(self.n_shots), notes


def _imported(path: str) -> Callable[..., Any]:
    """What "package.module:callable" names."""
    module, _, name = path.partition(":")
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # whatever a package of the user's raises while it is imported
        raise InputError(
            f"{path!r} cannot be imported ({type(error).__name__}: {error}). Install its package beside this one, or "
            "mend the path."
        ) from error
    if not callable(found):
        raise InputError(f"{path!r} is no callable; it is {found!r:.80}.")
    return found


def _parts(native: QuantumCircuit) -> list[QuantumCircuit]:
    """The preparation, the trained circuit and the measurements: what the two barriers part."""
    parts = [native.copy_empty_like()]
    for instruction in native.data:
        if instruction.operation.name == "barrier" and len(parts) < 3:
            parts.append(native.copy_empty_like())
        else:
            parts[-1].append(instruction)
    return parts


def _gates(backend: BackendV2, part: QuantumCircuit) -> dict[str, float]:
    """Executed gates of a part, by the number of their qubits."""
    counts = {"gates_1q": 0.0, "gates_2q": 0.0}
    for instruction in part.data:
        name = instruction.operation.name
        if name in ("barrier", "measure", "delay"):
            continue
        qubits = tuple(part.find_bit(qubit).index for qubit in instruction.qubits)
        properties = (backend.target[name] or {}).get(qubits)
        if properties is None or properties.duration != 0:  # of no time: a virtual one
            counts["gates_2q" if len(qubits) == 2 else "gates_1q"] += 1
    return counts


def _seconds(backend: BackendV2, parts: list[QuantumCircuit]) -> float:
    """How long these parts take, one after another, a barrier between each and the next."""
    whole = parts[0].copy()
    for part in parts[1:]:
        whole.barrier()
        whole.compose(part, inplace=True, copy=False)
    return float(whole.estimate_duration(backend.target))
