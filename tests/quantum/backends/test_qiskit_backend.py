"""Backends of Qiskit's by import path: shots that are those of the circuit, gates and seconds that are the target's."""

import pytest
import torch
from qiskit.primitives import BackendSamplerV2
from qiskit.providers.fake_provider import GenericBackendV2

from classical_baselines.harness.choices import InputError
from quantum.backends.qiskit_backend import QiskitBackend
from quantum.backends.states import engine_probabilities, prepare
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.iqp import IqpEncoder
from studies.budgets import energy_rows
from tests.quantum.backends.systems import generator, intensity, trained

GENERIC = "qiskit.providers.fake_provider:GenericBackendV2"
HERE = "tests.quantum.backends.test_qiskit_backend"
ON_A_LINE = [[0, 1], [1, 2], [2, 3], [3, 4]]
jobs = []


def generic(noise_info=True, **options):
    line = {"num_qubits": 5, "coupling_map": ON_A_LINE, "seed": 3, "noise_info": noise_info}
    return QiskitBackend(options.pop("n_shots", 500), provider=GENERIC, provider_options=line, **options)


class RecordingSampler:
    """The backend's own shots, with a note of what was asked for."""

    def __init__(self, backend):
        self.inner = BackendSamplerV2(backend=backend, options={"seed_simulator": 7})

    def run(self, pubs):
        jobs.extend(pubs)
        return self.inner.run(pubs)


class WithDelay(GenericBackendV2):
    default_rep_delay = 250e-6


class WithoutRun(GenericBackendV2):
    run = None


def nothing():
    return 5


def out_of_reach():
    raise ConnectionError("no network")


SYSTEMS = [(), (QftCircuit(fourier_register="all"), IqpEncoder(pool=(2, 4), n_repeats=1))]


@pytest.mark.parametrize("system", SYSTEMS, ids=["amplitude", "iqp"])
def test_shots_on_a_line_of_qubits_scatter_about_the_engines_probabilities(system):
    given = trained(*system)
    clips = prepare(given, intensity(4), generator())
    sampled = generic(noise_info=False, n_shots=4000).sample(clips, generator(5)).frequencies
    exact = engine_probabilities(clips)

    standardised = (sampled - exact) / (exact * (1 - exact) / 4000).sqrt().clamp_min(1e-4)
    assert standardised.abs().max() < 4.5  # 64 outcomes; 4 runs in 10,000 are beyond
    assert not torch.equal(sampled[0], sampled[1])


def test_the_circuit_is_transpiled_once_and_bound_for_each_clip():
    jobs.clear()
    backend = generic(n_shots=20, sampler=f"{HERE}:RecordingSampler", clips_per_job=2)

    outcome = backend.run(trained(), intensity(5), generator())

    assert [job[1].shape for job in jobs] == [(2, 15), (2, 15), (1, 15)]  # 2**4 - 1 angles prepare a clip
    assert all(job[0] is jobs[0][0] and job[2] == 20 for job in jobs)
    names = set(jobs[0][0].count_ops())
    assert names <= {"cx", "rz", "sx", "x", "measure", "barrier"}
    n_cx = jobs[0][0].count_ops()["cx"]
    assert outcome.notes["preparation_gates_2q"] + outcome.notes["circuit_gates_2q"] == n_cx
    assert outcome.counts.total("gates_2q") == 20 * n_cx
    n_pulses = sum(jobs[0][0].count_ops().get(name, 0) for name in ("sx", "x"))
    assert outcome.counts.total("gates_1q") == 20 * n_pulses  # rz takes no time there


def longest_path(native, target):
    """Seconds from the first gate to the last readout; every qubit waits at a barrier."""
    ready = [0.0] * target.num_qubits
    for instruction in native.data:
        qubits = tuple(native.find_bit(qubit).index for qubit in instruction.qubits)
        name = instruction.operation.name
        end = max(ready[qubit] for qubit in qubits)
        if name != "barrier":
            end += target[name][qubits].duration
        for qubit in qubits:
            ready[qubit] = end
    return max(ready)


def test_the_seconds_of_a_shot_are_the_longest_path_over_the_targets_times_and_the_delay():
    jobs.clear()
    backend = generic(n_shots=20, sampler=f"{HERE}:RecordingSampler", repetition_delay_seconds=1e-4)

    outcome = backend.run(trained(), intensity(2), generator())

    target = GenericBackendV2(5, coupling_map=ON_A_LINE, seed=3).target
    expected = longest_path(jobs[0][0], target) + 1e-4
    assert outcome.notes["seconds_per_shot"] == pytest.approx(expected, rel=1e-12)
    assert outcome.counts.total("machine_seconds") == pytest.approx(20 * expected, rel=1e-12)
    assert outcome.counts.total("machine_seconds", stage="encoder") > 0


