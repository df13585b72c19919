# quantum/classifiers/qft_circuit.py
"""The circuit alone: amplitude state -> trainable layers -> QFT -> trainable layers -> readout -> linear head.

    encoded   [batch, amplitude]   unit norm, real from the encoder `amplitude`, complex from the codes by a circuit
    logits    [batch, class]

Nothing is trained before the state. The logits are linear in outcome probabilities, so they are a quadratic form of
the amplitudes: c + x' A x with the few angles and the head to choose A.
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.layers_around_fourier import LayersAroundFourier
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.amplitudes import qubits_of


@dataclass(frozen=True)
class QftCircuit(LayersAroundFourier):
    """The options of the circuit alone; `fourier`, `random_unitary`, `entangle` and `frozen` make controls of it."""

    n_layers_before: int = 2
    n_layers_after: int = 2
    entangler: str = "cz-ring"  # cz-ring or cx-ring
    fourier_register: str = "frame"  # all, mel or frame: what the QFT acts on; "mel+frame": both in turn
    dropout: float = 0.3  # of the values that the head reads

    def build(self, shape: EncodedShape, n_classes: int) -> StateClassifier:
        if shape.code not in {"state", "complex-state"}:
            raise InputError(
                f"qft-circuit reads states, got the code {shape.code!r}. Choose a state code, such as amplitude."
            )
        return self.classifier(qubits_of(shape.n_channels), shape.grid, n_classes)
