"""What holds for every test."""

import pytest
import torch
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing of the code: `trichord bench` times.
# The examples of a test are the same in every run until the test changes, so that what is red or green stays so for
# one state of the code; `make test-all` draws others each time.
settings.register_profile("same-examples", deadline=None, derandomize=True)
settings.register_profile("new-examples", deadline=None)
settings.load_profile("same-examples")


@pytest.fixture(autouse=True)
def _own_draws():
    """Every test begins with the same state of torch's global generator, whatever ran before it in the same process."""
    torch.manual_seed(0)