def test_the_delay_is_the_backends_own_where_the_study_names_none():
    options = {"num_qubits": 5, "seed": 3}
    own = QiskitBackend(20, provider=f"{HERE}:WithDelay", provider_options=options)
    named = QiskitBackend(20, provider=GENERIC, provider_options=options, repetition_delay_seconds=1e-4)

    seconds = [
        one.run(trained(), intensity(1), generator()).counts.total("machine_seconds", stage="readout")
        for one in (own, named)
    ]

    assert seconds[0] - seconds[1] == pytest.approx(20 * 150e-6)


@pytest.mark.parametrize(
    ("noise_info", "reason"),
    [(False, "unavailable: Duration not found for"), (True, "unavailable: the backend names no default_rep_delay")],
)
def test_seconds_that_are_not_known_are_unavailable_and_the_shots_without_a_price(noise_info, reason):
    outcome = generic(noise_info).run(trained(), intensity(1), generator())

    assert outcome.counts.total("machine_seconds") == 0
    assert outcome.notes["machine_seconds"].startswith(reason)
    assert "seconds_per_shot" not in outcome.notes
    rows = energy_rows(outcome.counts, ["host+superconducting-qpu"], 1.0)
    assert rows and {row.kind for row in rows} == {"unavailable"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"provider": "qiskit"}, "provider must name a callable as \"package.module:callable\"; got 'qiskit'"),
        ({"provider": ""}, "provider must name a callable"),
        ({"provider": GENERIC, "sampler": "x:"}, "sampler must name a callable"),
        ({"provider": GENERIC, "optimization_level": 4}, "optimization_level must lie in 0 to 3; got 4"),
        ({"provider": GENERIC, "clips_per_job": 0}, "clips_per_job must be 1 or more; got 0"),
        ({"provider": GENERIC, "repetition_delay_seconds": 250.0}, r"must lie in \[0, 1\), or be left out; got 250"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        QiskitBackend(**options)


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("no_such_package:machine", r"'no_such_package:machine' cannot be imported \(ModuleNotFoundError"),
        ("qiskit:no_such_name", r"'qiskit:no_such_name' cannot be imported \(AttributeError"),
        ("qiskit:__version__", "is no callable"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_before_any_work(provider, message):
    with pytest.raises(InputError, match=message):
        QiskitBackend(provider=provider).check_here()
    QiskitBackend(provider=f"{HERE}:nothing").check_here()  # nothing is opened


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"provider_options": {"qubits": 3}}, "provider .* cannot be called so: .*'num_qubits'"),
        ({"provider_options": {"num_qubits": 3, "nose": 1}}, "provider .* cannot be called so: .*'nose'"),
        ({"provider_options": {"num_qubits": 3}, "sampler": f"{HERE}:nothing"}, "sampler .* called with the backend"),
    ],
)
def test_what_a_provider_does_not_take_is_refused_before_any_work(options, message):
    with pytest.raises(InputError, match=message):
        QiskitBackend(provider=GENERIC, **options).check_here()
    taken = {"num_qubits": 3, "seed": 1}
    QiskitBackend(provider=GENERIC, provider_options=taken, sampler=f"{HERE}:RecordingSampler").check_here()


@pytest.mark.parametrize(
    ("provider", "options", "message"),
    [
        (f"{HERE}:out_of_reach", {}, r"opened no backend \(ConnectionError: no network\)"),
        (f"{HERE}:nothing", {}, "must return a BackendV2 of Qiskit; it returned 5"),
        (GENERIC, {"num_qubits": 3}, "'generic_backend_3q' has 3 qubits, and the circuit has 4"),
        (f"{HERE}:WithoutRun", {"num_qubits": 4}, "cannot be run by itself. Name the class of its SamplerV2"),
    ],
)
def test_what_is_no_backend_for_the_circuit_is_refused(provider, options, message):
    with pytest.raises(InputError, match=message):
        QiskitBackend(provider=provider, provider_options=options).run(trained(), intensity(1), generator())


