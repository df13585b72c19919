"""Control: a classical layer with exactly the circuit's parameters in the place of the circuit of two senses.

encoded   [batch, row, frame]   in [0, 1], of the front end `sound-and-image`
logits    [batch, class]

The front is the hybrid's, and nothing but the layer joins the senses: the ring, the means and the head of
`same-size-layer`.
"""

from dataclasses import dataclass

from torch import nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from quantum.circuits.description import CircuitDescription
from quantum.classifiers.front_of_two_senses import FrontOfTwoSenses
from quantum.classifiers.head import Readout
from quantum.controls.circuit_removed import VectorClassifier
from quantum.controls.same_size_layer import RingLayer, RunMeans
from quantum.controls.two_senses_removed import TwoSensesRemoved
from quantum.engine.amplitudes import qubits_of


@dataclass(frozen=True)
class TwoSensesSameSize(TwoSensesRemoved):
    """The options of the control; give it those of the hybrid that it belongs to. The circuit has one trainable layer
    before the Fourier transform and one behind it, and all outcomes are read, as by default there."""

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        options = self.front_options()
        options.check(shape, "two-senses-same-size")
        n = options.n_amplitudes
        n_qubits = qubits_of(n)
        n_values = Readout("probabilities", n_qubits, n_qubits).n_values
        network = nn.Sequential(
            RingLayer(n, CircuitDescription(n_qubits, 1, 1).n_parameters, "square"),
            RunMeans(n_values),
            nn.BatchNorm1d(n_values),
            nn.Dropout(self.dropout),
            nn.Linear(n_values, n_classes),
        )
        return VectorClassifier(FrontOfTwoSenses(options), network, n)
