# classical_baselines/front_ends/learnt_front_end.py
"""What a front end that learns is: layers from samples to a picture, trained with the network that reads it.

    waveforms   [batch, sample]
    picture     [batch, channel * band, frame]      the bands of the first channel, then those of the next
    frame       1 + n_samples // hop of them, frame t centred on sample t * hop

It has parameters, so it belongs to the classifier: a fold trains its own, the weights of a cell hold it, and its
operations are counted in the stage `network` by the layers themselves. The options of one are a frozen dataclass with
`build(n_samples, sample_rate_hz)`; what is fixed in them (`log_mel_layers`) is the control of what is learnt.
"""

from typing import Protocol

from torch import Tensor, nn

from classical_baselines.front_ends.front_end_operations import count_fourier


class LearntFrontEnd(nn.Module):
    """Base of the layers; a subclass sets the sizes and defines `forward`."""

    n_bands: int
    n_channels: int = 1

    def forward(self, waveforms: Tensor) -> Tensor:
        """[batch, sample] -> [batch, channel * band, frame]."""
        raise TypeError(f"{type(self).__name__} defines no forward pass")

    def fourier_bytes(self, n_samples: int) -> float:
        """Bytes that Fourier transforms of one clip move between their butterflies, beyond their input and output."""
        del n_samples
        return 0.0


class LearntFrontEndOptions(Protocol):
    """A frozen dataclass of options."""

    def build(self, n_samples: int, sample_rate_hz: int) -> LearntFrontEnd:
        """New layers for clips of `n_samples`."""
        ...


def bytes_between_butterflies(n_fft: int, n_frames: int) -> float:
    """What `count_fourier` says that real FFTs move, less the frames that go in and the bins that come out."""
    return count_fourier(n_fft, n_frames).total("sram_bytes") - 4.0 * (n_fft + 2 * (n_fft // 2 + 1)) * n_frames
