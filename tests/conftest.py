"""What holds for every test."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _own_draws():
    """Every test begins with the same state of torch's global generator, whatever ran before it in the same process."""
    torch.manual_seed(0)
