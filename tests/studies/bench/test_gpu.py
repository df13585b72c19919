"""`trichord bench gpu` on a machine without a GPU says so, and asks nothing of one."""

import pytest
import torch

from studies.bench.gpu import bench


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU; tests/*/test_on_gpu.py run on it")
def test_without_a_gpu_the_only_row_says_so():
    (row,) = bench()

    assert row.ratio is None
    assert "no CUDA device" in row.unavailable
