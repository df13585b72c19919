# classical_baselines/data/audio_limits.py
"""What a sound file may cost: limits that are checked before anything is decoded, and the one error of the readers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from classical_baselines.harness.choices import InputError


class AudioError(InputError):
    """A sound file that cannot be taken; the message names the file and the mend."""


@dataclass(frozen=True)
class AudioLimits:
    """Bounds for one file. The defaults hold every data set of the catalogue with room to spare."""

    max_file_bytes: int = 128 * 2**20
    max_channels: int = 8
    min_sample_rate_hz: int = 1_000
    max_sample_rate_hz: int = 192_000
    max_seconds: float = 120.0
    max_magnitude: float = 256.0  # of a float sample; full scale is 1, and 48 dB over it is no sound any more
    worker_seconds: float = 20.0  # for FLAC and OGG: wall time of one file in the decoding worker
    worker_bytes: int = 2 * 2**30  # and the address space that the worker may take

    def check_file(self, name: str, n_bytes: int) -> None:
        """Refuse an empty file and one that is too large to read."""
        if n_bytes == 0:
            raise AudioError(f"{name} is empty (0 bytes). Fetch it again, or leave it out.")
        if n_bytes > self.max_file_bytes:
            raise AudioError(
                f"{name} has {n_bytes} bytes; at most {self.max_file_bytes} are read. Cut it into clips first."
            )

    def check_sound(self, name: str, n_channels: int, sample_rate_hz: int, n_frames: int) -> None:
        """Refuse what the header announces, where it is out of bounds."""
        if not 1 <= n_channels <= self.max_channels:
            raise AudioError(
                f"{name} has {n_channels} channels; 1 to {self.max_channels} are read. Mix it down to mono first."
            )
        if not self.min_sample_rate_hz <= sample_rate_hz <= self.max_sample_rate_hz:
            raise AudioError(
                f"{name} has a sample rate of {sample_rate_hz} Hz; {self.min_sample_rate_hz} to "
                f"{self.max_sample_rate_hz} Hz are read. Resample it first."
            )
        if n_frames < 1:
            raise AudioError(f"{name} holds no sound (0 samples). Leave it out.")
        if n_frames > self.max_seconds * sample_rate_hz:
            raise AudioError(
                f"{name} lasts {n_frames / sample_rate_hz:.1f} s; at most {self.max_seconds:g} s are read. "
                f"Cut it into clips first."
            )

    def check_samples(self, name: str, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Refuse NaN, infinities and absurd levels; return the samples as float32."""
        with np.errstate(invalid="ignore"):
            peak = float(np.max(np.abs(samples)))  # NaN, where one is among them
        if not np.isfinite(peak):
            position = int(np.flatnonzero(~np.isfinite(samples))[0])
            raise AudioError(
                f"{name} holds NaN or infinite samples (the first at {position}). Write it again, or leave it out."
            )
        if peak > self.max_magnitude:
            raise AudioError(
                f"{name} has samples of up to {peak:.4g}; full scale is 1 and at most {self.max_magnitude:g} is read. "
                f"Were integers written as floats? Divide by their full scale first."
            )
        return np.ascontiguousarray(samples, dtype=np.float32)
