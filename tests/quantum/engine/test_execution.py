# tests/quantum/engine/test_execution.py
"""The engine against Aer on the exported circuit, and its gradients against finite differences: in tiles, and by the
kernels of torch that a GPU and larger circuits run on, with states stored or worked out anew."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import transpile
from qiskit_aer import AerSimulator

from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate, layer_of
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.engine import tile_run
from quantum.engine.execution import Engine
from tests.quantum.random_circuits import circuits

BATCH = 3
WAYS = st.sampled_from(["tiles", "stored", "adjoint"])
AER = AerSimulator(method="statevector")


def numbers(circuit, seed):
    """States, weights and features, of both signs, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(BATCH, 2**circuit.n_qubits, dtype=torch.complex128, generator=generator)
    weights = torch.randn(circuit.n_weights, dtype=torch.float64, generator=generator)
    features = torch.randn(BATCH, circuit.n_features, dtype=torch.float64, generator=generator)
    return states / states.norm(dim=1, keepdim=True), weights, features


def engine_of(circuit, way):
    if way == "tiles":
        return Engine(circuit)
    engine = Engine(circuit, way)
    engine.in_tiles = lambda states: False
    return engine


def behind_aer(circuit, states, weights, features):
    """[batch, amplitude], of Aer's own gates."""
    made = []
    for state, of_clip in zip(states, features, strict=True):
        whole = qiskit_circuit(circuit, weights.tolist(), of_clip.tolist()).copy_empty_like()
        whole.set_statevector(state.numpy())
        whole.compose(qiskit_circuit(circuit, weights.tolist(), of_clip.tolist()), inplace=True)
        whole.save_statevector()
        made.append(transpile(whole, AER, optimization_level=0))
    result = AER.run(made, shots=1).result()
    return np.stack([np.asarray(result.get_statevector(number)) for number in range(len(made))])


