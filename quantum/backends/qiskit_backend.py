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

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from inspect import signature
from typing import Any

import torch
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.exceptions import QiskitError
from qiskit.primitives import BackendSamplerV2, BaseSamplerV2
from qiskit.providers import BackendV2
from qiskit.transpiler import StagedPassManager
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.clip_circuit import ClipCircuit, clip_circuit_of
from quantum.backends.mitigated_run import MitigatedRun
from quantum.backends.shot_options import Sampled
from quantum.backends.states import PreparedClips
from quantum.machine_time import LONGEST_DELAY_SECONDS
from quantum.mitigation.folding import folded_circuit, n_two_qubit_gates
from quantum.mitigation.readout import basis_state_gates
from quantum.transpiled import COUNTED_PATH, GENERIC_SEED


@dataclass(frozen=True)
class QiskitBackend(MitigatedRun):
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
            raise InputError(
                f"repetition_delay_seconds must lie in [0, {LONGEST_DELAY_SECONDS:g}), or be left out; got {delay}."
            )

    def check_here(self) -> None:
        """Refuse an import path that leads nowhere on this machine, and options that what it names does not take; no
        backend is opened."""
        _check_takes(_imported(self.provider), f"provider {self.provider!r}", **self.provider_options)
        if self.sampler:
            _check_takes(_imported(self.sampler), f"sampler {self.sampler!r}", self.provider)

    def sample(self, clips: PreparedClips, generator: torch.Generator) -> Sampled:
        whole = clip_circuit_of(clips)
        machine = self._processor(whole)
        return self.mitigated(machine, len(whole.angles), generator, machine.notes)

    def check_circuit(self, whole: ClipCircuit) -> None:
        """Open the backend, and refuse a circuit that it cannot run as asked for."""
        machine = self._processor(whole)
        if not self.sampler:
            self._sampler(machine.backend, 0)
        self.plan(machine.n_qubits, machine.n_gates_2q, machine.costs)

    def _processor(self, whole: ClipCircuit) -> "_Processor":
        backend = self._backend()
        n_qubits = whole.circuit.num_qubits
        if backend.num_qubits is not None and backend.num_qubits < n_qubits:
            raise InputError(
                f"The backend {backend.name!r} has {backend.num_qubits} qubits, and the circuit has {n_qubits}. "
                "Pool more, or choose a larger one."
            )
        circuit = whole.circuit.copy()
        circuit.measure_all()  # sets a barrier before it
        try:
            native = self._passes(backend, None).run(circuit)
        except QiskitError as error:
            raise InputError(
                f"The backend {backend.name!r} has no gates or couplings for the circuit: Qiskit says "
                f"{error.message!r}. Choose another backend."
            ) from error
        return _Processor(self, backend, native, whole)

    def _passes(self, backend: BackendV2, layout: list[int] | None) -> StagedPassManager:
        return generate_preset_pass_manager(
            optimization_level=self.optimization_level,
            backend=backend,
            initial_layout=layout,
            seed_transpiler=GENERIC_SEED,
        )

    def _backend(self) -> BackendV2:
        provider = _imported(self.provider)
        try:
            made = provider(**deepcopy(dict(self.provider_options)))  # Qiskit's own generic one writes into its lists
        except Exception as error:  # whatever it raises: an account that is missing, a network that is down
            raise InputError(
                f"provider {self.provider!r} opened no backend ({type(error).__name__}: {error}). Mend "
                "provider_options, or what it needs."
            ) from error
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

    def delay_seconds(self, backend: BackendV2) -> float | None:
        """Between two shots; None where nobody says."""
        own: float | None = getattr(backend, "default_rep_delay", None)
        return own if self.repetition_delay_seconds is None else self.repetition_delay_seconds


