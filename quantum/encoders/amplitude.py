# quantum/encoders/amplitude.py
"""Amplitude code: the mean-pooled picture, made a unit vector, is the state of log2(mel * frame) qubits.

    intensity   [batch, mel, frame]     in [0, 1]
    states      [batch, amplitude]      real, unit norm; amplitude index = mel * n_frames + frame

Each axis is filled with zeros to the next power of two. In Qiskit's bit order the frame is then held by the qubits
0 ... log2(n_frames) - 1 (the frame register) and the mel band by the qubits above them (the mel register).

With `amplitude = "intensity"` an amplitude is proportional to the intensity, which is QPAM (quantum probability
amplitude modulation, as quantumaudio 0.2.0 has it) of samples from 0 to 1; with "sqrt" its probability is; with
"centred" the clip's mean over the pooled picture is subtracted first, so that amplitudes are of both signs.
A unit vector has lost the norm: a picture and its half are one state. A picture without any contrast of that kind
(all zero; all equal, where centred) has norm 0 and no direction. It is refused, unless `silence = "uniform"` says
that such clips belong to the recordings and are to be the uniform state.

Simulation takes the vector as it is; a quantum processor must prepare it by gates (`quantum.circuits.real_state`),
which `quantum.operations` counts.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from classical_baselines.harness.checks import check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from quantum.engine.amplitudes import MAX_QUBITS

AMPLITUDES = ("intensity", "sqrt", "centred")
SILENCE = ("refuse", "uniform")
SMALLEST_NORM = 1e-6  # below it a vector of intensities is rounding error, not a direction


def unit_states(values: Tensor) -> Tensor:
    """Divide each row by its norm; a row of zeros becomes the uniform state, and NaN stays NaN."""
    norms = torch.linalg.vector_norm(values, dim=-1, keepdim=True)
    uniform = values.shape[-1] ** -0.5
    return torch.where(norms <= SMALLEST_NORM, uniform, values / norms.clamp_min(SMALLEST_NORM))


def check_directions(values: Tensor) -> None:
    """Refuse a row [batch, amplitude] whose norm is 0; no state has its direction."""
    silent = (torch.linalg.vector_norm(values.detach(), dim=-1) <= SMALLEST_NORM).nonzero().flatten().tolist()
    if silent:
        shown = ", ".join(map(str, silent[:5])) + (", ..." if len(silent) > 5 else "")
        raise InputError(
            f"{len(silent)} of {len(values)} clips have no contrast, so their amplitudes have norm 0 and no state "
            f"(number {shown} of those given, from 0). Leave silent clips out, or give the encoder silence = 'uniform'."
        )


def next_power_of_two(n: int) -> int:
    """The smallest power of two that is at least `n`.

    >>> [next_power_of_two(n) for n in (1, 5, 32, 63)]
    [1, 8, 32, 64]
    """
    return 1 << (n - 1).bit_length()


@dataclass(frozen=True)
class AmplitudeEncoder:
    """The options of an amplitude code; calling it encodes a batch of spectrograms."""

    pool: Pool = (1, 2)  # (mel, frame) means before encoding: 32 x 64 becomes 32 x 32, 10 qubits
    amplitude: str = "centred"  # centred, intensity or sqrt
    silence: str = "refuse"  # a clip without contrast is an error; uniform: it is the uniform state

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if self.silence not in SILENCE:
            raise InputError(f"silence must be one of {', '.join(SILENCE)}; got {self.silence!r}.")
        if self.amplitude not in AMPLITUDES:
            raise InputError(f"No amplitude is called {self.amplitude!r}. Choose one of: {', '.join(AMPLITUDES)}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        check_finite("intensity", intensity)
        pooled = pooled_intensity(intensity, self.pool)
        n_mels, n_frames = self.shape(*intensity.shape[1:]).grid
        if self.amplitude == "sqrt":
            pooled = pooled.sqrt()
        elif self.amplitude == "centred":
            pooled = pooled - pooled.mean(dim=(1, 2), keepdim=True)
        filled = pad(pooled, (0, n_frames - pooled.shape[2], 0, n_mels - pooled.shape[1])).flatten(1)
        if self.silence == "refuse":
            check_directions(filled)
        return unit_states(filled)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        pooled_mels, pooled_frames = pooled_grid(n_mels, n_frames, self.pool)
        grid = (next_power_of_two(pooled_mels), next_power_of_two(pooled_frames))
        if not 2 <= grid[0] * grid[1] <= 2**MAX_QUBITS:
            raise InputError(
                f"A state of {grid[0]} x {grid[1]} amplitudes is outside 1 to {MAX_QUBITS} qubits. "
                f"Change pool, now {self.pool}."
            )
        return EncodedShape("state", grid)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """The classical work only: means, the norm, and one scaling of each amplitude."""
        del encoded
        n_mels, n_frames = intensity.shape[1:]
        pooled_mels, pooled_frames = pooled_grid(n_mels, n_frames, self.pool)
        n = pooled_mels * pooled_frames
        counts = pool_operations(n_mels, n_frames, self.pool)
        counts += OperationCounts.of("encoder", "unit-vector", mac_fp32=n, multiply_fp32=n, transcendental_fp32=2)
        if self.amplitude == "sqrt":
            counts += OperationCounts.of("encoder", "square-root", transcendental_fp32=n)
        if self.amplitude == "centred":
            counts += OperationCounts.of("encoder", "centre", add_fp32=2 * n - 1, multiply_fp32=1)
        return counts
