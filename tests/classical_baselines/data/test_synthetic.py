# tests/classical_baselines/data/test_synthetic.py
"""The embedded corpus: too hard for a linear classifier, and the same everywhere."""

import hashlib
import subprocess
import sys
from collections import Counter

import librosa
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from classical_baselines.data.synthetic import synthetic_clips


@pytest.fixture(scope="module")
def clips():
    return synthetic_clips()


def pictures(clips) -> np.ndarray:
    """Decibels re each clip's maximum, floored at -50, in [0, 1]; flattened."""
    power = librosa.feature.melspectrogram(
        y=clips.waveform.numpy(), sr=clips.sample_rate_hz, n_fft=256, hop_length=128, n_mels=32
    )
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    relative = decibels - decibels.max(axis=(1, 2), keepdims=True)
    return (np.maximum(relative, -50) / 50 + 1).reshape(len(clips), -1)


def test_every_voice_sings_every_class_and_stands_in_one_part(clips):
    assert len(clips.label_names) >= 8
    assert len(set(clips.groups)) >= 12
    assert len(set(zip(clips.groups, clips.folds, strict=True))) == len(set(clips.groups))
    assert set(clips.folds) == {"train", "val", "test"}
    per_voice_and_class = Counter(zip(clips.groups, clips.targets.tolist(), strict=True))
    assert len(per_voice_and_class) == len(set(clips.groups)) * len(clips.label_names)
    assert len(set(per_voice_and_class.values())) == 1


def test_no_two_clips_are_the_same_recording_and_none_is_clipped_or_silent(clips):
    peaks = clips.waveform.abs().amax(dim=1)

    assert len({hashlib.sha256(row.numpy().tobytes()).digest() for row in clips.waveform}) == len(clips)
    assert float(peaks.min()) > 0.005
    assert float((clips.waveform.abs() > 0.999).float().mean()) < 1e-3


def test_a_linear_classifier_stays_under_90_percent_on_held_out_voices(clips):
    features, targets, folds = pictures(clips), clips.targets.numpy(), np.array(clips.folds)
    train, test = folds == "train", folds == "test"

    linear = LogisticRegression(C=1.0, max_iter=1000).fit(features[train], targets[train])

    assert 0.5 < linear.score(features[test], targets[test]) < 0.9


@pytest.mark.slow
def test_a_small_convolutional_network_passes_95_percent_on_held_out_voices(clips):
    torch.manual_seed(0)
    intensity = torch.from_numpy(pictures(clips)).float().reshape(len(clips), 1, 32, -1)
    targets, folds = clips.targets, np.array(clips.folds)
    train, test = torch.from_numpy(folds == "train"), torch.from_numpy(folds == "test")
    network = nn.Sequential(
        *(nn.Conv2d(1, 24, 5, stride=2, padding=2), nn.BatchNorm2d(24), nn.ReLU()),
        *(nn.Conv2d(24, 48, 3, stride=2, padding=1), nn.BatchNorm2d(48), nn.ReLU()),
        *(nn.Conv2d(48, 48, 3, padding=1), nn.BatchNorm2d(48), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d((1, 4)), nn.Flatten(), nn.Linear(4 * 48, 10)),
    )
    n_epochs, rows = 12, torch.nonzero(train).flatten()
    optimiser = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, n_epochs * -(-len(rows) // 64))
    for _ in range(n_epochs):
        for batch in rows[torch.randperm(len(rows))].split(64):
            shifted = intensity[batch].roll((int(torch.randint(-3, 4, ())), int(torch.randint(-4, 5, ()))), (2, 3))
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(shifted), targets[batch]).backward()
            optimiser.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        found = network(intensity[test]).argmax(dim=1)

    assert float((found == targets[test]).float().mean()) > 0.95


def test_another_process_makes_the_same_corpus(clips):
    program = "from classical_baselines.data.synthetic import synthetic_clips; print(synthetic_clips().content_hash)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == clips.content_hash
