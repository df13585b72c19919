"""The recurrent network: its cost by closed forms, and what it may know at a frame."""

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.causal_rnn import CausalRnn

SHAPE = EncodedShape("intensity", (64, 200))


@pytest.mark.parametrize(("cell", "n_gates"), [("gru", 3), ("lstm", 4)])
def test_its_multiply_accumulates_are_those_of_the_closed_form(cell, n_gates):
    counts = count_modules(CausalRnn(cell=cell).build(SHAPE, 10), torch.rand(1, 64, 200))

    assert counts.total("mac_fp32") == 200 * n_gates * 2 * 64**2 + 640


def test_a_second_layer_reads_the_first():
    counts = count_modules(CausalRnn(width=32, n_layers=2).build(SHAPE, 10), torch.rand(1, 64, 200))

    assert counts.total("mac_fp32") == 200 * 3 * 32 * (64 + 32 + 32 + 32) + 320


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_no_frame_waits_for_a_later_one_and_the_last_decides(cell):
    network = CausalRnn(cell=cell, width=8).build(EncodedShape("intensity", (6, 12)), 5).eval()
    pictures = torch.rand(2, 6, 12)

    decisions = network.decisions(pictures)

    torch.testing.assert_close(decisions[:, -1], network(pictures))
    torch.testing.assert_close(decisions[:, 6], network(pictures[:, :, :7]))


def test_options_that_make_no_network_are_refused():
    with pytest.raises(InputError, match="cell must be one of gru, lstm; got 'elman'"):
        CausalRnn(cell="elman")
    with pytest.raises(InputError, match="n_layers must lie in 1 to 16; got 0"):
        CausalRnn(n_layers=0)