@settings(max_examples=60, deadline=None)
@given(circuits(), st.integers(0, 10_000), WAYS)
def test_the_states_are_those_of_aer(circuit, seed, way):
    states, weights, features = numbers(circuit, seed)

    ours = engine_of(circuit, way)(states, weights, features if circuit.n_features else None)

    np.testing.assert_allclose(ours.numpy(), behind_aer(circuit, states, weights, features), atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(circuits(most_qubits=3, most_operations=12), st.integers(0, 10_000), WAYS)
def test_the_gradients_are_those_of_finite_differences(circuit, seed, way):
    states, weights, features = numbers(circuit, seed)
    engine = engine_of(circuit, way)
    inputs = [states[:1], *([weights] if circuit.n_weights else []), *([features[:1]] if circuit.n_features else [])]

    def behind(states, *angles):
        own = angles[0] if circuit.n_weights else weights
        return engine(states, own, angles[-1] if circuit.n_features else None)

    assert torch.autograd.gradcheck(behind, [one.clone().requires_grad_() for one in inputs])


@pytest.mark.parametrize("n_qubits", [6, 11])  # two blocks, three blocks; few columns below a block, and many
@pytest.mark.parametrize("batch", [4, 40])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_all_ways_give_one_state_and_one_gradient(n_qubits, batch, dtype):
    circuit = layers(n_qubits, 2)
    generator = torch.Generator().manual_seed(0)
    states = torch.nn.functional.normalize(torch.randn(batch, 2**n_qubits, generator=generator)).to(dtype)
    weights = torch.randn(circuit.n_weights, generator=generator).to(dtype)
    wanted = torch.randn(2**n_qubits, generator=generator).to(dtype)
    found = []
    for way in ("tiles", "stored", "adjoint"):
        inputs = [states.clone().requires_grad_(), weights.clone().requires_grad_()]
        behind = engine_of(circuit, way)(*inputs)
        assert behind.shape == (batch, 2**n_qubits)
        found.append((behind.detach(), *torch.autograd.grad((behind.abs().square() @ wanted).square().sum(), inputs)))

    tolerance = {"atol": 1e-12, "rtol": 1e-9} if dtype == torch.float64 else {"atol": 1e-4, "rtol": 1e-3}
    assert found[0][2].abs().min() > 1e-9
    for other in found[1:]:
        torch.testing.assert_close(found[0], other, **tolerance)


@settings(max_examples=30, deadline=None)
@given(circuits(), st.integers(0, 10_000))
def test_a_circuit_that_does_not_learn_carries_the_same_gradients_back(circuit, seed):
    states, weights, features = numbers(circuit, seed)
    engine = Engine(circuit)
    found = []
    for learns in (True, False):
        own, angles = states.clone().requires_grad_(), weights.clone().requires_grad_(learns)
        behind = engine(own, angles, features if circuit.n_features else None)
        (of_states,) = torch.autograd.grad((behind * behind.flip(0).conj()).real.sum(), own)
        found.append(of_states)

    torch.testing.assert_close(found[0], found[1], atol=1e-12, rtol=0)


@pytest.mark.parametrize("way", ["tiles", "stored"])
@pytest.mark.parametrize(("name", "qubits"), [("rx", (0,)), ("rzz", (0, 1))])
def test_an_angle_that_follows_a_feature_by_nothing_is_its_offset(name, qubits, way):
    gate, alike = Gate(name, qubits, Angle(0.5, feature=0, scale=0.0)), Gate(name, qubits, Angle(0.5))
    states = torch.randn(9, 4, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    none = torch.zeros(0, dtype=torch.float64)

    ours = engine_of(Circuit(2, (gate,)), way)(states, none, torch.ones(9, 1))

    torch.testing.assert_close(ours, Engine(Circuit(2, (alike,)))(states, none), atol=1e-14, rtol=0)


def test_states_and_gradients_that_torch_conjugates_or_negates_on_reading_are_read_so():
    circuit = layers(3, 1)
    states, weights, _ = numbers(circuit, 0)
    weights.requires_grad_()
    engine = Engine(circuit)
    for view, plain in ((states.conj(), states.conj_physical()), (torch._neg_view(states), -states)):
        assert torch.equal(engine(view, weights), engine(plain, weights))
    behind = engine(states, weights)
    arriving = torch.randn(behind.shape, dtype=behind.dtype, generator=torch.Generator().manual_seed(1))
    for view, plain in ((arriving.conj(), arriving.conj_physical()), (torch._neg_view(arriving), -arriving)):
        found = [torch.autograd.grad(behind, weights, one, retain_graph=True)[0] for one in (view, plain)]
        assert torch.equal(*found)


@pytest.mark.parametrize("way", ["tiles", "stored", "adjoint"])
def test_a_second_derivative_is_refused(way):
    circuit = layers(2, 1)
    states, weights, _ = numbers(circuit, 0)
    weights.requires_grad_()
    loss = engine_of(circuit, way)(states, weights).abs().square()[:, 0].sum()

    with pytest.raises(RuntimeError, match="Leave out create_graph=True"):
        torch.autograd.grad(loss, weights, create_graph=True)


@pytest.mark.parametrize("n_clips", [1, 7, 8, 9, 33])
def test_threads_change_nothing_however_the_clips_fill_the_tiles(n_clips, monkeypatch):
    of_both_kinds = Gate("rx", (1,), Angle(feature=0)), Gate("rzz", (0, 2), Angle(weight=1))
    circuit = Circuit(3, (*layers(3, 1).operations, *of_both_kinds))
    states, weights, features = numbers(circuit, 1)
    turn = torch.arange(n_clips) % BATCH
    states, features = states[turn], features[turn] * torch.arange(1, n_clips + 1)[:, None]
    monkeypatch.setattr(tile_run, "WORTH_A_THREAD", 1)
    found = []
    for n_threads in (1, 2):
        monkeypatch.setattr(torch, "get_num_threads", lambda n_threads=n_threads: n_threads)
        inputs = [one.clone().requires_grad_() for one in (states, weights, features)]
        behind = Engine(circuit)(*inputs)
        found.append((behind.detach(), *torch.autograd.grad(behind.abs().square()[:, :3].square().sum(), inputs)))

    assert len(found[0][0]) == n_clips
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_a_gate_object_that_stands_twice_in_a_circuit_acts_and_learns_twice():
    gate = Gate("ry", (0,), Angle(weight=0))
    weights = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    states = torch.tensor([[1.0, 0.0]], dtype=torch.float64)

    behind = Engine(Circuit(1, (gate, Gate("h", (0,)), Gate("h", (0,)), gate)))(states, weights)
    behind[0, 1].real.backward()  # sin(2 * 0.3 / 2), whose derivative is cos(0.3)

    assert behind[0, 1].real.item() == pytest.approx(np.sin(0.3))
    assert weights.grad.item() == pytest.approx(np.cos(0.3))


def test_the_precision_of_the_states_follows_the_weights():
    engine = Engine(layers(3, 1))
    states = torch.eye(8)[:2]

    assert engine(states, torch.zeros(6)).dtype == torch.complex64
    assert engine(states, torch.zeros(6, dtype=torch.float64)).dtype == torch.complex128


@pytest.mark.parametrize(
    ("states", "weights", "features", "message"),
    [
        ((2, 8), 1, None, r"2 qubits acts on states \[batch, 4\]; got \[2, 8\]"),
        ((2, 4), 2, (2, 1), r"has 1 weights; got \[2\]"),
        ((2, 4), 1, None, r"reads features \[2, 1\]; got none"),
        ((2, 4), 1, (1, 1), r"reads features \[2, 1\]; got \[1, 1\]"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(states, weights, features, message):
    circuit = Circuit(2, (Gate("rx", (0,), Angle(weight=0)), Gate("ry", (1,), Angle(feature=0))))

    with pytest.raises(ValueError, match=message):
        Engine(circuit)(torch.zeros(states), torch.zeros(weights), None if features is None else torch.zeros(features))


def test_another_way_of_keeping_states_is_refused():
    with pytest.raises(ValueError, match="must be one of stored, adjoint; got 'shift'"):
        Engine(layers(2, 1), "shift")


MEASURED = """
import resource, sys
import torch
from quantum.engine.execution import Engine
from quantum.engine.readout import z_expectations
from tests.quantum.engine.test_execution import layers

def step(n_qubits):
    circuit = layers(n_qubits, 3)
    weights = torch.ones(circuit.n_weights, dtype=getattr(torch, sys.argv[1]), requires_grad=True)
    states = torch.zeros(1, 2**n_qubits, dtype=weights.dtype)
    states[0, 0] = 1
    (z_expectations(Engine(circuit, "adjoint")(states, weights)) ** 3).sum().backward()
    assert weights.grad.abs().max() > 0

step(15)  # what is imported and compiled when it is first used
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
step(20)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000)
"""


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_training_step_of_twenty_qubits_holds_less_than_200_megabytes(precision):
    command = [sys.executable, "-c", MEASURED, precision]
    # glibc would else keep freed memory, more or less of it
    returns_at_once = os.environ | {"MALLOC_MMAP_THRESHOLD_": "1000000"}
    ran = subprocess.run(command, env=returns_at_once, capture_output=True, text=True, check=True, timeout=300)

    assert float(ran.stdout) < 200


def layers(n_qubits, n_layers):
    """RY and RZ on each qubit and a ring of CX, several times, then the Fourier transform of all qubits."""
    operations = []
    for layer in range(n_layers):
        for number, name in enumerate(("ry", "rz")):
            first = (2 * layer + number) * n_qubits
            operations += layer_of(name, range(n_qubits), first)
        operations += [Gate("cx", (qubit, (qubit + 1) % n_qubits)) for qubit in range(n_qubits)]
    return Circuit(n_qubits, (*operations, Fourier(0, n_qubits)))
