# classical_baselines/front_ends/leaf.py
"""LEAF and EfficientLEAF: Gabor filters on the samples, their energy pooled and compressed, all of it learnt.

    filter      phi_n(t) = exp(i eta_n t) exp(-t^2 / (2 sigma_n^2)) / (sqrt(2 pi) sigma_n)      t in samples
    energy      E_n = |x * phi_n|^2                                                            [batch, band, sample]
    pooling     g_n(t) = exp(-0.5 ((t - (W - 1) / 2) / (s_n (W - 1) / 2))^2), a step of hop     [batch, band, frame]
    limits      0 <= eta <= pi;  least z <= sigma <= W z with z = sqrt(2 ln 2) / pi;  2 / W <= s <= 0.5

W is the window, made odd. A filter's response is a Gaussian around eta, half as high where it is z / sigma cycles per
sample wide. At the start eta is the middle of a mel triangle and that width 3/4 of its base, which is where the square
root of a triangle is half as high; s = 0.4.

LEAF (Zeghidour et al., ICLR 2021, arXiv 2101.08596; `least` = 4): energies from 1e-5 on go to PCEN (`trainable_pcen`).
EfficientLEAF (Schlueter & Gutenbrunner, EUSIPCO 2022, arXiv 2207.05508; `least` = 2): bands in groups, each with a
kernel as long as its widest filter asks for and a step that grows as its highest frequency falls,

    kernel   `kernel_factor` max sigma, made odd
    step     the largest divisor of hop up to `step_factor` pi / max eta; the pooling window shrinks by the same

and log(1 + 10^a E) with a = 5 learnt for each band, the same less its median over the clip as a second channel, and
batch norm of each band and channel. Kernels and steps are set once, from the initial filters, so that the cost is known
before the training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, log2, pi, sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.front_ends.front_end_operations import n_centred_frames
from classical_baselines.front_ends.learnt_front_end import LearntFrontEnd
from classical_baselines.front_ends.mel import LARGEST_HOP, LARGEST_N_MELS, hz_to_mel, mel_to_hz
from classical_baselines.front_ends.trainable_pcen import TrainablePcen
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.layer_operations import convolution_operations

HALF_HEIGHT = sqrt(2 * log(2)) / pi  # z: the width at half height, in cycles per sample, times sigma
POOLING_SCALE, LARGEST_SCALE = 0.4, 0.5
LEAST_WIDTH, LEAST_WIDTH_EFFICIENT = 4.0, 2.0
SMALLEST_ENERGY = 1e-5
LEAF_FLOOR = 1e-12
COMPRESSION = 5.0
MOST_SAMPLES_OF_FILTERS = 2**28  # filters times samples of one clip
LARGEST_FACTOR = 64.0
SHORTEST_WINDOW = 9  # samples: below it the limits of sigma and s cross


def initial_filters(n_filters: int, sample_rate_hz: int, low_hz: float, high_hz: float) -> tuple[Tensor, Tensor]:
    """(eta in radians per sample, sigma in samples) of filters like mel triangles, float64; not limited yet."""
    limits = (hz_to_mel(low_hz, "htk"), hz_to_mel(high_hz, "htk"))
    corners_hz = mel_to_hz(torch.linspace(*limits, n_filters + 2, dtype=torch.float64), "htk")
    half_height = 0.75 * (corners_hz[2:] - corners_hz[:-2]) / sample_rate_hz
    return 2 * pi * corners_hz[1:-1] / sample_rate_hz, HALF_HEIGHT / half_height


class GaborFilters(nn.Module):
    """[batch, sample] -> [batch, 2 filter, place]: the real parts of all filters, then the imaginary ones."""

    def __init__(self, centres: Tensor, widths: Tensor, window: int, least: float, kernel: int, step: int) -> None:
        super().__init__()
        self.window, self.least, self.kernel, self.step = window, least, kernel, step
        self.centres = nn.Parameter(centres.float())
        self.widths = nn.Parameter(widths.float())

    def limited(self) -> tuple[Tensor, Tensor]:
        """(eta, sigma) within their limits."""
        widths = self.widths.clamp(self.least * HALF_HEIGHT, self.window * HALF_HEIGHT)
        return self.centres.clamp(0, pi), widths

    def kernels(self) -> Tensor:
        """[2 filter, 1, sample]."""
        centres, widths = (values[:, None] for values in self.limited())
        t = torch.arange(self.kernel, dtype=centres.dtype, device=centres.device) - self.kernel // 2
        envelope = torch.exp(-0.5 * (t / widths).square()) / (sqrt(2 * pi) * widths)
        return torch.cat([envelope * torch.cos(centres * t), envelope * torch.sin(centres * t)])[:, None]

    def forward(self, waveforms: Tensor) -> Tensor:
        # a convolution of torch does not turn the kernel around: that conjugates the response, whose modulus is read
        return functional.conv1d(waveforms[:, None], self.kernels(), stride=self.step, padding=self.kernel // 2)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Every tap of both parts at every place."""
        del inputs
        n_places = output.numel() // (2 * len(self.centres))
        return {"mac_fp32": float(self.n_deployed_weights() * n_places)}

    def n_deployed_weights(self) -> int:
        """The taps of both parts; the sine in the middle is 0."""
        return len(self.centres) * (2 * self.kernel - 1)


