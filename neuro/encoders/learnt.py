# neuro/encoders/learnt.py
"""Learnt code: a layer of LIF units that is trained with the network behind it turns the picture into spikes.

    current of unit u at frame f    sum over bands m and the last `n_context` frames k of W[u, m, k] x[m, f - k], with
                                    batch norm; frames before the clip count as 0
    the unit                        leaky integrate-and-fire, `neuro/neuron.py`; a step is a frame

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; framewise: step = frame, channel = unit

Its input is no spike, so its work is counted as MACs. It belongs to a classifier (`neuro/classifiers/learnt_code.py`),
since it is trained; run on a chip, it is the encoder before the chip, in floats: `coded` takes it out of the
classifier.

In the manner of the direct code of Rathi & Roy, IEEE TNNLS 34 (2023), 3174-3182 (DIET-SNN), whose first layer is the
code.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.contracts import Classifier, EncodedShape, Encoder, Trained
from classical_baselines.harness.operations import OperationCounts
from neuro.lif_scan.scan import lif_scan
from neuro.loihi.finite import check_floats
from neuro.neuron import LifNeuron

FLOAT_BYTES = 4


class LearntCode(nn.Module):
    """The layer of units."""

    def __init__(self, n_mels: int, n_units: int, n_context: int, neuron: LifNeuron) -> None:
        super().__init__()
        self.weights = nn.Conv1d(n_mels, n_units, n_context, bias=False)
        self.norm = nn.BatchNorm1d(n_units)
        self.neuron = neuron

    def forward(self, intensity: Tensor) -> Tensor:
        """[batch, mel, frame] -> spikes [frame, batch, unit]."""
        context = self.weights.kernel_size[0] - 1
        currents: Tensor = self.norm(self.weights(pad(intensity, (context, 0))))
        return lif_scan(currents.permute(2, 0, 1).contiguous(), self.neuron)

    def operations(self, stage: str, n_frames: int) -> OperationCounts:
        """Per unit and frame a MAC for each weight and one for the leak, the norm's shift as a bias (its gain is folded
        into the weights), and two comparisons. Frames before the clip are counted like any other."""
        n_weights = self.weights.weight[0].numel()
        n_updates = n_frames * self.weights.out_channels
        return OperationCounts.of(
            stage,
            "learnt-code",
            mac_fp32=n_updates * (n_weights + 1),
            add_fp32=n_updates,
            compare_fp32=2 * n_updates,
            sram_bytes=FLOAT_BYTES * n_updates * (2 * n_weights + 2),
        )


@dataclass(frozen=True, eq=False)
class LearntEncoder:
    """A trained layer of units as the encoder of the network behind it."""

    before: Encoder  # gives the picture that the units read
    code: LearntCode

    @torch.no_grad()
    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        return self.code(self.before(intensity, generator))

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_steps = self.before.shape(n_mels, n_frames).grid[1]
        return EncodedShape("spikes", (self.code.weights.out_channels,), n_steps)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Those of the picture's pooling, and of the units."""
        picture = self.before.operations(intensity, intensity)
        return picture + self.code.operations("encoder", len(encoded))


class LearntCodeNetwork(Classifier):
    """A learnt code and the spiking network that reads it, trained as one."""

    def __init__(self, code: LearntCode, body: Classifier, spike_rate_target: float, spike_rate_weight: float) -> None:
        super().__init__()
        self.code = code
        self.body = body
        self.spike_rate_target = spike_rate_target
        self.spike_rate_weight = spike_rate_weight
        self._excess = torch.zeros(())

    def forward(self, encoded: Tensor) -> Tensor:
        spikes = self.code(encoded)
        if self.spike_rate_weight:
            self._excess = (spikes.mean() - self.spike_rate_target).clamp(min=0).square()
        logits: Tensor = self.body(spikes)
        return logits

    def penalty(self) -> Tensor:
        return self.body.penalty() + self.spike_rate_weight * self._excess

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        self.body.start_epoch(epoch, n_epochs)

    @torch.no_grad()
    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Mean counts per clip as floats: the code's MACs, and the body's additions by spike."""
        behind = classifier_operations(self.body, self.code(encoded))
        return self.code.operations("network", encoded.shape[2]) + behind


def coded(trained: Trained) -> Trained:
    """A trained system whose learnt code, where it has one, is its encoder, in evaluation mode.

    InputError where a number of the code is NaN or infinite.
    """
    classifier = trained.classifier
    if not isinstance(classifier, LearntCodeNetwork):
        return trained
    check_floats(classifier.code, "learnt-code")
    return Trained(LearntEncoder(trained.encoder, classifier.code.eval()), classifier.body, trained.calibration)
