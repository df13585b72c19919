# tests/classical_baselines/harness/test_memory_format.py
import subprocess
import sys

import torch
from torch import nn

from classical_baselines.harness.memory_format import safe_memory_format

NARROW = """
import torch
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.training import Recipe, train
from classical_baselines.harness.unencoded import Unencoded
from classical_baselines.models.residual_cnn import ResidualCnn

torch.set_num_threads(1)
network = ResidualCnn(stem_width=4, widths=(8,), strides=(4,)).build(EncodedShape("intensity", (32, 63)), 3)
batch = torch.rand(16, 32, 63), torch.randint(0, 3, (16,))
train(network, Unencoded(), lambda epoch: [batch] * 20, 20, batch, Recipe(2, 16, 1e-3), 0)
"""


def test_a_network_that_would_corrupt_memory_trains_to_the_end():
    """In a process of its own: without the guard it dies of a signal."""
    done = subprocess.run([sys.executable, "-c", NARROW], check=False, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr[-500:]


def test_only_narrow_strided_convolutions_of_one_by_one_are_kept_from_the_faster_format():
    def chosen(*convolution, stride):
        return safe_memory_format(nn.Sequential(nn.Conv2d(*convolution, stride=stride)), torch.channels_last)

    assert chosen(7, 8, 1, stride=2) == torch.contiguous_format
    assert chosen(7, 8, 1, stride=(1, 2)) == torch.contiguous_format
    assert chosen(8, 8, 1, stride=2) == torch.channels_last
    assert chosen(7, 8, 1, stride=1) == torch.channels_last
    assert chosen(7, 8, 3, stride=2) == torch.channels_last
