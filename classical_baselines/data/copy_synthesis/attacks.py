# classical_baselines/data/copy_synthesis/attacks.py
"""The attacks that copies are made by, by name."""

from collections.abc import Mapping

from classical_baselines.data.copy_synthesis.attack import Attack
from classical_baselines.data.copy_synthesis.griffin_lim import griffin_lim_copy
from classical_baselines.data.copy_synthesis.harmonic_plus_noise import harmonic_plus_noise_copy
from classical_baselines.data.copy_synthesis.linear_prediction import linear_prediction_copy
from classical_baselines.data.copy_synthesis.noise_vocoder import noise_vocoder_copy
from classical_baselines.data.copy_synthesis.phase_vocoder import phase_vocoder_copy

ATTACKS: Mapping[str, Attack] = {
    "griffin-lim": griffin_lim_copy,
    "harmonic-plus-noise": harmonic_plus_noise_copy,
    "linear-prediction": linear_prediction_copy,
    "noise-vocoder": noise_vocoder_copy,
    "phase-vocoder": phase_vocoder_copy,
}
