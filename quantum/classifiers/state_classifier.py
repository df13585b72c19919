# quantum/classifiers/state_classifier.py
"""A classifier whose every decision passes through a quantum state.

    encoded -> states [batch, amplitude] -> circuit -> probabilities [batch, outcome] -> head -> logits [batch, class]
            -> features [batch, feature] ---^        where the circuit's own angles follow the clip (data re-uploading)

The steps are methods of their own, so that a backend can take the states elsewhere (to Aer, to shots) and bring
probabilities or frequencies back to the same head.
"""

from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit
from quantum.circuits.variational import VariationalCircuit
from quantum.classifiers.head import Readout, ReadoutHead
from quantum.encoders.amplitude import unit_states
from quantum.engine.readout import probabilities
from quantum.engine.sampled import sampled


class StateClassifier(Classifier):
    """Front (where there is one), circuit, readout and head."""

    def __init__(
        self,
        structure: Circuit,
        readout: Readout,
        n_classes: int,
        *,
        front: nn.Module | None = None,
        frozen: bool = False,
        dropout: float = 0.0,
        spread_radians: float = 0.3,
        training_shots: int | None = None,
    ) -> None:
        super().__init__()
        self.front = front
        self.training_shots = training_shots  # that each step sees of a clip; None: exact probabilities
        self.circuit = VariationalCircuit(structure, spread_radians=spread_radians, frozen=frozen)
        self.head = ReadoutHead(readout, n_classes, dropout)

    def states(self, encoded: Tensor) -> Tensor:
        """Unit vectors [batch, amplitude]: the encoder's own (complex where a circuit makes them), or the front's."""
        if encoded.is_complex():
            return encoded
        encoded = encoded.to(self.head.linear.weight.dtype)
        return unit_states(encoded if self.front is None else self.front(encoded))

    def features(self, encoded: Tensor) -> Tensor | None:
        """What the circuit's own angles follow, [batch, feature] in radians; None where they follow weights alone."""
        del encoded
        return None

    def preparation(self) -> Circuit | None:
        """The circuit that prepares the states, where the classifier has its own; None: that of the encoder, or gates
        that prepare any state."""
        return None

    def outcome_probabilities(self, states: Tensor, features: Tensor | None = None) -> Tensor:
        """[batch, outcome] behind the circuit, exact."""
        return probabilities(self.circuit(states, features))

    def forward(self, encoded: Tensor) -> Tensor:
        outcomes = self.outcome_probabilities(self.states(encoded), self.features(encoded))
        if self.training and self.training_shots is not None:
            outcomes = sampled(outcomes, self.training_shots)
        logits: Tensor = self.head(outcomes)
        return logits

    def classical_operations(self, encoded: Tensor) -> OperationCounts:
        """What runs beside the circuit whatever runs the circuit: the front, its unit vector, and the head."""
        counts = self.head.operations()
        if self.front is not None:
            n = 2**self.circuit.structure.n_qubits
            front = count_modules(self.front, encoded[:1].to(self.head.linear.weight.dtype))
            unit_vector = OperationCounts.of(
                "network", "unit-vector", mac_fp32=n, multiply_fp32=n, transcendental_fp32=2, sram_bytes=8 * n
            )
            counts = front + unit_vector + counts
        return counts

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip where the circuit is simulated by this module, on a classical machine."""
        from quantum.operations import simulation_operations

        circuit = simulation_operations(self.circuit.structure)
        return self.classical_operations(encoded) + circuit + self.head.readout.simulation()
