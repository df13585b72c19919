"""The matrix-product code: near its amplitudes, exact where the bond is wide, and learnt through."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector, state_fidelity

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from quantum.backends.exact_states import ExactStates
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.matrix_product import MatrixProductEncoder

INTENSITY = torch.rand(3, 8, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def encoded(encoder, intensity=INTENSITY):
    return encoder(intensity, torch.Generator())


@pytest.mark.parametrize("amplitude", ["centred", "sqrt"])
def test_a_wide_bond_gives_the_amplitudes_themselves(amplitude):
    wide = MatrixProductEncoder(pool=(1, 1), amplitude=amplitude, bond_dimension=8)

    torch.testing.assert_close(encoded(wide), encoded(AmplitudeEncoder(pool=(1, 1), amplitude=amplitude)))
    torch.testing.assert_close(wide.fidelities(INTENSITY, encoded(wide)), torch.ones(3, dtype=torch.float64))


def test_the_fidelity_is_qiskits_and_grows_with_the_bond():
    exact = encoded(AmplitudeEncoder(pool=(1, 1)))
    found = []
    for chi in (1, 2, 4):
        encoder = MatrixProductEncoder(pool=(1, 1), bond_dimension=chi)
        states = encoded(encoder)
        found.append(encoder.fidelities(INTENSITY, states))
        theirs = [
            state_fidelity(Statevector(a), Statevector(b)) for a, b in zip(exact.numpy(), states.numpy(), strict=True)
        ]
        np.testing.assert_allclose(found[-1].numpy(), theirs, atol=1e-12)
    assert (found[0] < found[1]).all()
    assert (found[1] < found[2]).all()


def test_a_picture_of_one_row_pattern_and_one_column_pattern_needs_no_wide_bond():
    # a product of a function of the mel band and one of the frame, each a power: all qubits are independent
    picture = (0.9 ** torch.arange(8.0).double())[:, None] * (0.8 ** torch.arange(16.0).double())
    encoder = MatrixProductEncoder(pool=(1, 1), amplitude="intensity", bond_dimension=1)

    states = encoded(encoder, picture[None])

    torch.testing.assert_close(states, encoded(AmplitudeEncoder(pool=(1, 1), amplitude="intensity"), picture[None]))


def test_the_circuit_prepares_the_states_in_the_order_of_the_amplitudes():
    encoder = MatrixProductEncoder(pool=(1, 1), bond_dimension=4)
    circuit = encoder.preparation(8, 16)

    for state, angles in zip(encoded(encoder).numpy(), encoder.angles(INTENSITY).tolist(), strict=True):
        np.testing.assert_allclose(Statevector(qiskit_circuit(circuit, (), angles)).data, state, atol=1e-12)


def test_a_gradient_goes_straight_through_to_the_amplitudes():
    encoder = MatrixProductEncoder(pool=(1, 1), bond_dimension=2)
    wanted = torch.randn(128, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = []
    for code in (encoder, AmplitudeEncoder(pool=(1, 1))):
        picture = INTENSITY.clone().requires_grad_()
        (encoded(code, picture) @ wanted).sum().backward()
        found.append(picture.grad)

    torch.testing.assert_close(found[0], found[1])


def test_the_fidelity_of_every_clip_is_a_note_of_the_run():
    encoder = MatrixProductEncoder(pool=(1, 1), bond_dimension=2)
    classifier = QftCircuit().build(encoder.shape(8, 16), 3).eval()

    notes = ExactStates().run(Trained(encoder, classifier, INTENSITY), INTENSITY, torch.Generator()).notes

    fidelities = encoder.fidelities(INTENSITY, encoded(encoder))
    assert notes["preparation_fidelity"] == pytest.approx(fidelities.mean().item())
    assert notes["preparation_fidelity_by_clip"] == pytest.approx(fidelities.tolist(), abs=1e-6)


@pytest.mark.parametrize("chi", [0, 3, 256])
def test_a_bond_that_is_no_power_of_two_is_refused(chi):
    with pytest.raises(InputError, match=f"bond_dimension must be a power of two, 1 to 128; got {chi}"):
        MatrixProductEncoder(bond_dimension=chi)
