# classical_baselines/front_ends/front_end_operations.py
"""What the common steps of a front end cost, for one clip of `n_frames` centred frames.

    window    one multiply a frame for each weight of the window that is not 0
    fourier   a real FFT of N points at half the price of a complex radix-2 FFT: (N/4) log2 N butterflies,
              each a complex product (4 multiplies, 2 adds) and two complex sums (4 adds); in all 2.5 N log2 N
              floating-point operations, the usual convention (Frigo & Johnson, Proc. IEEE 93(2), 2005, 216-231)
    power     |X|^2: 2 multiplies and 1 add for each of N/2 + 1 bins
    mel       one MAC for each weight of the triangles that is not 0 by their definition: of a bin that lies on a
              corner rounding may leave a weight of 1e-14

Memory traffic, as `sram_bytes`: samples arrive as 16-bit integers; everything else is a 32-bit float. Each step
reads its inputs and constants once and writes its results once; a butterfly reads two complex values and a
twiddle factor and writes two (40 bytes). A window is read for each frame: frames that overlap read a sample again.
Whether a clip or a frame is silent is a comparison where a step has to know it before it divides.
"""

from math import log2

from torch import Tensor

from classical_baselines.harness.operations import OperationCounts

SAMPLE_BYTES = 2
FLOAT_BYTES = 4
_SMALLEST_SHARE = 2.0**-32  # of the largest weight of a triangle: far above rounding of 64 bits, far below any weight


def n_centred_frames(n_samples: int, hop: int) -> int:
    """Frames centred on samples 0, hop, 2 hop, ... of a clip.

    >>> n_centred_frames(8064, 128)
    64
    """
    return 1 + n_samples // hop


def n_weights_used(weights: Tensor) -> int:
    """Weights [.., place] that are not 0 but for rounding: one below 2^-32 of its row's largest is none.

    >>> import torch
    >>> n_weights_used(torch.tensor([[0.0, 0.5, 1.0, 5e-15], [0.0, 0.0, 0.0, 0.0]]))
    2
    """
    largest = weights.abs().amax(dim=-1, keepdim=True)
    return int((weights.abs() > _SMALLEST_SHARE * largest).sum())


def count_window(n_weights: int, n_frames: int, sample_bytes: int = SAMPLE_BYTES) -> OperationCounts:
    """Samples times a window of `n_weights` that are not 0, into the frame buffer."""
    return OperationCounts.of(
        "front_end",
        "window",
        multiply_fp32=n_weights * n_frames,
        sram_bytes=(sample_bytes + 2 * FLOAT_BYTES) * n_weights * n_frames,
    )


def count_hann_window(length: int, n_frames: int, sample_bytes: int = SAMPLE_BYTES) -> OperationCounts:
    """Under a periodic Hann window of so many samples, the first weight of which is 0."""
    return count_window(length - 1, n_frames, sample_bytes)


def count_fourier(n_fft: int, n_frames: int) -> OperationCounts:
    """A real FFT of each frame.

    >>> counts = count_fourier(512, 101)
    >>> counts.total("multiply_fp32") + counts.total("add_fp32")
    1163520.0
    """
    n_butterflies = n_fft / 4 * log2(n_fft) * n_frames
    return OperationCounts.of(
        "front_end",
        "fourier",
        multiply_fp32=4 * n_butterflies,
        add_fp32=6 * n_butterflies,
        sram_bytes=(2 + 2 + 1) * 2 * FLOAT_BYTES * n_butterflies,
    )


def count_power(n_fft: int, n_frames: int) -> OperationCounts:
    """Squared magnitude of each bin."""
    n_bins = (n_fft // 2 + 1) * n_frames
    return OperationCounts.of(
        "front_end", "power", multiply_fp32=2 * n_bins, add_fp32=n_bins, sram_bytes=(2 + 1) * FLOAT_BYTES * n_bins
    )


def count_mel(n_nonzero: int, n_mels: int, n_frames: int) -> OperationCounts:
    """Triangles with `n_nonzero` weights in all, applied to each frame."""
    return OperationCounts.of(
        "front_end",
        "mel",
        mac_fp32=n_nonzero * n_frames,
        sram_bytes=FLOAT_BYTES * (2 * n_nonzero + n_mels) * n_frames,
    )
