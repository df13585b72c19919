# neuro/encoders/code_backend.py
"""Backend `spike-code`: the trained network as floats, with its code measured on the same clips.

The notes hold `CodeMeasures` (`neuro/encoders/measures.py`) with `code_` before each name; what a code does not have is
left out. `studies/spike_codes.py` makes the table of them.
"""

from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Outcome, Trained
from neuro.encoders.learnt import coded
from neuro.encoders.measures import CodeMeter


@dataclass(frozen=True)
class SpikeCode:
    """The options of the measured code."""

    batch_size: int = 256

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InputError(f"batch_size must be 1 or more; got {self.batch_size}.")

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """What `torch-float` gives, and the measures; a code that draws is measured on a draw of its own."""
        outcome = TorchFloat(self.batch_size).run(trained, intensity, generator, n_exhibits)
        encoder = coded(trained).encoder
        code = encoder.shape(*intensity.shape[1:]).code
        if code not in {"spikes", "graded"}:
            raise InputError(
                f"spike-code measures spikes; the encoder gives {code!r}. Choose the backend 'torch-float'."
            )
        meter = CodeMeter(encoder)
        for batch in intensity.split(self.batch_size):
            meter.add(batch, encoder(batch, generator))
        measured = {f"code_{name}": value for name, value in asdict(meter.measures()).items() if value is not None}
        return replace(outcome, notes={**outcome.notes, **measured})