class SquaredModulus(nn.Module):
    """[batch, 2 filter, place] -> [batch, filter, place]."""

    def forward(self, responses: Tensor) -> Tensor:
        real, imaginary = responses.chunk(2, dim=1)
        return real.square() + imaginary.square()

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        del inputs
        return {"multiply_fp32": 2.0 * output.numel(), "add_fp32": float(output.numel())}


class GaussianPooling(nn.Module):
    """[batch, band, place] -> [batch, band, frame]: a Gaussian of each band's own width around every frame's place."""

    def __init__(self, n_bands: int, window: int, hop: int, least_scale: float) -> None:
        """`window` and `hop` in places, the window odd and at least 3: one place would leave no width to learn."""
        super().__init__()
        self.window, self.hop, self.least_scale = max(3, window), hop, least_scale
        self.scales = nn.Parameter(torch.full((n_bands,), POOLING_SCALE))

    def kernels(self) -> Tensor:
        """[band, 1, place]."""
        scales = self.scales.clamp(self.least_scale, LARGEST_SCALE)[:, None]
        middle = self.window // 2
        t = torch.arange(self.window, dtype=scales.dtype, device=scales.device) - middle
        return torch.exp(-0.5 * (t / (scales * middle)).square())[:, None]

    def forward(self, energies: Tensor, n_frames: int) -> Tensor:
        middle = self.window // 2
        behind = (n_frames - 1) * self.hop + middle - (energies.shape[-1] - 1)  # below 0: places that no frame reaches
        padded = functional.pad(energies, (middle, behind))
        return functional.conv1d(padded, self.kernels(), stride=self.hop, groups=len(self.scales))

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Every tap at every frame."""
        del inputs
        return convolution_operations(self.kernels(), output, biased=False)

    def n_deployed_weights(self) -> int:
        """The taps of every band."""
        return len(self.scales) * self.window


class LowerLimit(nn.Module):
    """max(x, limit)."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, values: Tensor) -> Tensor:
        return values.clamp_min(self.limit)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        del inputs
        return {"compare_fp32": float(output.numel())}


