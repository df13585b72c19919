# tests/quantum/random_circuits.py
"""Random circuits of every gate and transform that a circuit may hold, for hypothesis."""

from hypothesis import strategies as st

from quantum.circuits.circuit import FIXED_ONE_QUBIT, GATES, ROTATIONS, WITH_ANGLE, Angle, Circuit, Fourier, Gate

N_WEIGHTS, N_FEATURES = 4, 3

_values = st.floats(-4, 4, allow_nan=False)


@st.composite
def angles(draw):
    followed = draw(st.sampled_from(["nothing", "weight", "feature"]))
    return Angle(
        offset=draw(_values),
        weight=draw(st.integers(0, N_WEIGHTS - 1)) if followed == "weight" else None,
        feature=draw(st.integers(0, N_FEATURES - 1)) if followed == "feature" else None,
        scale=draw(_values),
    )


@st.composite
def gates(draw, n_qubits):
    name = draw(st.sampled_from(GATES if n_qubits > 1 else FIXED_ONE_QUBIT + ROTATIONS))
    n = 1 if name in FIXED_ONE_QUBIT + ROTATIONS else 2
    qubits = draw(st.permutations(range(n_qubits)))[:n]
    return Gate(name, tuple(qubits), draw(angles()) if name in WITH_ANGLE else None)


@st.composite
def transforms(draw, n_qubits):
    first = draw(st.integers(0, n_qubits - 1))
    size = draw(st.integers(1, n_qubits - first))
    return Fourier(first, size, draw(st.booleans()), draw(st.integers(0, size - 1)), draw(st.booleans()))


@st.composite
def circuits(draw, most_qubits=7, most_operations=30):
    n_qubits = draw(st.integers(1, most_qubits))
    kinds = st.one_of(*[gates(n_qubits)] * 5, transforms(n_qubits))
    return Circuit(n_qubits, tuple(draw(st.lists(kinds, max_size=most_operations))))
