# quantum/encoders/basis.py
"""Basis code of a spike train: the channels that fire in a step are the ones of a bit string, one string for each step.

    spikes   [step, batch, channel]   0 or 1: where a pooled intensity lies above the threshold
    states   1 / sqrt(T) * sum over steps t of |bits of step t> |t>      [batch, amplitude], real, unit norm

The steps are superposed with their number beside them, as a dataset of bit strings is in basis encoding, so that two
steps with the same spikes stay two and a Fourier transform of the step register sees when they come. One step is the
plain basis state. Channel c is bit c of the string, which the upper qubits hold; the lower log2 T hold the step. Steps
beyond the clip's, up to a power of two, are silent.

Each channel's qubit is turned by pi in the steps of its spikes: a rotation multiplexed by the step register, T - 1 CX a
channel, and none for one step, where each spike is a turn by pi.

Basis encoding: Schuld & Petruccione, Supervised Learning with Quantum Computers (2018), section 5.1.1, after Ventura &
Martinez, Information Sciences 124, 273 (2000), arXiv quant-ph/9807053; with an index register as in FRQA, Yan, Iliyasu,
Guo & Yang, Theor. Comput. Sci. 752, 71 (2018), arXiv 1701.01291.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from quantum.circuits.circuit import Circuit, Gate
from quantum.circuits.decompositions import half_signs
from quantum.circuits.description import qubit_count
from quantum.circuits.multiplexed import gray_features, multiplexed_rotation
from quantum.encoders.amplitude import next_power_of_two
from quantum.encoders.circuit_code import CircuitCode
from quantum.engine.amplitudes import MAX_QUBITS


def basis_states(spikes: Tensor) -> Tensor:
    """[step, batch, channel] spikes of 0 and 1 -> [batch, amplitude]; the number of steps is a power of two."""
    check_axes("spikes", spikes, "step", "batch", "channel")
    n_steps, n_batch, n_channels = spikes.shape
    bits = (spikes.double() @ 2.0 ** torch.arange(n_channels, dtype=torch.float64, device=spikes.device)).long()
    states = spikes.new_zeros(n_batch, 2**n_channels * n_steps)
    places = bits.T * n_steps + torch.arange(n_steps, device=spikes.device)
    return states.scatter_(1, places, n_steps**-0.5)


@dataclass(frozen=True)
class BasisEncoder(CircuitCode):
    """The options of a basis code."""

    pool: Pool = (4, 8)  # (mel, frame) means: 32 x 64 becomes 8 channels in 8 steps, 11 qubits
    threshold: float = 0.5  # a pooled intensity above it is a spike

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if not 0 <= self.threshold < 1:
            raise InputError(f"threshold must lie in [0, 1), or nothing could fire; got {self.threshold}.")

    def spikes(self, intensity: Tensor) -> Tensor:
        """[batch, mel, frame] -> [step, batch, channel]: a step a pooled frame, silent ones up to a power of two."""
        check_finite("intensity", intensity)
        pooled = pooled_intensity(intensity, self.pool)
        n_steps = self.shape(*intensity.shape[1:]).grid[1]
        fires = (pooled > self.threshold).to(intensity.dtype)
        return pad(fires, (0, n_steps - fires.shape[2])).permute(2, 0, 1)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        return basis_states(self.spikes(intensity))

    def angles(self, intensity: Tensor) -> Tensor:
        turned = torch.pi * self.spikes(intensity).permute(1, 2, 0)  # [batch, channel, step]
        if turned.shape[2] > 1:  # the rotation's last gate is missing: a sign where channel and upper step bit are 1
            turned = turned * half_signs(turned.shape[2] // 2).to(turned)
        return gray_features(turned).flatten(1)

    def preparation(self, n_mels: int, n_frames: int) -> Circuit:
        n_strings, n_steps = self.shape(n_mels, n_frames).grid
        n_channels, n_below = qubit_count(n_strings), qubit_count(n_steps)
        gates = [Gate("h", (one,)) for one in range(n_below)]
        for channel in range(n_channels):
            gates += multiplexed_rotation("ry", n_below + channel, range(n_below), channel * n_steps, last=False)
        return Circuit(n_channels + n_below, tuple(gates))

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_channels, n_pooled = pooled_grid(n_mels, n_frames, self.pool)
        n_steps = next_power_of_two(n_pooled)
        n_qubits = n_channels + qubit_count(n_steps)
        if n_qubits > MAX_QUBITS:
            raise InputError(
                f"{n_channels} channels and {n_steps} steps fill {n_qubits} qubits, and {MAX_QUBITS} can be trained "
                f"with. Pool more; pool is now {self.pool}."
            )
        return EncodedShape("state", (2**n_channels, n_steps))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Of the means, a comparison of each, and the Walsh-Hadamard transforms that give the circuit's angles."""
        del encoded
        n_mels, n_frames = intensity.shape[1:]
        n_values = math.prod(pooled_grid(n_mels, n_frames, self.pool))
        n_strings, n_steps = self.shape(n_mels, n_frames).grid
        n_angles = qubit_count(n_strings) * n_steps
        return pool_operations(n_mels, n_frames, self.pool) + OperationCounts.of(
            "encoder",
            "spikes",
            compare_fp32=n_values,
            multiply_fp32=n_angles,
            add_fp32=n_angles * qubit_count(n_steps),
        )
