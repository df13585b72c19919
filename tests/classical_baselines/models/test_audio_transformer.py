import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.audio_transformer import AudioTransformer, sine_positions


def published(n_mels=32, n_frames=48):
    """Our network and transformers' ASTModel with the same random weights, on the same small size."""
    from transformers import ASTConfig, ASTModel

    config = ASTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        patch_size=8,
        frequency_stride=6,
        time_stride=6,
        max_length=n_frames,
        num_mel_bins=n_mels,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    torch.manual_seed(0)
    theirs = ASTModel(config).eval()
    options = AudioTransformer(
        width=32,
        n_blocks=2,
        n_heads=4,
        mlp_ratio=2,
        tokens="patches",
        patch=(8, 8),
        patch_stride=(6, 6),
        positions="learnt",
        n_special_tokens=2,
        dropout=0.0,
        norm_epsilon=1e-12,
    )
    ours = options.build(EncodedShape("intensity", (n_mels, n_frames)), 3).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(0.2 * torch.randn_like(parameter))
        ours.load_state_dict({**renamed(theirs.state_dict()), **readout(ours)})
    return ours, theirs


def readout(ours):
    return {name: value for name, value in ours.state_dict().items() if name.startswith("readout")}


def renamed(state):
    named = {
        "tokens.weight": state["embeddings.patch_embeddings.projection.weight"],
        "tokens.bias": state["embeddings.patch_embeddings.projection.bias"],
        "positions.special": torch.cat([state["embeddings.cls_token"], state["embeddings.distillation_token"]], 1)[0],
        "positions.learnt": state["embeddings.position_embeddings"][0],
        "norm.weight": state["layernorm.weight"],
        "norm.bias": state["layernorm.bias"],
    }
    parts = {
        "queries": ("q_proj", "attention.attention.query"),
        "keys": ("k_proj", "attention.attention.key"),
        "values": ("v_proj", "attention.attention.value"),
        "projection": ("o_proj", "attention.output.dense"),
        "norm_before": ("layernorm_before",),
        "norm_between": ("layernorm_after",),
        "hidden.0": ("fc1", "intermediate.dense"),
        "hidden.2": ("fc2", "output.dense"),
    }
    for block in range(2):
        for ours, candidates in parts.items():
            for kind in ("weight", "bias"):
                found = [
                    value
                    for name, value in state.items()
                    if f"layer.{block}." in name or f"layers.{block}." in name
                    if any(name.endswith(f".{candidate}.{kind}") for candidate in candidates)
                    if not (ours == "hidden.2" and "attention" in name)
                ]
                assert len(found) == 1, (block, ours, kind, [n for n in state if f".{block}." in n])
                named[f"blocks.{block}.{ours}.{kind}"] = found[0]
    return named


def test_on_shared_weights_it_is_the_published_network():
    ours, theirs = published()
    pictures = torch.randn(3, 32, 48)

    with torch.no_grad():
        pooled = theirs(pictures.transpose(1, 2)).pooler_output
        tokens = ours.norm(ours.blocks(ours.positions(ours.tokens(pictures[:, None]))))

    np.testing.assert_allclose(ours.mean(tokens[:, :2]).detach().numpy(), pooled.numpy(), atol=1e-4)


@pytest.mark.parametrize("positions", ["sines", "learnt"])
@pytest.mark.parametrize("n_frames", [24, 64, 101])
def test_it_takes_any_length(positions, n_frames):
    network = AudioTransformer(width=16, n_heads=2, n_blocks=1, positions=positions).build(
        EncodedShape("intensity", (32, 64)), 5
    )

    assert network.eval()(torch.rand(2, 32, n_frames)).shape == (2, 5)


def test_each_place_of_a_grid_has_a_position_of_its_own():
    table = sine_positions(16, (4, 6))

    distances = torch.cdist(table, table) + torch.eye(24)
    assert table.shape == (24, 16)
    assert distances.min() > 0.1
    np.testing.assert_allclose(table[7, :4].numpy(), np.sin(1 * 10000.0 ** (-np.arange(4) / 4)), atol=1e-6)


def test_its_multiply_accumulates_are_those_of_the_closed_form():
    width, n_blocks, ratio = 32, 2, 2
    options = AudioTransformer(
        width=width, n_blocks=n_blocks, n_heads=4, mlp_ratio=ratio, tokens="patches", patch=(8, 8), patch_stride=(8, 8)
    )
    network = options.build(EncodedShape("intensity", (32, 64)), 10).eval()
    n_tokens = 4 * 8
    blocks = n_blocks * (4 * n_tokens * width**2 + 2 * ratio * n_tokens * width**2 + 2 * n_tokens**2 * width)

    counts = count_modules(network, torch.rand(1, 32, 64))

    assert counts.total("mac_fp32") == blocks + n_tokens * 64 * width + 10 * width


def test_patchout_acts_in_training_alone():
    network = AudioTransformer(width=16, n_heads=2, n_blocks=1, dropout=0.0, patchout=0.5).build(
        EncodedShape("intensity", (32, 64)), 5
    )
    network.tokens.eval()  # batch norm apart
    pictures = torch.rand(2, 32, 64)

    assert not torch.allclose(network.train()(pictures), network(pictures))
    assert torch.allclose(network.eval()(pictures), network(pictures))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 30}, "width must be a multiple"),
        ({"tokens": "words"}, "tokens must be one of"),
        ({"patchout": 1.0}, "patchout"),
        ({"width": 0}, "width must lie in 4 to 4096; got 0"),
        ({"width": -4}, "width must lie in 4 to 4096; got -4"),
        ({"n_heads": 0}, "n_heads must lie in 1 to 4096; got 0"),
        ({"n_blocks": 0}, "n_blocks must lie in 1 to 256; got 0"),
        ({"stem_widths": (24, 0)}, "stem_widths must lie in 1 to 4096; got .24, 0."),
        ({"patch": (0, 16)}, "patch must lie in 1 to 1024; got .0, 16."),
        ({"patch_stride": (10, -1)}, "patch_stride must lie in 1 to 1024; got .10, -1."),
        ({"n_special_tokens": 3}, "n_special_tokens must lie in 0 to 2; got 3"),
        ({"n_special_tokens": -1}, "n_special_tokens must lie in 0 to 2; got -1"),
        ({"mlp_ratio": 0.0}, r"mlp_ratio must be greater than 0 and at most 64.*got 0\.0"),
        ({"mlp_ratio": 0.001}, r"mlp_ratio \* width at least 1; got 0\.001"),
        ({"mlp_ratio": float("nan")}, "mlp_ratio must be greater than 0"),
        ({"norm_epsilon": 0.0}, r"norm_epsilon must lie between 0 and 1, as 1e-6 does; got 0\.0"),
    ],
)
def test_options_that_make_no_network_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        AudioTransformer(**options)


@pytest.mark.parametrize(("n_special", "n_read"), [(0, 8), (2, 2)])
def test_the_readout_reads_the_mean_of_the_special_tokens_or_of_all(n_special, n_read):
    network = AudioTransformer(width=16, n_blocks=1, n_special_tokens=n_special).build(
        EncodedShape("intensity", (8, 16)), 3
    )
    seen = {}
    network.norm.register_forward_hook(lambda layer, inputs, output: seen.update(tokens=output))
    network.readout.register_forward_hook(lambda layer, inputs, output: seen.update(read=inputs[0]))

    network.eval()(torch.rand(2, 8, 16))

    assert seen["tokens"].shape[1] == n_special + 8
    torch.testing.assert_close(seen["read"], seen["tokens"][:, :n_read].mean(dim=1))