def misread(p1_given_0, p0_given_1):
    """Five qubits on a line whose gates are exact, and whose readout errs as it is told."""
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, ReadoutError

    model = NoiseModel()
    model.add_all_qubit_readout_error(ReadoutError([[1 - p1_given_0, p1_given_0], [p0_given_1, 1 - p0_given_1]]))
    line = GenericBackendV2(5, coupling_map=ON_A_LINE, seed=3, noise_info=False)
    return AerSimulator(noise_model=model, basis_gates=["cx", "rz", "sx", "x"], coupling_map=line.coupling_map)


def depolarised(probability):
    """Five qubits on a line whose CX are followed by a depolarising channel, and nothing else errs."""
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(probability, 2), ["cx"])
    line = GenericBackendV2(5, coupling_map=ON_A_LINE, seed=3, noise_info=False)
    return AerSimulator(
        method="density_matrix", noise_model=model, basis_gates=["cx", "rz", "sx", "x"], coupling_map=line.coupling_map
    )


def distance_from_the_engine(backend, n_clips=3):
    """Largest difference of a frequency, over clips of the same seed."""
    clips = prepare(trained(), intensity(n_clips), generator())
    return (backend.sample(clips, generator(5)).frequencies - engine_probabilities(clips)).abs().max().item()


@pytest.mark.parametrize("kind", ["tensored", "full"])
def test_readout_errors_of_a_backend_are_taken_back(kind):
    options = {"provider": f"{HERE}:misread", "provider_options": {"p1_given_0": 0.05, "p0_given_1": 0.15}}
    plain = QiskitBackend(20_000, **options)
    mitigated = QiskitBackend(20_000, readout_mitigation=kind, **options)

    assert distance_from_the_engine(plain) > 0.05
    assert distance_from_the_engine(mitigated) < 0.02  # 20,000 shots scatter by 0.0035, mitigated by twice as much


def test_gate_errors_of_a_backend_are_extrapolated_to_none():
    options = {"provider": f"{HERE}:depolarised", "provider_options": {"probability": 0.02}}
    plain = QiskitBackend(50_000, **options)
    left = {
        name: distance_from_the_engine(QiskitBackend(50_000, noise_factors=(1, 2, 3), extrapolation=name, **options))
        for name in ("linear", "richardson", "exponential")
    }

    lost = distance_from_the_engine(plain)
    assert lost > 0.06
    assert left["linear"] < 0.7 * lost  # a line through a decay leaves its curvature
    assert max(left["richardson"], left["exponential"]) < 0.4 * lost


def test_the_shots_of_mitigation_are_counted_with_their_gates_and_seconds():
    options = {"repetition_delay_seconds": 1e-4, "n_shots": 100}
    plain = generic(**options).run(trained(), intensity(2), generator())
    more = generic(noise_factors=(1, 2, 3), readout_mitigation="full", calibration_shots=50, **options)
    mitigated = more.run(trained(), intensity(2), generator())

    folded = 100 * (1 + 2 + 3)
    n_2q = plain.counts.total("gates_2q") / 100
    assert mitigated.counts.total("gates_2q") == pytest.approx(folded * n_2q, rel=0.02)  # factors are whole gates
    assert mitigated.notes["noise_factors"] == pytest.approx([1, 2, 3], abs=1 / n_2q)
    assert mitigated.counts.total("shots") == 3 * 100 + 16 * 50 / 2  # 16 states, shared by two clips
    assert mitigated.counts.total("measurements") == 4 * mitigated.counts.total("shots")
    assert mitigated.notes["calibration_shots_of_all_clips"] == 800
    extra = mitigated.counts.counts["readout", "readout-calibration", "machine_seconds"] / (16 * 50 / 2)
    assert 1e-4 < extra < 1.2e-4  # the delay, and a readout of some microseconds
    assert mitigated.counts.total("machine_seconds") > 3 * plain.counts.total("machine_seconds")
    assert mitigated.counts.counts["readout", "values", "add_int32"] == 700


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"readout_mitigation": "m3"}, "No readout mitigation is called 'm3'"),
        ({"calibration_shots": 100}, "calibration_shots does nothing without readout_mitigation"),
        ({"calibration_shots": 0, "readout_mitigation": "full"}, "calibration_shots must lie in 1 to 10000000"),
        ({"noise_factors": (1, 3)}, "noise_factors must be 3 to 5 rising numbers"),
        ({"extrapolation": "richardson"}, "extrapolation = 'richardson' does nothing without noise_factors"),
    ],
)
def test_mitigation_that_cannot_hold_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        QiskitBackend(provider=GENERIC, **options)
