"""Quanvolution: the circuit and the linear map of 81 features that it is, against Qiskit and against each other."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import SparsePauliOp, Statevector

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.circuits.patch_circuit import patch_circuit, patch_features
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.classifiers.quanvolution import Quanvolution, patches_of
from quantum.controls.patch_map import PatchMap

PICTURE = EncodedShape("intensity", (4, 6))


def built(run_as, **options):
    torch.manual_seed(0)
    return Quanvolution(run_as=run_as, pool=(1, 1), **options).build(PICTURE, 3).double().eval()


def pictures():
    return torch.rand(2, 4, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_map_is_the_circuit(n_layers):
    by_map, by_circuit = built("map", n_layers=n_layers), built("circuit", n_layers=n_layers)

    np.testing.assert_allclose(by_map.values(pictures()).numpy(), by_circuit.values(pictures()).numpy(), atol=1e-12)
    torch.testing.assert_close(by_map(pictures()), by_circuit(pictures()), atol=1e-12, rtol=0)


def test_the_values_are_qiskits_expectations_of_the_exported_circuit():
    classifier = built("map", n_layers=2, scale_radians=2.0)
    weights = classifier.layers.angles.tolist()
    patch = pictures()[0, 2:4, 0:2].flatten().numpy()  # the second row of patches, the first column
    state = Statevector(qiskit_circuit(patch_circuit(2), weights, (2.0 * patch).tolist()))

    for qubit in range(4):
        z = SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0)], 4)
        assert float(classifier.values(pictures())[0, 3, qubit]) == pytest.approx(
            state.expectation_value(z).real, abs=1e-10
        )


def test_the_features_are_the_products_of_ones_sines_and_cosines():
    angles = torch.tensor([0.3, -1.2, 2.0, 0.7], dtype=torch.float64)
    of = [np.array([1.0, np.sin(x), np.cos(x)]) for x in angles.numpy()]

    expected = np.kron(of[3], np.kron(of[2], np.kron(of[1], of[0])))

    np.testing.assert_allclose(patch_features(angles).numpy(), expected, atol=1e-12)


def test_patches_are_taken_row_by_row():
    picture = torch.arange(24.0).reshape(1, 4, 6)

    assert patches_of(picture)[0, 4].tolist() == [14.0, 15.0, 20.0, 21.0]
    assert patches_of(torch.arange(15.0).reshape(1, 3, 5)).shape == (1, 2, 4)  # an odd row and column are left out


@pytest.mark.parametrize("run_as", ["map", "circuit"])
def test_its_gradients_are_those_of_finite_differences(run_as):
    classifier = built(run_as, n_layers=2, frozen=False)

    def values(angles):
        return torch.func.functional_call(classifier, {"layers.angles": angles}, (pictures(),))

    assert torch.autograd.gradcheck(values, classifier.layers.angles.detach().clone().requires_grad_())


def test_the_control_holds_every_quanvolution():
    classifier = built("map", n_layers=2)
    control = PatchMap(pool=(1, 1)).build(PICTURE, 3).double().eval()
    control.head.load_state_dict(classifier.head.state_dict())
    with torch.no_grad():
        control.map.copy_(classifier.map())

    torch.testing.assert_close(control(pictures()), classifier(pictures()))


def test_by_the_map_a_patch_costs_its_features_and_324_products():
    classifier = built("map")
    counts = classifier.count_operations(pictures())

    assert counts.total("mac_fp32", stage="network") == 6 * 324
    assert counts.total("transcendental_fp32") == 6 * 8
    assert counts.total("multiply_fp32", stage="network") == 6 * (9 + 27 + 81) + 24
    assert built("circuit").count_operations(pictures()).total("mac_fp32", stage="network") > 6 * 324


@pytest.mark.parametrize("options", [Quanvolution, PatchMap])
@pytest.mark.parametrize(
    ("wrong", "shape", "message"),
    [
        ({"pool": (3, 1)}, PICTURE, "2 x 3 patches; a pool of .* is too large"),
        ({}, EncodedShape("state", (4, 8)), "Choose the encoder none"),
        ({"scale_radians": 7.0}, PICTURE, "scale_radians must lie in"),
    ],
)
def test_what_cannot_be_built_says_why(options, wrong, shape, message):
    with pytest.raises(InputError, match=message):
        options(**wrong).build(shape, 3)


def test_an_unknown_way_to_run_it_is_refused():
    with pytest.raises(InputError, match="No way to run quanvolution is called 'gpu'"):
        Quanvolution(run_as="gpu")
