"""Spiking self-attention against loops over heads and tokens; counts against sums on paper."""

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.spiking_transformer import SpikingTransformerSnn

SPIKES = EncodedShape("spikes", (6, 8), 5)


def a_network(**options):
    torch.manual_seed(0)
    changed = {"stem_channels": (4, 8), "strides": (2, 2), "n_heads": 2, "threshold": 0.4, **options}
    network = SpikingTransformerSnn(**changed).build(SPIKES, 3)
    for _ in range(20):
        network(some_spikes())
    return network.eval()


def some_spikes(n_clips=3):
    return (torch.rand(SPIKES.n_steps, n_clips, 48, generator=torch.Generator().manual_seed(1)) < 0.4).float()


def test_attention_is_the_count_of_common_spikes_times_the_values_in_either_order():
    attention = a_network().blocks[0].attention
    query, key, value = ((torch.rand(2, 3, 5, 8) < 0.5).float() for _ in range(3))
    expected, n_additions = torch.zeros(2, 3, 5, 8), 0
    for step, clip, head in ((s, c, h) for s in range(2) for c in range(3) for h in range(2)):
        own = slice(4 * head, 4 * head + 4)
        q, k, v = (spikes[step, clip, :, own] for spikes in (query, key, value))
        for here in range(5):
            for there in range(5):
                common = sum(int(q[here, channel] and k[there, channel]) for channel in range(4))
                expected[step, clip, here, own] += common * v[there]
        n_additions += sum(int(k[token, a] and v[token, b]) for token in range(5) for a in range(4) for b in range(4))
        n_additions += 4 * int(q.sum())

    assert torch.allclose(attention.attended(query, key, value), expected)
    assert float(attention.additions(query, key, value)) == n_additions


def test_attention_fires_where_spikes_are_rare():
    torch.manual_seed(0)
    attention = a_network(threshold=1.0).blocks[0].attention.train()
    query, key, value = ((torch.rand(8, 16, 16, 8) < 0.05).float() for _ in range(3))

    attended = attention.attended(query, key, value)
    normed = attention.normed(attended)

    assert float(attended.max()) <= 1  # a neuron with a threshold of 1 would not fire
    assert float((normed > 1).float().mean()) > 0.001
    torch.testing.assert_close(normed.mean((0, 1, 2)), torch.zeros(8), atol=1e-4, rtol=0)


def test_each_token_has_weights_of_its_own():
    network, encoded = a_network(), some_spikes()
    last = network._run(encoded)[1]
    weight, bias = network.readout.weights.weight, network.readout.bias

    expected = sum(4.0 * last[step].reshape(3, -1) @ weight.T / 5 for step in range(5)) + 4.0 * bias

    assert weight.shape == (3, 2 * 2 * 8)
    torch.testing.assert_close(network(encoded), expected)


def test_all_that_a_weight_reads_is_spikes():
    _, last, every, work = a_network(n_blocks=2)._run(some_spikes())

    assert len(every) == 1 + 2 * 7 + 1
    assert all(set(one.arriving.unique().tolist()) <= {0.0, 1.0} for one in work)
    assert torch.equal(every[-1], last)
    assert 0 < float(torch.stack([spikes.mean() for spikes in every]).mean()) < 0.9


def test_counts_are_those_on_paper():
    network, encoded = a_network(), some_spikes()
    _, last, every, _ = network._run(encoded)
    counts = network.count_operations(encoded).counts
    n_tokens, width, n_steps, n_clips = 2 * 2, 8, 5, 3
    n_stream = n_steps * n_tokens * width
    stream, query, _, _, chosen, again, wide = every[1:8]

    assert counts["network", "block-1-query", "add_fp32"] == pytest.approx(float(stream.sum()) / n_clips * 8 + n_stream)
    assert counts["network", "block-1-query", "mac_fp32"] == n_stream
    assert counts["network", "block-1-output", "add_fp32"] == pytest.approx(
        float(chosen.sum()) / n_clips * 8 + 2 * n_stream
    )
    assert ("network", "block-1-output", "compare_fp32") not in counts or not counts[
        "network", "block-1-output", "compare_fp32"
    ]
    assert counts["network", "block-1-widening", "add_fp32"] == pytest.approx(
        float(again.sum()) / n_clips * 16 + 2 * n_stream
    )
    assert counts["network", "block-1-narrowing", "add_fp32"] == pytest.approx(
        float(wide.sum()) / n_clips * 8 + 2 * n_stream
    )
    assert counts["network", "readout", "add_fp32"] == pytest.approx(float(last.sum()) / n_clips * 3 + 5 * 3)
    n_neurons = sum(spikes[0, 0].numel() for spikes in every)
    leaks = sum(count for (_, name, kind), count in counts.items() if kind == "mac_fp32" and name != "readout")
    assert leaks == n_steps * n_neurons + n_stream  # of which the last are of the norm
    assert counts["network", "block-1-norm", "mac_fp32"] == n_stream
    assert query.shape == (n_steps, n_clips, n_tokens, width)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stem_channels": (4,), "strides": (1, 2)}, "one entry per convolution"),
        ({"stem_channels": (4, 9), "strides": (1, 2), "n_heads": 2}, "n_heads must divide .* got 2 and 9"),
        ({"n_blocks": 0}, "must be of at least 1"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        SpikingTransformerSnn(**options)
