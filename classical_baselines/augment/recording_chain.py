# classical_baselines/augment/recording_chain.py
"""What a recording chain does to a sound: a band that ends early, and a level that is set too low or too high.

    low pass   Butterworth of order 8, run forward and backward, so that no phase is turned: |H(f)|^2 of one pass is
               1 / (1 + (W / Wc)^16) with W = tan(pi f / sample_rate), and both passes multiply an amplitude by it:
               -6 dB at the cut-off, and below -96 dB an octave above it
    gain       the sound times 10^(gain_db / 20) as a converter of 16 bits takes it: rounded to 1 / 32768, and held at
               -1 and 32767 / 32768, its full scale, where it would go beyond

    waveforms   [batch, sample]     -1 to 1, zero from each clip's own end on; so is what comes back
    n_samples   [batch]             each clip's own length

`classical_baselines/front_ends/band_pass.py` is the filter that a front end applies on purpose.
"""

import torch
from torch import Tensor

from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.choices import InputError

ORDER = 8  # of one pass
FULL_SCALE = 32768  # steps of a 16-bit converter on either side of zero
N_EXTENSION = 3 * (ORDER + 1)  # samples by which a window is extended at either end, in odd reflection, as scipy does


def check_cut_off(cut_off_hz: float, sample_rate_hz: int) -> None:
    """Refuse a cut-off that the sample rate cannot hold."""
    if not 0 < cut_off_hz < sample_rate_hz / 2:
        raise InputError(
            f"A low-pass cut-off must lie above 0 and below {sample_rate_hz / 2:g} Hz, half of the sample rate; got "
            f"{cut_off_hz:g} Hz. The clips hold nothing above it, so that there is nothing to cut."
        )


def low_passed(waveforms: Tensor, n_samples: Tensor, cut_off_hz: float, sample_rate_hz: int) -> Tensor:
    """The clips without what lies above the cut-off, filtered in 64 bits."""
    from scipy.signal import butter, sosfiltfilt

    check_cut_off(cut_off_hz, sample_rate_hz)
    if waveforms.shape[-1] <= N_EXTENSION:
        raise InputError(
            f"A clip of {waveforms.shape[-1]} samples is too short for the low-pass, which needs more than "
            f"{N_EXTENSION}. Choose longer clip_seconds."
        )
    sections = butter(ORDER, cut_off_hz, btype="lowpass", fs=sample_rate_hz, output="sos")
    filtered = sosfiltfilt(sections, waveforms.detach().cpu().double().numpy(), padlen=N_EXTENSION)
    return silent_beyond_end(torch.from_numpy(filtered.copy()).to(waveforms), n_samples)


def recorded_at(waveforms: Tensor, gain_db: float) -> Tensor:
    """The clips as 16 bits hold them at another gain."""
    steps = (waveforms.double() * (10 ** (gain_db / 20) * FULL_SCALE)).round()
    return (steps.clamp(-FULL_SCALE, FULL_SCALE - 1) / FULL_SCALE).to(waveforms.dtype)
