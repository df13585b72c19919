"""AST against transformers' ASTModel, published sizes and closed forms."""

import hashlib
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import ASTConfig, ASTForAudioClassification, ASTModel

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models import spectrogram_transformer
from classical_baselines.models.ast_checkpoint import fitted_positions, load_published
from classical_baselines.models.spectrogram_transformer import SIZES, Size, SpectrogramTransformer

PICTURE = (32, 48)
GRID = (5, 7)
N_CLASSES = 7


@pytest.fixture(autouse=True)
def a_size_that_is_quick_to_try(monkeypatch):
    monkeypatch.setattr(spectrogram_transformer, "SIZES", {**SIZES, "trial": Size(32, 4, 2, 2)})


def new(picture=PICTURE, **options):
    choice = SpectrogramTransformer(size="trial", patch=(8, 8), patch_stride=(6, 6), **options)
    return choice.build(EncodedShape("intensity", picture), N_CLASSES).eval()


def theirs(**changes):
    config = ASTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        patch_size=8,
        frequency_stride=6,
        time_stride=6,
        max_length=PICTURE[1],
        num_mel_bins=PICTURE[0],
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=N_CLASSES,
        attn_implementation="eager",
        **changes,
    )
    torch.manual_seed(0)
    model = ASTForAudioClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.2 * torch.randn_like(parameter))
    return model


def of_transformers_5(model):
    return dict(model.state_dict())


def of_transformers_4(model):
    parts = {
        ".layers.": ".encoder.layer.",
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
    }
    renamed = {}
    for name, value in model.state_dict().items():
        old_name = name
        for new_part, old_part in parts.items():
            old_name = old_name.replace(new_part, old_part)
        renamed[old_name] = value
    return renamed


def of_the_authors(model):
    """As in github.com/YuanGongND/ast: one matrix for queries, keys and values; DeiT's own readouts lie about."""
    state = {name.removeprefix("audio_spectrogram_transformer."): value for name, value in model.state_dict().items()}
    named = {
        "v.cls_token": state["embeddings.cls_token"],
        "v.dist_token": state["embeddings.distillation_token"],
        "v.pos_embed": state["embeddings.position_embeddings"],
        "v.head.weight": torch.zeros(1000, 32),
        "v.head_dist.bias": torch.zeros(1000),
    }
    for kind in ("weight", "bias"):
        named[f"v.patch_embed.proj.{kind}"] = state[f"embeddings.patch_embeddings.projection.{kind}"]
        named[f"v.norm.{kind}"] = state[f"layernorm.{kind}"]
        named[f"mlp_head.0.{kind}"] = state[f"classifier.layernorm.{kind}"]
        named[f"mlp_head.1.{kind}"] = state[f"classifier.dense.{kind}"]
        for i in range(2):
            attention = [state[f"layers.{i}.attention.{part}_proj.{kind}"] for part in "qkv"]
            named[f"v.blocks.{i}.attn.qkv.{kind}"] = torch.cat(attention)
            named[f"v.blocks.{i}.attn.proj.{kind}"] = state[f"layers.{i}.attention.o_proj.{kind}"]
            named[f"v.blocks.{i}.norm1.{kind}"] = state[f"layers.{i}.layernorm_before.{kind}"]
            named[f"v.blocks.{i}.norm2.{kind}"] = state[f"layers.{i}.layernorm_after.{kind}"]
            for layer in ("fc1", "fc2"):
                named[f"v.blocks.{i}.mlp.{layer}.{kind}"] = state[f"layers.{i}.mlp.{layer}.{kind}"]
    return {f"module.{name}": value for name, value in named.items()}


@pytest.mark.parametrize("layout", [of_transformers_5, of_transformers_4, of_the_authors])
def test_on_published_weights_it_gives_what_transformers_gives(layout):
    model, network = theirs(), new()
    pictures = torch.randn(3, *PICTURE)

    load_published(network, layout(model), GRID, with_readout=True)

    with torch.no_grad():
        pooled = model.audio_spectrogram_transformer(pictures.transpose(1, 2)).pooler_output
        logits = model(pictures.transpose(1, 2)).logits
        np.testing.assert_allclose(network.embedded(pictures).numpy(), pooled.numpy(), atol=1e-4)
        np.testing.assert_allclose(network(pictures).numpy(), logits.numpy(), atol=1e-4)


