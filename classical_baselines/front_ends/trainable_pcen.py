# classical_baselines/front_ends/trainable_pcen.py
"""Per-channel energy normalisation whose four constants are learnt, for each band its own.

    M[t] = M[t - 1] + s (x[t] - M[t - 1]),  M[0] = x[0]
    y[t] = (x[t] / (floor + M[t])^alpha + delta)^(1 / r) - delta^(1 / r)         [batch, band, frame]

What is learnt are the logarithms of alpha, s, delta and r, so that none of them changes its sign, where delta below 0
would make the root of a negative number; then alpha <= 1, r >= 1 and s <= 1. At the start alpha = 0.96, s = 0.04,
delta = 2 and r = 2, as in LEAF.

References: Wang, Getreuer, Hughes, Lyon & Saurous, ICASSP 2017, arXiv 1607.05666; Zeghidour, Teboul, de Chaumont
Quitry & Tagliasacchi, ICLR 2021, arXiv 2101.08596 (a smoother per band, trained).
"""

from math import log

import torch
from torch import Tensor, nn

ALPHA, SMOOTHING, DELTA, ROOT = 0.96, 0.04, 2.0, 2.0
FLOOR = 1e-6


def smoothed(energies: Tensor, smoothing: Tensor) -> Tensor:
    """The first-order low-pass of [batch, band, frame] along the frames, from each clip's first frame on."""
    frames = energies.unbind(dim=-1)
    mean = frames[0]
    means = [mean]
    for frame in frames[1:]:
        mean = torch.lerp(mean, frame, smoothing)
        means.append(mean)
    return torch.stack(means, dim=-1)


class TrainablePcen(nn.Module):
    """Energies [batch, band, frame], none below 0 -> the same shape."""

    def __init__(self, n_bands: int, floor: float = FLOOR) -> None:
        super().__init__()
        self.floor = floor
        self.log_alpha = nn.Parameter(torch.full((n_bands,), log(ALPHA)))
        self.log_smoothing = nn.Parameter(torch.full((n_bands,), log(SMOOTHING)))
        self.log_delta = nn.Parameter(torch.full((n_bands,), log(DELTA)))
        self.log_root = nn.Parameter(torch.full((n_bands,), log(ROOT)))

    def constants(self) -> dict[str, Tensor]:
        """alpha, smoothing, delta and root of each band, within their limits."""
        return {
            "alpha": self.log_alpha.exp().clamp_max(1),
            "smoothing": self.log_smoothing.exp().clamp_max(1),
            "delta": self.log_delta.exp(),
            "root": self.log_root.exp().clamp_min(1),
        }

    def forward(self, energies: Tensor) -> Tensor:
        constants = self.constants()
        mean = smoothed(energies, constants["smoothing"])
        alpha, delta, power = constants["alpha"][:, None], constants["delta"][:, None], 1 / constants["root"][:, None]
        normalised = energies * torch.exp(-alpha * torch.log(self.floor + mean))
        return (normalised + delta) ** power - delta**power

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Per cell: a difference and a multiply-accumulate of the smoother (none in the first frame); the floor, a
        logarithm, a product, an exponential and a product; delta; a root as logarithm, product and exponential; and
        delta^(1 / r), which is stored, taken away."""
        del inputs
        n_cells = float(output.numel())
        n_smoothed = n_cells / output.shape[-1] * (output.shape[-1] - 1)
        return {
            "mac_fp32": n_smoothed,
            "add_fp32": n_smoothed + 3 * n_cells,
            "multiply_fp32": 3 * n_cells,
            "transcendental_fp32": 4 * n_cells,
        }

    def n_deployed_weights(self) -> int:
        """Four constants a band, and delta^(1 / r)."""
        return 5 * len(self.log_alpha)
