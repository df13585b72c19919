"""Small trained systems that the tests of backends run."""

import torch

from classical_baselines.harness.contracts import Trained
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.classifiers.qft_hybrid import QftHybrid
from quantum.encoders.amplitude import AmplitudeEncoder

HYBRID = QftHybrid(widths=(4,), grid=(2, 2, 4))


def trained(options=QftCircuit(), encoder=AmplitudeEncoder(pool=(1, 2)), n_mels=4, n_frames=8):  # noqa: B008
    torch.manual_seed(0)
    classifier = options.build(encoder.shape(n_mels, n_frames), 3)
    with torch.no_grad():
        for _ in range(20):
            classifier(encoder(intensity(64, n_mels, n_frames), torch.Generator()))
    return Trained(encoder, classifier.eval(), intensity(8, n_mels, n_frames))


def intensity(n=5, n_mels=4, n_frames=8):
    return torch.rand(n, n_mels, n_frames, generator=torch.Generator().manual_seed(3))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)