def test_the_weights_of_a_bare_model_leave_the_readout_as_it_was():
    model, network = theirs().audio_spectrogram_transformer, new()
    before = {name: value.clone() for name, value in network.state_dict().items() if name.startswith("readout")}

    load_published(network, model.state_dict(), GRID, with_readout=False)

    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    assert torch.equal(network.norm.weight, model.layernorm.weight)


def test_a_file_is_taken_with_its_hash_and_no_other(tmp_path):
    model, path = theirs(), tmp_path / "ast.safetensors"
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)
    named = {"checkpoint": str(path), "checkpoint_grid": GRID, "checkpoint_readout": True}
    pictures = torch.randn(2, *PICTURE)

    network = new(checkpoint_sha256=hashlib.sha256(path.read_bytes()).hexdigest(), **named)

    with torch.no_grad():
        torch.testing.assert_close(network(pictures), model(pictures.transpose(1, 2)).logits, atol=1e-4, rtol=0)
    with pytest.raises(InputError, match=r"has the SHA-256 [0-9a-f]{64}; checkpoint_sha256 is 00"):
        new(checkpoint_sha256="00", **named)


def test_what_is_no_safetensors_file_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "ast.pth"
    torch.save({"v.cls_token": torch.zeros(1, 1, 32)}, path)

    with pytest.raises(InputError, match=r"is no safetensors file .*safetensors.torch.save_file"):
        new(checkpoint=str(path), checkpoint_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(InputError, match=r"none.safetensors cannot be read \(No such file or directory\)"):
        new(checkpoint=str(tmp_path / "none.safetensors"), checkpoint_sha256="00")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "module.v.blocks.1.attn.qkv.weight",
            torch.zeros(2304, 768),
            "'module.v.blocks.1.attn.qkv.weight' is 2304 x 768; this network needs 96 x 32",
        ),
        (
            "module.v.blocks.0.mlp.fc1.bias",
            torch.zeros(65),
            "'module.v.blocks.0.mlp.fc1.bias' is 65; this network needs 64",
        ),
        ("module.v.pos_embed", torch.zeros(1, 1214, 32), "'module.v.pos_embed' is 1 x 1214 x 32; .* needs 1 x 37 x 32"),
        ("module.mlp_head.1.weight", torch.zeros(527, 32), "'module.mlp_head.1.weight' is 527 x 32; .* needs 7 x 32"),
        (
            "module.v.blocks.2.attn.qkv.bias",
            torch.zeros(96),
            "has 'module.v.blocks.2.attn.qkv.bias', and .* no such block",
        ),
        ("module.v.blocks.2.norm1.bias", torch.zeros(32), "has 'module.v.blocks.2.norm1.bias', and .* no such block"),
        ("module.features.0.weight", torch.zeros(3), "has 'module.features.0.weight', which is no part of an AST"),
        ("module.v.dist_token", None, r"has nothing for 'positions.special': 1 of the network's 42 tensors"),
        ("module.v.blocks.1.attn.qkv.weight", None, "has nothing for 'blocks.1.keys.weight': 3 of the network's 42"),
    ],
)
def test_a_checkpoint_of_the_wrong_shape_is_one_error_with_name_shape_and_shape_needed(name, value, message):
    state, network = of_the_authors(theirs()), new()
    before = {key: weight.clone() for key, weight in network.state_dict().items()}
    state.pop(name, None)
    if value is not None:
        state[name] = value

    with pytest.raises(InputError, match=message):
        load_published(network, state, GRID, with_readout=True)
    assert all(torch.equal(weight, before[key]) for key, weight in network.state_dict().items())


def test_positions_are_cut_from_the_middle_or_interpolated_as_the_authors_do():
    table = torch.randn(2 + 12 * 101, 8)
    maps = table[2:].T.reshape(1, 8, 12, 101)

    shorter = fitted_positions(table, (12, 101), (5, 12))
    longer = fitted_positions(table, (12, 101), (12, 150))

    # ast_models.py: pos_embed[:, :, int(f / 2) - int(f_dim / 2) : ... + f_dim, ...], then bilinear where it is longer
    assert torch.equal(shorter[2:].T.reshape(8, 5, 12), maps[0, :, 6 - 2 : 6 - 2 + 5, 50 - 6 : 50 - 6 + 12])
    stretched = torch.nn.functional.interpolate(maps, scale_factor=(1, 150 / 101), mode="bilinear")
    torch.testing.assert_close(longer[2:].T.reshape(1, 8, 12, 150), stretched, atol=1e-3, rtol=1e-3)
    assert torch.equal(shorter[:2], table[:2]) and torch.equal(longer[:2], table[:2])
    assert torch.equal(fitted_positions(table, (12, 101), (12, 101)), table)


