# classical_baselines/front_ends/unit_power.py
"""A clip at a mean power of 1 over its own length: the first step of a front end whose picture depends on the level.

result    x / sqrt(max(sum x^2 / n, 1e-30))     [batch, sample]; zeros from the clip's own end n on
"""

from torch import Tensor

from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.operations import OperationCounts

_SMALLEST_POWER = 1e-30


def of_unit_power(waveforms: Tensor, n_samples: Tensor) -> Tensor:
    """[batch, sample] and each clip's own length -> the same clips at a mean power of 1; silence stays silent."""
    n_own = n_samples.to(waveforms.device).clamp(1, waveforms.shape[1])
    own = silent_beyond_end(waveforms, n_samples)
    return own * (own.square().sum(dim=1) / n_own).clamp_min(_SMALLEST_POWER).rsqrt()[:, None]


def unit_power_operations(n_samples: int, result_bytes: int) -> OperationCounts:
    """Counts of one clip: squares and their sum, a division, a lower limit and a root, products. Samples of 16 bits are
    read twice and written once, `result_bytes` each."""
    return OperationCounts.of(
        "front_end",
        "scale",
        mac_fp32=n_samples,
        multiply_fp32=n_samples,
        compare_fp32=1,
        transcendental_fp32=2,
        sram_bytes=(2 + 2 + result_bytes) * n_samples,
    )
