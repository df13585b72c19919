# tests/quantum/test_operations.py
"""Gates of transpiled circuits against known numbers, and costs against sums on paper."""

import pytest
from qiskit import QuantumCircuit

from classical_baselines.harness.choices import InputError
from quantum.backends.aer_operations import bond_dimensions, gatewise_operations
from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.classifiers.head import Readout
from quantum.machine_time import ShotTimes
from quantum.operations import processor_operations, simulation_operations
from quantum.transpiled import CircuitCost, PartCost, circuit_cost, part_cost


def described(*options):
    return described_circuit(CircuitDescription(*options))


@pytest.mark.parametrize("n_qubits", [2, 3, 5])
def test_between_any_two_qubits_a_generic_real_state_needs_2_to_the_n_minus_n_minus_1_cx(n_qubits):
    cost = circuit_cost(described(n_qubits, 1, 0, "none"), "all-to-all")

    assert cost.preparation.n_gates_2q == 2**n_qubits - n_qubits - 1


def test_between_any_two_qubits_the_transform_needs_two_cx_a_controlled_phase_and_no_swap():
    cost = circuit_cost(described(6, 1, 0, "none", ((0, 6),)), "all-to-all")

    assert cost.circuit.n_gates_2q == 2 * 15


def test_a_layer_has_a_two_qubit_gate_for_each_pair_of_its_ring():
    cost = circuit_cost(described(5, 2, 0, "cz-ring"), "all-to-all")

    assert cost.circuit.n_gates_2q == 10


def test_sparser_couplings_need_more_gates_and_longer():
    circuit = described(5, 1, 1, "cx-ring", ((0, 5),))
    costs = [circuit_cost(circuit, coupling) for coupling in ("all-to-all", "linear", "heavy-hex")]

    for sparse in costs[1:]:
        assert sparse.preparation.n_gates_2q >= costs[0].preparation.n_gates_2q
        assert sparse.circuit.n_gates_2q > costs[0].circuit.n_gates_2q
        assert sparse.circuit.seconds > costs[0].circuit.seconds


def test_depth_and_seconds_are_those_of_the_longest_path():
    # qubit 0: 1 s, then 3 s with qubit 1, which waits; qubit 1 then 1 s; qubit 2 alone 4 s; a virtual gate of 0 s
    cost = part_cost([((0,), 1.0), ((0, 1), 3.0), ((1,), 1.0), ((2,), 4.0), ((2,), 0.0)])

    assert cost == PartCost(n_gates_1q=3, n_gates_2q=1, depth=3, seconds=5.0)


def test_every_shot_pays_preparation_circuit_readout_and_delay():
    cost = CircuitCost(PartCost(10, 7, 9, 1e-6), PartCost(4, 2, 3, 2e-7))

    counts = processor_operations(cost, n_qubits=3, n_shots=100, repetition_delay_seconds=250e-6)

    assert counts.total("gates_2q", stage="encoder") == 700
    assert counts.total("gates_1q", stage="network") == 400
    assert counts.total("measurements") == 300
    assert counts.total("shots") == 100
    assert counts.total("machine_seconds") == pytest.approx(100 * (250e-6 + 1.708e-6 + 1.56e-6 + 1.2e-6))


def test_a_dynamic_circuit_waits_for_its_bits():
    cost = CircuitCost(PartCost(10, 7, 9, 1e-6), PartCost(4, 0, 3, 2e-7))
    times = ShotTimes(250e-6, reset_seconds=2e-6, readout_seconds=1e-6, feed_forward_seconds=5e-7, n_feed_forward=2)

    counts = processor_operations(cost, 3, 100, times=times)

    assert counts.total("shots") == 100
    assert counts.total("gates_2q") == 700
    assert counts.total("measurements") == 300
    assert counts.total("machine_seconds") == pytest.approx(100 * (250e-6 + 2e-6 + 1e-6 + 2 * 5e-7 + 1.2e-6))
    by_layer = {layer: n for (_, layer, operation), n in counts if operation == "machine_seconds"}
    assert by_layer["feed-forward"] == pytest.approx(100 * 1e-6)
    with pytest.raises(InputError, match=r"repetition_delay_seconds must lie in \[0, 1\); got 2"):
        ShotTimes(2)


