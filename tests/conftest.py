"""What holds for every test."""

import pytest
import torch
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing of the code: `trichord bench` times.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _own_draws():
    """Every test begins with the same state of torch's global generator, whatever ran before it in the same process."""
    torch.manual_seed(0)