@dataclass(frozen=True, eq=False)
class _Processor:
    """The backend with the clips' circuit transpiled for it: a `Machine`."""

    options: QiskitBackend
    backend: BackendV2
    native: QuantumCircuit  # with its measurements
    whole: ClipCircuit

    @property
    def n_qubits(self) -> int:
        return self.whole.circuit.num_qubits

    @property
    def n_gates_2q(self) -> int:
        return n_two_qubit_gates(self.native)

    def shots(self, folds: tuple[int, ...], n_shots: int, generator: torch.Generator) -> Tensor:
        circuit = self._folded(folds)
        columns = [self.whole.columns[one.name] for one in circuit.parameters]  # Qiskit binds a row in this order
        angles, per_job = self.whole.angles, self.options.clips_per_job
        parts = [angles[first : first + per_job, columns] for first in range(0, len(angles), per_job)]
        return torch.cat([self._run([(circuit, part.numpy(), n_shots)], generator) for part in parts])

    def read(self, states: Sequence[int], n_shots: int, generator: torch.Generator) -> Tensor:
        return self._run([(circuit, (), n_shots) for circuit in self._preparations(states)], generator)

    def costs(self, folds: tuple[int, ...]) -> OperationCounts:
        parts = _parts(self._folded(folds))
        preparation, circuit, _ = (_gates(self.backend, part) for part in parts)
        readout: dict[str, float] = {"measurements": self.n_qubits, "shots": 1}
        if not self._unknown_seconds:
            ends = [_seconds(self.backend, parts[: number + 1]) for number in range(len(parts))]
            preparation["machine_seconds"] = ends[0]
            circuit["machine_seconds"] = ends[1] - ends[0]
            readout["machine_seconds"] = ends[2] - ends[1] + (self.options.delay_seconds(self.backend) or 0.0)
        counts = OperationCounts.of("encoder", "state-preparation", **preparation)
        counts += OperationCounts.of("network", "circuit", **circuit)
        return counts + OperationCounts.of("readout", "measurement", **readout)

    def reading_costs(self, states: Sequence[int]) -> OperationCounts:
        counts = OperationCounts()
        for circuit in self._preparations(states):
            of_one = _gates(self.backend, circuit) | {"measurements": self.n_qubits, "shots": 1}
            if not self._unknown_seconds:
                delay = self.options.delay_seconds(self.backend) or 0.0
                of_one["machine_seconds"] = _seconds(self.backend, [circuit]) + delay
            counts += OperationCounts.of("readout", "readout-calibration", **of_one)
        return counts

    def notes(self, of_a_shot: OperationCounts) -> dict[str, Any]:
        """What the table says, from the counts of one shot."""
        facts: dict[str, Any] = {
            "processor": f"{self.backend.name} ({self.options.provider})",
            "counted_path": COUNTED_PATH,
            "depth": self.native.depth(lambda instruction: instruction.operation.name not in ("barrier", "measure")),
            "preparation_gates_2q": of_a_shot.total("gates_2q", stage="encoder"),
            "circuit_gates_2q": of_a_shot.total("gates_2q", stage="network"),
        }
        if self._unknown_seconds:
            return facts | {"machine_seconds": f"unavailable: {self._unknown_seconds}"}
        return facts | {"seconds_per_shot": of_a_shot.total("machine_seconds")}

    def _folded(self, folds: tuple[int, ...]) -> QuantumCircuit:
        return folded_circuit(self.native, folds, self.backend.operation_names) if any(folds) else self.native

    @cached_property
    def _unknown_seconds(self) -> str:
        """Why no seconds are known; "" where they are."""
        try:
            _seconds(self.backend, [self.native])
        except QiskitError as error:
            return str(error.message)
        if self.options.delay_seconds(self.backend) is None:
            return "the backend names no default_rep_delay, nor does the study"
        return ""

    def _preparations(self, states: Sequence[int]) -> list[QuantumCircuit]:
        """Basis states on the qubits that the clips' circuit is read from, each measured."""
        layout = [0] * self.n_qubits
        for instruction in self.native.data:
            if instruction.operation.name == "measure":
                bit = self.native.find_bit(instruction.clbits[0]).index
                layout[bit] = self.native.find_bit(instruction.qubits[0]).index
        circuits = []
        for state in states:
            circuit = QuantumCircuit(self.n_qubits)
            for qubit in basis_state_gates(state, self.n_qubits):
                circuit.x(qubit)
            circuit.measure_all()
            circuits.append(circuit)
        made: list[QuantumCircuit] = self.options._passes(self.backend, layout).run(circuits)
        return made

    def _run(self, pubs: list[Any], generator: torch.Generator) -> Tensor:
        """[row, outcome] relative frequencies of one job: a row for each set of parameter values of each circuit."""
        seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
        rows = []
        for pub, result in zip(pubs, self.options._sampler(self.backend, seed).run(pubs).result(), strict=True):
            bits = result.data.meas.reshape(result.data.meas.size)
            for number in range(bits.size):
                counts = bits.get_int_counts(number)
                row = torch.zeros(2**self.n_qubits, dtype=torch.float64)
                row[list(counts)] = torch.tensor(list(counts.values()), dtype=row.dtype) / pub[2]
                rows.append(row)
        return torch.stack(rows)


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


def _check_takes(called: Callable[..., Any], name: str, *values: Any, **options: Any) -> None:
    """Refuse arguments that a callable does not take, without calling it."""
    try:
        taken = signature(called)
    except (TypeError, ValueError):  # not every callable of a compiled module says
        return
    try:
        taken.bind(*values, **options)
    except TypeError as error:
        what = "it is called with the backend" if values else f"provider_options are {options}"
        raise InputError(f"{name} cannot be called so: {error}; {what}. It takes {taken}.") from error


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