def test_a_simulated_layer_is_a_complex_product_of_each_qubit_with_its_pairs():
    counts = simulation_operations(described(7, 1, 0, "cx-ring", ((0, 2),)))

    # 7 qubits times 64 pairs of amplitudes times 4 complex multiply-accumulates of 4 real ones
    assert counts.total("mac_fp32") == 7 * 64 * 4 * 4
    # radix 2 over 2 qubits: 2 x 64 complex multiplications (4 and 2), 2 x 128 complex additions (2), 128 scalings
    assert counts.total("multiply_fp32") == 128 * 4 + 256
    assert counts.total("add_fp32") == 128 * 2 + 256 * 2


def test_an_approximate_transform_is_paid_gate_by_gate():
    counts = simulation_operations(described(3, 0, 0, "none", ((0, 3),), 1))

    # 8 amplitudes: three Hadamards, each 4 complex multiply-accumulates for each of 4 pairs; phases behind two of them,
    # a complex multiplication of every amplitude each (4 and 2)
    assert counts.total("mac_fp32") == 3 * 4 * 4 * 4
    assert counts.total("multiply_fp32") == 2 * 8 * 4
    assert counts.total("add_fp32") == 2 * 8 * 2


def test_a_degree_leaves_out_the_smallest_phases_between_any_two_qubits():
    exact, approximate = (
        circuit_cost(described(6, 1, 0, "none", ((0, 6),), degree), "all-to-all").circuit.n_gates_2q
        for degree in (0, 3)
    )

    # of 15 phases those of distance 3, 4 and 5 go: 3 + 2 + 1
    assert (exact, approximate) == (2 * 15, 2 * 9)


def test_gate_by_gate_a_one_qubit_gate_sweeps_the_state_and_a_phase_a_quarter_of_it():
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cp(0.3, 0, 1)
    circuit.cx(1, 2)

    counts = gatewise_operations(circuit)

    assert counts.total("mac_fp32") == 8 * 2 * 4
    assert counts.total("multiply_fp32") == 2 * 4
    assert counts.total("sram_bytes") == 3 * 2 * 8 * 16


def test_values_are_sums_over_outcomes_or_over_shots():
    expectations, bands = Readout("expectations", 3), Readout("probabilities", 3, 2)

    assert expectations.simulation().total("add_fp32") == 6 * 8 - 6
    assert bands.simulation().total("add_fp32") == 8 - 4
    assert expectations.counting(100).total("add_int32") == 600
    assert bands.counting(100).total("add_int32") == 100


def test_an_unknown_coupling_is_refused():
    with pytest.raises(InputError, match="No coupling is called 'grid'"):
        circuit_cost(described(2), "grid")


def prepared_and_trained():
    circuit = QuantumCircuit(2)
    circuit.ry(0.3, 1)
    circuit.cz(0, 1)
    circuit.barrier()
    circuit.cp(0.3, 0, 1)
    return circuit


def test_the_gates_before_the_barrier_are_the_encoders():
    counts = gatewise_operations(prepared_and_trained())

    assert counts.total("mac_fp32", stage="encoder") == 2 * 4 * 4  # two complex products for each of 4 amplitudes
    assert counts.total("multiply_fp32", stage="network") == 4  # one amplitude of four
    assert counts.total("sram_bytes") == 3 * 2 * 16 * 4
    assert counts.stages() == ("encoder", "network")


def test_a_density_matrix_is_swept_on_both_sides():
    counts = gatewise_operations(prepared_and_trained(), "density_matrix")

    assert counts.total("mac_fp32") == 16 * 4 * 4  # two complex products on each side, of 16 entries
    # of 16 entries row and column are both 11 in one, neither is in nine; the other six turn
    assert counts.total("multiply_fp32") == 6 * 4
    assert counts.total("sram_bytes") == 3 * 2 * 16 * 16


def test_a_product_of_matrices_pays_a_decomposition_for_each_neighbour_that_a_gate_meets():
    circuit = QuantumCircuit(3)
    circuit.cz(0, 2)
    counts = gatewise_operations(circuit, "matrix_product_state", 1)

    svd = 4 * 8 + 8 * 8 + 9 * 8  # of 2 x 2, in floating-point operations
    at_a_place = 4 * (4 + 16 + svd / 2)  # merge, 4 x 4 on four entries, decomposition; complex
    assert counts.total("mac_fp32") == 2 * at_a_place  # a swap, then the gate
    assert bond_dimensions(5) == (1, 2, 4, 4, 2, 1)
