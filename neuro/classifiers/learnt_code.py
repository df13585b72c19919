# neuro/classifiers/learnt_code.py
"""Dense LIF network behind a code that is learnt with it.

intensity   [batch, mel, frame]   ->   logits   [batch, class]

The code (`neuro/encoders/learnt.py`) is trained as floats from the first epoch to the last; the network behind it moves
to the chip's integers as `dense-snn` does.
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.options import check_shares, check_weight
from neuro.encoders.learnt import LearntCode, LearntCodeNetwork
from neuro.encoders.steps import check_n_steps
from neuro.neuron import LifNeuron

MOST_UNITS = 4096
LONGEST_CONTEXT = 64  # frames


@dataclass(frozen=True)
class LearntCodeSnn(DenseSnn):
    """The options of a learnt code, and of the dense LIF network behind it."""

    n_units: int = 64
    n_context: int = 3  # frames that a unit reads: this one and those before it
    code_beta: float = 0.5
    code_threshold: float = 1.0
    code_rate_target: float = 0.1  # spikes per unit and frame above which the code is penalised
    code_rate_weight: float = 0.0  # of that penalty in the loss; 0: none

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_units <= MOST_UNITS:
            raise InputError(f"n_units must be 1 to {MOST_UNITS}; got {self.n_units}.")
        if not 1 <= self.n_context <= LONGEST_CONTEXT:
            raise InputError(f"n_context must be 1 to {LONGEST_CONTEXT} frames; got {self.n_context}.")
        check_shares(code_rate_target=self.code_rate_target)
        check_weight(self.code_rate_weight)
        self.code_neuron()

    def code_neuron(self) -> LifNeuron:
        """The unit of the code, checked."""
        return LifNeuron(self.code_beta, self.code_threshold, self.surrogate_slope)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        if shape.code != "intensity" or len(shape.grid) != 2:
            size = " x ".join(map(str, shape.grid))
            raise InputError(
                f"learnt-code-snn learns its code from a picture [mel, frame]; it is given {shape.code} of shape "
                f"{size}. Choose the encoder 'none'."
            )
        n_mels, n_frames = shape.grid
        check_n_steps(n_frames)
        code = LearntCode(n_mels, self.n_units, self.n_context, self.code_neuron())
        body = super().build(EncodedShape("spikes", (self.n_units,), n_frames), n_classes)
        return LearntCodeNetwork(code, body, self.code_rate_target, self.code_rate_weight)