def test_a_checkpoint_serves_a_picture_of_another_length():
    network = new(picture=(32, 90))

    load_published(network, of_the_authors(theirs()), GRID, with_readout=True)

    assert network(torch.rand(2, 32, 90)).shape == (2, N_CLASSES)
    assert network(torch.rand(2, 32, 61)).shape == (2, N_CLASSES)


def block_macs(n_tokens, size):
    d, r = size.width, size.mlp_ratio
    return size.n_blocks * (4 * n_tokens * d**2 + 2 * r * n_tokens * d**2 + 2 * n_tokens**2 * d)


@pytest.mark.parametrize(
    ("size", "picture", "published"),
    [
        ("micro", (64, 101), 8_028_672),
        ("tiny", (128, 128), 0.88e9),
        ("small", (128, 512), 16.2e9),
        ("base", (128, 1024), 130.5e9),
        ("base", (128, 512), 57.9e9),
        ("base", (128, 128), 12.8e9),
    ],
)
def test_its_multiply_accumulates_are_the_published_ones(size, picture, published):
    options = SpectrogramTransformer(size=size)
    with torch.device("meta"):  # shapes alone: a clip of the base size takes seconds
        counts = count_modules(options.build(EncodedShape("intensity", picture), 10), torch.rand(1, *picture))
    mel, frame = (picture[0] - 16) // 10 + 1, (picture[1] - 16) // 10 + 1
    width = SIZES[size].width

    bare = counts.total("mac_fp32") - 10 * width

    assert bare == block_macs(mel * frame + 2, SIZES[size]) + mel * frame * 256 * width
    assert bare == pytest.approx(published, rel=0 if size == "micro" else 0.005)


@pytest.mark.parametrize(("size", "millions"), [("tiny", 5.62), ("small", 21.86), ("base", 86.19)])
def test_its_parameters_are_those_of_transformers(size, millions):
    choice = SIZES[size]
    with torch.device("meta"):
        network = SpectrogramTransformer(size=size).build(EncodedShape("intensity", (128, 1024)), 10)
        config = ASTConfig(
            hidden_size=choice.width,
            num_hidden_layers=choice.n_blocks,
            num_attention_heads=choice.n_heads,
            intermediate_size=round(choice.width * choice.mlp_ratio),
        )
        expected = sum(parameter.numel() for parameter in ASTModel(config).parameters())
    readout = sum(value.numel() for name, value in network.named_parameters() if name.startswith("readout"))

    assert network.n_parameters() - readout == expected
    assert expected / 1e6 == pytest.approx(millions, rel=0.01)


def test_patchout_leaves_out_whole_rows_and_columns_in_training_alone():
    torch.manual_seed(1)
    kept = spectrogram_transformer._kept((5, 7), (2, 3))
    rows, columns = {int(k - 2) // 7 for k in kept[2:]}, {int(k - 2) % 7 for k in kept[2:]}

    assert kept[:2].tolist() == [0, 1]
    assert kept[2:].tolist() == sorted(2 + 7 * row + column for row in rows for column in columns)
    assert (len(rows), len(columns)) == (3, 4)

    network = new(patchout=(2, 3))
    pictures = torch.rand(2, *PICTURE)
    assert torch.equal(network.eval()(pictures), network(pictures))
    assert not torch.allclose(network.train()(pictures), network(pictures))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": "huge"}, "No size of an AST is called 'huge'. Choose one of: base, micro, small, tiny"),
        ({"patch": (0, 16)}, "patch must lie in 1 to 1024"),
        ({"dropout": 1.0}, "dropout must lie in"),
        ({"checkpoint": "a.safetensors"}, "checkpoint and checkpoint_sha256 belong together"),
        ({"checkpoint_readout": True}, "no checkpoint is named"),
    ],
)
def test_options_that_make_no_network_are_refused(options, message, monkeypatch):
    monkeypatch.setattr(spectrogram_transformer, "SIZES", SIZES)
    with pytest.raises(InputError, match=message):
        SpectrogramTransformer(**options)


def test_a_picture_without_room_for_a_patch_or_for_the_patchout_is_refused():
    with pytest.raises(InputError, match=re.escape("a picture of 12 x 101 has no room for a patch of 16 x 16")):
        SpectrogramTransformer().build(EncodedShape("intensity", (12, 101)), 5)
    with pytest.raises(InputError, match=r"patchout must leave some of the 5 x 7 patches; got \(5, 0\)"):
        new(patchout=(5, 0))