class LogCompression(nn.Module):
    """log(1 + 10^a x) with a learnt for each band of [batch, band, frame]."""

    def __init__(self, n_bands: int) -> None:
        super().__init__()
        self.exponents = nn.Parameter(torch.full((n_bands,), COMPRESSION))

    def forward(self, energies: Tensor) -> Tensor:
        return torch.log1p(10 ** self.exponents[:, None] * energies)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Per cell a product with 10^a, which is stored, 1 added, a logarithm."""
        del inputs
        n_cells = float(output.numel())
        return {"multiply_fp32": n_cells, "add_fp32": n_cells, "transcendental_fp32": n_cells}


class WithoutMedian(nn.Module):
    """[batch, band, frame] -> [batch, 2 band, frame]: the picture, then the same less each band's median over the clip.

    Of an even number of frames the median is the lower of the middle two.
    """

    def forward(self, picture: Tensor) -> Tensor:
        return torch.cat([picture, picture - picture.median(dim=-1, keepdim=True).values], dim=1)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """A difference per cell; a median by merging needs at most n ceil(log2 n) - 2^ceil(log2 n) + 1 comparisons."""
        del output
        n_frames = inputs[0].shape[-1]
        depth = ceil(log2(n_frames)) if n_frames > 1 else 0
        n_rows = inputs[0].numel() // n_frames
        return {
            "add_fp32": float(inputs[0].numel()),
            "compare_fp32": float(n_rows * (n_frames * depth - 2**depth + 1)),
        }


class FilterGroup(nn.Module):
    """Filters, energy and pooling of some bands that share a kernel and a step."""

    def __init__(self, filters: GaborFilters, pooling: GaussianPooling) -> None:
        super().__init__()
        self.filters, self.energy, self.pooling = filters, SquaredModulus(), pooling

    def forward(self, waveforms: Tensor, n_frames: int) -> Tensor:
        pooled: Tensor = self.pooling(self.energy(self.filters(waveforms)), n_frames)
        return pooled


class LeafFrontEnd(LearntFrontEnd):
    """Groups of filters one above another, then the layers that compress."""

    def __init__(self, groups: Sequence[FilterGroup], compression: nn.Module, hop: int, n_channels: int) -> None:
        super().__init__()
        self.groups = nn.ModuleList(groups)
        self.compression = compression
        self.hop = hop
        self.n_channels = n_channels
        self.n_bands = sum(len(group.pooling.scales) for group in groups)

    def forward(self, waveforms: Tensor) -> Tensor:
        n_frames = n_centred_frames(waveforms.shape[-1], self.hop)
        picture: Tensor = self.compression(torch.cat([group(waveforms, n_frames) for group in self.groups], dim=1))
        return picture


@dataclass(frozen=True)
class Leaf:
    """Options of LEAF."""

    n_filters: int = 40
    window_seconds: float = 0.025
    hop: int = 80
    low_hz: float = 60.0
    high_hz: float | None = None  # None: half the sample rate

    def __post_init__(self) -> None:
        check_filter_options(self)

    def build(self, n_samples: int, sample_rate_hz: int) -> LeafFrontEnd:
        window = odd_window(self, n_samples, sample_rate_hz)
        centres, widths = limited_start(self, sample_rate_hz, LEAST_WIDTH, window)
        filters = GaborFilters(centres, widths, window, LEAST_WIDTH, window, 1)
        group = FilterGroup(filters, GaussianPooling(self.n_filters, window, self.hop, 2 / window))
        compression = nn.Sequential(LowerLimit(SMALLEST_ENERGY), TrainablePcen(self.n_filters, LEAF_FLOOR))
        return LeafFrontEnd([group], compression, self.hop, 1)


@dataclass(frozen=True)
class EfficientLeaf:
    """Options of EfficientLEAF."""

    n_filters: int = 40
    window_seconds: float = 0.025
    hop: int = 80
    low_hz: float = 60.0
    high_hz: float | None = None  # None: half the sample rate
    n_groups: int = 8
    kernel_factor: float = 6.0
    step_factor: float = 16.0

    def __post_init__(self) -> None:
        check_filter_options(self)
        if not 1 <= self.n_groups <= self.n_filters or self.n_filters % self.n_groups:
            raise InputError(f"n_groups must divide n_filters ({self.n_filters}); got {self.n_groups}.")
        for name in ("kernel_factor", "step_factor"):
            if not 1 <= getattr(self, name) <= LARGEST_FACTOR:
                raise InputError(f"{name} must lie in 1 to {LARGEST_FACTOR:g}; got {getattr(self, name)}.")

    def build(self, n_samples: int, sample_rate_hz: int) -> LeafFrontEnd:
        window = odd_window(self, n_samples, sample_rate_hz)
        start = limited_start(self, sample_rate_hz, LEAST_WIDTH_EFFICIENT, window)
        per_group = self.n_filters // self.n_groups
        groups = []
        for centres, widths in zip(*(values.split(per_group) for values in start), strict=True):
            kernel = odd(self.kernel_factor * float(widths.max()))
            step = largest_divisor(self.hop, self.step_factor * pi / float(centres.max()))
            filters = GaborFilters(centres, widths, window, LEAST_WIDTH_EFFICIENT, kernel, step)
            pooling = GaussianPooling(per_group, odd(window / step), self.hop // step, 2 / window)
            groups.append(FilterGroup(filters, pooling))
        n_rows = 2 * self.n_filters
        compression = nn.Sequential(LogCompression(self.n_filters), WithoutMedian(), nn.BatchNorm1d(n_rows))
        return LeafFrontEnd(groups, compression, self.hop, 2)


def odd(length: float) -> int:
    """The odd number of places that a length asks for: the next one from it on.

    >>> odd(200.0), odd(200.5), odd(201.0), odd(0.3)
    (201, 201, 201, 1)
    """
    return 2 * (max(1, ceil(length)) // 2) + 1


def largest_divisor(number: int, limit: float) -> int:
    """The largest divisor of `number` up to `limit`; 1 where there is none.

    >>> largest_divisor(80, 33.0), largest_divisor(80, 0.5)
    (20, 1)
    """
    return max((n for n in range(1, number + 1) if number % n == 0 and n <= limit), default=1)


def limited_start(
    options: Leaf | EfficientLeaf, sample_rate_hz: int, least: float, window: int
) -> tuple[Tensor, Tensor]:
    """The initial (eta, sigma) within the limits."""
    nyquist_hz = sample_rate_hz / 2
    high_hz = nyquist_hz if options.high_hz is None else options.high_hz
    if not 0 <= options.low_hz < high_hz <= nyquist_hz:
        raise InputError(
            f"low_hz and high_hz must satisfy 0 <= low_hz < high_hz <= {nyquist_hz:g} (half of {sample_rate_hz} Hz); "
            f"got {options.low_hz:g} and {high_hz:g}."
        )
    centres, widths = initial_filters(options.n_filters, sample_rate_hz, options.low_hz, high_hz)
    return centres, widths.clamp(least * HALF_HEIGHT, window * HALF_HEIGHT)


def odd_window(options: Leaf | EfficientLeaf, n_samples: int, sample_rate_hz: int) -> int:
    """The samples of the window; a clip shorter than it, or too long for so many filters, is refused."""
    window = odd(options.window_seconds * sample_rate_hz)
    if window < SHORTEST_WINDOW:
        raise InputError(
            f"window_seconds = {options.window_seconds:g} is {window} samples at {sample_rate_hz} Hz; at least "
            f"{SHORTEST_WINDOW} are needed. Choose a longer one."
        )
    if n_samples < window:
        raise InputError(
            f"A clip of {n_samples} samples is shorter than the window of {window}. Choose longer clip_seconds or "
            "shorter window_seconds."
        )
    if n_samples * options.n_filters > MOST_SAMPLES_OF_FILTERS:
        raise InputError(
            f"{options.n_filters} filters on a clip of {n_samples:,} samples give more than "
            f"{MOST_SAMPLES_OF_FILTERS:,} energies. Choose fewer filters or shorter clip_seconds."
        )
    return window


def check_filter_options(options: Leaf | EfficientLeaf) -> None:
    """What both front ends ask of the options that they share."""
    for name, most in (("n_filters", LARGEST_N_MELS), ("hop", LARGEST_HOP)):
        if not 1 <= getattr(options, name) <= most:
            raise InputError(f"{name} must lie in 1 to {most}; got {getattr(options, name)}.")
    if not 0 < options.window_seconds <= 1:
        raise InputError(f"window_seconds must be greater than 0 and at most 1; got {options.window_seconds}.")
