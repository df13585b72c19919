"""Small networks to explain, of which the right answer is known."""

import torch
from torch import nn

from classical_baselines.explain.contract import Subject
from classical_baselines.harness.contracts import Classifier
from classical_baselines.harness.unencoded import Unencoded

N_MELS, N_FRAMES = 6, 8


class Linear(Classifier):
    """Logits W x + b of the flattened picture."""

    def __init__(self, n_classes=3, scale=1.0, size=(N_MELS, N_FRAMES)):
        super().__init__()
        self.layer = nn.Linear(size[0] * size[1], n_classes)
        nn.init.normal_(self.layer.weight, std=scale)

    def forward(self, encoded):
        return self.layer(encoded.flatten(1))

    def weights_of(self, classes):
        """[batch, mel, frame]: the weights of each clip's class."""
        return self.layer.weight.detach()[classes].view(-1, N_MELS, N_FRAMES)


class Function(Classifier):
    """Logits by a function of the picture."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, encoded):
        return self.function(encoded)


def subject_of(classifier, encoder=None, neutral=None, size=(N_MELS, N_FRAMES)):
    return Subject(encoder or Unencoded(), classifier, torch.zeros(size) if neutral is None else neutral)


def pictures(n_clips=4, size=(N_MELS, N_FRAMES)):
    return torch.rand(n_clips, *size, generator=torch.Generator().manual_seed(7))
