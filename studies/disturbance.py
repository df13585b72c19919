# studies/disturbance.py
"""Test clips whose sound is disturbed, alike for every system: noise of a kind, a band that ends early, another level.

    snr_db       noise at this ratio within each clip: white; pink; babble of clips outside the clip's own group,
                 whatever part of the fold they stand in, classes in balance
    low_pass_hz  nothing above this frequency
    gain_db      the level changed by so much, in 16 bits, held at full scale

    clips, test clips of a fold, disturbance, value -> [test clip, sample]

Nothing else enters: no seed of a cell, no front end, no backend. Noise is drawn by the fold, its kind and the ratio.
"""

import hashlib
from collections.abc import Sequence

from torch import Tensor

from classical_baselines.augment.balanced_babble import babble_of, balanced_talkers
from classical_baselines.augment.noise import DRAWN
from classical_baselines.augment.recording_chain import check_cut_off, low_passed, recorded_at
from classical_baselines.augment.waveform import added_at_snr
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.seeds import generator_for
from classical_baselines.harness.streamed_rows import held_rows
from studies.probe import Probe
from studies.specification import Probes


def disturbed(clips: Clips, rows: Sequence[int], fold: str, probe: Probe, value: float) -> Tensor:
    """The waveforms [test clip, sample] of the clips `rows`, which are the test part of a fold, at one value."""
    tested = clips.subset(rows)
    waveforms = held_rows(tested.waveform)  # disturbed sound is in memory as a whole, and so may the sound before be
    if probe.name == "low_pass_hz":
        return low_passed(waveforms, tested.n_samples, value, clips.sample_rate_hz)
    if probe.name == "gain_db":
        return recorded_at(waveforms, value)
    named = (
        "" if probe.noise == "white" else f"{probe.noise}/"
    )  # white noise came first, and was drawn without its name
    generator = generator_for(0, f"probe/noise/{named}{fold}/{value:g}")
    if probe.noise == "babble":
        talkers = balanced_talkers(clips.targets, clips.groups, rows, generator)
        noise = babble_of(clips.waveform, clips.n_samples, talkers, generator)
    else:
        noise = DRAWN[probe.noise](len(tested), waveforms.shape[1], generator).to(waveforms)
    return added_at_snr(waveforms, noise, tested.n_samples, value)


def recordings_sha256(waveforms: Tensor) -> str:
    """The sum of the disturbed recordings, by which the store shows that systems were given the same ones."""
    return hashlib.sha256(waveforms.contiguous().cpu().numpy().tobytes()).hexdigest()


def check_disturbances(probes: Probes, clips: Clips) -> None:
    """Refuse, before any work, what the recordings cannot be put through."""
    for cut_off_hz in probes.low_pass_hz:
        check_cut_off(cut_off_hz, clips.sample_rate_hz)
    if probes.snr_db and "babble" in probes.noise:
        firsts = [clips.groups.index(group) for group in dict.fromkeys(clips.groups)]  # a clip of each group
        balanced_talkers(clips.targets, clips.groups, firsts, generator_for(0, "probe/check"))
