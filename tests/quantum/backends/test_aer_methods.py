"""Aer by each of its methods: the engine's probabilities, the gates that it ran, and what a limited bond loses."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.unencoded import Unencoded
from quantum.backends import aer_circuits
from quantum.backends.aer_circuits import check_gpu_here
from quantum.backends.aer_exact import AerDensityMatrix, AerExact, AerGpu, AerMps
from quantum.backends.aer_shots import AerShots
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.exact_states import ExactStates
from quantum.backends.states import engine_probabilities, prepare
from quantum.classifiers.data_reuploading import DataReuploading
from quantum.classifiers.qcnn import Qcnn
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.iqp import IqpEncoder
from tests.quantum.backends.systems import HYBRID, generator, intensity, trained

SYSTEMS = {
    "amplitudes": (QftCircuit(), AmplitudeEncoder(pool=(1, 2))),
    "a hybrid's amplitudes": (HYBRID, Unencoded()),
    "angles that follow the clip": (DataReuploading(n_qubits=4, n_layers=4), Unencoded()),
    "some of the qubits": (Qcnn(), AmplitudeEncoder(pool=(1, 2))),
    "a code's circuit": (QftCircuit(fourier_register="all"), IqpEncoder(pool=(2, 4))),
}


def sees_a_gpu():
    try:
        AerGpu().check_here()
    except InputError:
        return False
    return True


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("backend", [AerExact(), AerDensityMatrix(), AerMps(), AerGpu()])
def test_aer_and_the_engine_agree_on_every_probability(backend, system):
    if backend == AerGpu() and not sees_a_gpu():
        # A GPU alone may be absent. Without one the refusal is tested below, and the engine on the CPU by the others.
        pytest.skip("Aer sees no GPU here")
    given = trained(*SYSTEMS[system])
    ours = ExactStates().run(given, intensity(), generator())
    aers = backend.run(given, intensity(), generator())
    (check,) = aers.checks

    assert (check.name, check.passed) == ("aer-equality", True)
    assert check.details["largest_difference"] < 1e-13
    assert check.details["n_probabilities"] == 5 * 16
    assert aers.notes["aer_method"] == backend.method and "bound" in aers.notes["aer_path"]
    torch.testing.assert_close(aers.logits, ours.logits, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_circuit_with_a_clips_angles_is_that_clips_whole_circuit(system):
    clips = prepare(trained(*SYSTEMS[system]), intensity(3), generator())
    whole = clip_circuit_of(clips)
    binds = [whole.binds(whole.circuit.parameters, slice(clip, clip + 1)) for clip in range(3)]
    found = [
        Statevector(whole.circuit.assign_parameters({one: value for one, (value,) in of_clip.items()}))
        for of_clip in binds
    ]

    expected = engine_probabilities(clips).numpy()
    np.testing.assert_allclose([one.probabilities() for one in found], expected, atol=1e-12)
    assert "set_statevector" not in whole.circuit.count_ops()


@pytest.mark.parametrize("bond_dimension", [1, 2])
def test_a_limited_bond_keeps_the_largest_schmidt_vectors(bond_dimension):
    nothing = QftCircuit(n_layers_before=0, n_layers_after=0, fourier=False)
    system = trained(nothing, AmplitudeEncoder(pool=(2, 4)))
    clips = prepare(system, intensity(4), generator())
    outcome = AerMps(bond_dimension=bond_dimension).run(system, intensity(4), generator())

    left, values, right = np.linalg.svd(clips.states.numpy().reshape(4, 2, 2))
    values[:, bond_dimension:] = 0
    kept = (left * values[:, None]) @ right
    kept /= np.linalg.norm(kept, axis=(1, 2), keepdims=True)
    lost = np.abs(kept.reshape(4, 4) ** 2 - clips.states.numpy() ** 2).max()
    assert outcome.notes["largest_difference"] == pytest.approx(lost, abs=1e-12)
    assert outcome.checks == ()  # an approximation is not compared as if it were equal
    assert outcome.notes["bond_dimension"] == bond_dimension


@pytest.mark.parametrize("method", ["density_matrix", "matrix_product_state"])
def test_shots_of_every_method_scatter_about_the_engines_probabilities(method):
    system = trained()
    clips = prepare(system, intensity(1).expand(50, -1, -1), generator())
    sampled = AerShots(1000, method=method).frequencies(clips, generator(5))
    exact = engine_probabilities(clips)[0]

    spread = (exact * (1 - exact) / 50_000).sqrt()
    assert ((sampled.mean(0) - exact) / spread).abs().max() < 4.5  # 16 outcomes; one in 10,000 runs is beyond
    assert len(torch.unique(sampled, dim=0)) > 45  # no two clips are drawn from the same seed


def test_jobs_are_cut_to_a_number_of_angles(monkeypatch):
    system = trained()
    whole = AerExact().run(system, intensity(), generator())
    monkeypatch.setattr(aer_circuits, "ANGLES_PER_JOB", 30)  # 15 angles a clip

    cut = AerExact().run(system, intensity(), generator())

    assert torch.equal(cut.logits, whole.logits)


def test_more_qubits_than_a_density_matrix_holds_are_refused(monkeypatch):
    monkeypatch.setattr(aer_circuits, "MOST_DENSITY_QUBITS", 3)
    with pytest.raises(InputError, match=r"A density matrix of 4 qubits has 4\*\*4 entries; at most 3 qubits"):
        AerDensityMatrix().run(trained(), intensity(), generator())
    for backend in (AerDensityMatrix(), AerShots(method="density_matrix")):  # and before any training
        with pytest.raises(InputError, match="at most 3 qubits"):
            backend.check_network(trained().classifier)
    AerExact().check_network(trained().classifier)


@pytest.mark.parametrize(
    ("torch_sees", "reason"), [(True, "so qiskit-aer-gpu is missing"), (False, "torch sees no GPU here either")]
)
def test_a_gpu_that_aer_lacks_is_refused_with_what_is_missing(monkeypatch, torch_sees, reason):
    class OnCpus:
        def available_devices(self):
            return ("CPU",)

    monkeypatch.setattr(aer_circuits, "AerSimulator", OnCpus)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: torch_sees)
    with pytest.raises(InputError, match=rf"device is 'gpu', but Aer has CPU \(.*{reason}.*Choose cpu, or aer-exact"):
        AerGpu().check_here()
    check_gpu_here("auto")
