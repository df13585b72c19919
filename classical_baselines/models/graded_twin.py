# classical_baselines/models/graded_twin.py
"""The dense twin of a convolutional spiking network that reads levels: an input of 8 bits, activations of few.

    encoded   [batch, mel, frame]      in [0, 1]
    logits    [batch, class]

A code that spreads a value over T steps tells T + 1 values apart, and `dense_twin` gives input and activations
ceil(log2(T + 1)) bits. A graded code (`direct-current`) does not: each of its T steps carries the whole value, as one
of 256 levels, and only what the neurons pass on is counted in spikes. Its twin therefore reads the same levels, and
has the bits of T steps behind its layers alone; with an input of as few bits it would be told less than what it is
held against.
"""

from dataclasses import dataclass

from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.dense_twin import ConvolutionalTwin, TwinClassifier
from classical_baselines.models.quantised import ActivationQuantiser

INPUT_BITS = 8  # of the levels of `neuro.encoders.direct_current`


@dataclass(frozen=True)
class GradedConvolutionalTwin(ConvolutionalTwin):
    """The options of the twin of `convolutional-snn` behind a graded code; those of `convolutional-twin`."""

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        classifier = super().build(shape, n_classes)
        assert isinstance(classifier, TwinClassifier)
        classifier.input = ActivationQuantiser.of_unit_interval(INPUT_BITS)
        return classifier
