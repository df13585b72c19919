"""On a GPU circuits give the states and gradients that they give on the CPU, stored and adjoint."""

import pytest
import torch

from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate, layer_of
from quantum.engine.execution import Engine
from quantum.engine.readout import z_expectations

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")

N_QUBITS = 6
CIRCUIT = Circuit(
    N_QUBITS,
    (
        *(Gate("ry", (qubit,), Angle(feature=qubit, scale=1.5)) for qubit in range(N_QUBITS)),
        *layer_of("rx", range(N_QUBITS), 0),
        *(Gate("cx", (qubit, (qubit + 1) % N_QUBITS)) for qubit in range(N_QUBITS)),
        Gate("rzz", (0, 3), Angle(weight=N_QUBITS)),
        Fourier(0, 4),
        Gate("h", (5,)),
        Gate("cz", (1, 5)),
        *layer_of("rz", range(N_QUBITS), N_QUBITS + 1),
        Fourier(1, 5, inverse=True, degree=2),
        *layer_of("ry", range(N_QUBITS), 2 * N_QUBITS + 1),
    ),
)


@pytest.mark.parametrize("gradients", ["stored", "adjoint"])
@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_states_and_gradients_are_those_of_the_cpu(gradients, precision, tolerance):
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(CIRCUIT.n_weights, generator=generator, dtype=torch.float64)
    features = torch.rand(9, CIRCUIT.n_features, generator=generator, dtype=torch.float64)
    states = torch.randn(9, 2**N_QUBITS, generator=generator, dtype=torch.float64)
    states = states / states.norm(dim=1, keepdim=True)
    results = []
    for device, dtype in (("cpu", torch.float64), ("cuda", precision)):
        given = [values.detach().to(device, dtype).requires_grad_() for values in (states, weights, features)]
        behind = Engine(CIRCUIT, gradients).to(device)(*given)
        (z_expectations(behind) * torch.arange(1, N_QUBITS + 1, device=device)).sum().backward()
        results.append([behind.detach().cpu().to(torch.complex128), *(one.grad.cpu().double() for one in given)])

    for ours, expected in zip(results[1], results[0], strict=True):
        assert torch.allclose(ours, expected, rtol=0, atol=tolerance * max(1.0, float(expected.abs().max())))
