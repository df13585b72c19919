"""The basis code of spikes from plain bit strings."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qiskit.quantum_info import Statevector

from classical_baselines.harness.choices import InputError
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.encoders.basis import BasisEncoder, basis_states


@settings(max_examples=30, deadline=None)
@given(arrays(np.int64, (4, 2, 3), elements=st.integers(0, 1)))
def test_a_step_is_its_bit_string_beside_its_number(spikes):
    states = basis_states(torch.from_numpy(spikes).double()).numpy()

    for clip, state in enumerate(states):
        found = {format(place, "05b"): value for place, value in enumerate(state) if value}
        expected = {"".join(map(str, spikes[step, clip, ::-1])) + format(step, "02b"): 0.5 for step in range(4)}
        assert found == expected


def test_one_step_is_the_plain_basis_state():
    picture = torch.tensor([[[0.9], [0.2], [0.6]]])

    states = BasisEncoder(pool=(1, 1))(picture, torch.Generator())

    assert states.nonzero().tolist() == [[0, 0b101]]


@settings(max_examples=20, deadline=None)
@given(arrays(np.float64, (2, 3, 5), elements=st.sampled_from([0.0, 0.5, 0.51, 1.0])))
def test_the_circuit_turns_the_channels_of_every_spike(intensity):
    encoder = BasisEncoder(pool=(1, 1))
    circuit = encoder.preparation(3, 5)  # 5 steps are filled to 8
    clips = torch.from_numpy(intensity)

    states = encoder(clips, torch.Generator()).numpy()

    for state, angles in zip(states, encoder.angles(clips).tolist(), strict=True):
        np.testing.assert_allclose(Statevector(qiskit_circuit(circuit, (), angles)).data, state, atol=1e-12)
    fires = np.pad(intensity > 0.5, ((0, 0), (0, 0), (0, 3)))
    np.testing.assert_array_equal(encoder.spikes(clips).numpy(), fires.transpose(2, 0, 1))


def test_the_classical_work_is_counted():
    counts = BasisEncoder(pool=(1, 1)).operations(torch.zeros(1, 3, 5), torch.zeros(1, 64))

    # 15 comparisons; of 3 channels in 8 steps, 3 stages of sums and a scaling
    assert counts.total("compare_fp32") == 15
    assert counts.total("add_fp32") == 24 * 3
    assert counts.total("multiply_fp32") == 24


def test_what_makes_no_code_is_refused():
    with pytest.raises(InputError, match=r"threshold must lie in \[0, 1\), or nothing could fire; got 1.0"):
        BasisEncoder(threshold=1.0)
    with pytest.raises(InputError, match="12 channels and 8 steps fill 15 qubits, and 14 can be trained with"):
        BasisEncoder(pool=(1, 1)).shape(12, 5)
