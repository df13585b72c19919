# classical_baselines/models/ast_checkpoint.py
"""Published weights of an audio spectrogram transformer, in the layout of its authors or of transformers.

    authors            v.blocks.0.attn.qkv.weight, v.pos_embed, mlp_head.1.weight, ...
    transformers 4     encoder.layer.0.attention.attention.query.weight, ...
    transformers 5     layers.0.attention.q_proj.weight, ...

each with or without its prefix: `module.`, `audio_spectrogram_transformer.`

Positions [1, 2 + mel * frame, width] are brought to the grid at hand as the authors do: an axis that is shorter here is
cut out of the middle, one that is longer is interpolated bilinearly. The readouts of DeiT (`v.head`, `v.head_dist`),
which AST does not use, are passed over; any other name that is not known is an error.

Sources: github.com/YuanGongND/ast, src/models/ast_models.py; transformers, modeling_audio_spectrogram_transformer.py.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError

Grid = tuple[int, int]  # mel, frame
SPECIAL_TOKENS = ("class token", "distillation token")
N_SPECIAL = len(SPECIAL_TOKENS)
_PREFIXES = ("module.", "audio_spectrogram_transformer.")
_UNUSED = re.compile(r"v\.head(_dist)?\.(weight|bias)")
_BLOCK = r"(?:v\.blocks|encoder\.layer|layers)\.(\d+)\."
_NAMES = (  # in the file, whole -> here
    (r"v\.cls_token|embeddings\.cls_token", "class token"),
    (r"v\.dist_token|embeddings\.distillation_token", "distillation token"),
    (r"v\.pos_embed|embeddings\.position_embeddings", "positions.learnt"),
    (r"(?:v\.patch_embed\.proj|embeddings\.patch_embeddings\.projection)\.(\w+)", r"tokens.\1"),
    (r"(?:v\.norm|layernorm)\.(\w+)", r"norm.\1"),
    (r"(?:mlp_head\.0|classifier\.layernorm)\.(\w+)", r"readout_norm.\1"),
    (r"(?:mlp_head\.1|classifier\.dense)\.(\w+)", r"readout.\1"),
    (_BLOCK + r"(?:norm1|layernorm_before)\.(\w+)", r"blocks.\1.norm_before.\2"),
    (_BLOCK + r"(?:norm2|layernorm_after)\.(\w+)", r"blocks.\1.norm_between.\2"),
    (_BLOCK + r"attn\.qkv\.(\w+)", r"blocks.\1.qkv.\2"),
    (_BLOCK + r"attention\.(?:attention\.query|q_proj)\.(\w+)", r"blocks.\1.queries.\2"),
    (_BLOCK + r"attention\.(?:attention\.key|k_proj)\.(\w+)", r"blocks.\1.keys.\2"),
    (_BLOCK + r"attention\.(?:attention\.value|v_proj)\.(\w+)", r"blocks.\1.values.\2"),
    (_BLOCK + r"(?:attn\.proj|attention\.output\.dense|attention\.o_proj)\.(\w+)", r"blocks.\1.projection.\2"),
    (_BLOCK + r"(?:mlp\.fc1|intermediate\.dense)\.(\w+)", r"blocks.\1.hidden.0.\2"),
    (_BLOCK + r"(?:mlp\.fc2|output\.dense)\.(\w+)", r"blocks.\1.hidden.2.\2"),
)


def checked_file(path: str, sha256: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file that has the hash it should have."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise InputError(f"The checkpoint {path} cannot be read ({error.strerror}). Correct its path.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.lower():
        raise InputError(
            f"The checkpoint {path} has the SHA-256 {found}; checkpoint_sha256 is {sha256}. Correct one or the other."
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise InputError(
            f"The checkpoint {path} is no safetensors file ({error}). Pickled weights are not opened: load them with "
            "torch.load(..., weights_only=True) where you trust them, and save them with safetensors.torch.save_file."
        ) from error


def load_published(network: nn.Module, state: Mapping[str, Tensor], grid: Grid, *, with_readout: bool) -> None:
    """Copy the weights of `state`, whose positions are those of `grid`, into an AST of the same size.

    Without the readout the network keeps its own, and its norm before it where the file has none.
    """
    needed = network.state_dict()
    here: Grid = network.positions.grid  # type: ignore[union-attr, assignment]
    weights = {name: value for name, value in needed.items() if name.startswith("readout") and not with_readout}
    for name, value in state.items():
        ours = _our_name(name)
        if ours is None or (ours.startswith("readout.") and not with_readout):
            continue
        shape = _shape_in_file(ours, needed, grid)
        if shape is None:
            raise InputError(f"The checkpoint has {name!r}, and this network has no such block. Choose another size.")
        _check_shape(name, value, shape)
        if ours == "positions.learnt":
            weights[ours] = fitted_positions(value[0], grid, here)
        elif ".qkv." in ours:
            thirds = zip(("queries", "keys", "values"), value.chunk(3), strict=True)
            weights |= {ours.replace("qkv", part): third for part, third in thirds}
        else:
            weights[ours] = value
    special = [weights.pop(token) for token in SPECIAL_TOKENS if token in weights]
    if len(special) == N_SPECIAL:
        weights["positions.special"] = torch.cat(special)[:, 0]
    missing = sorted(set(needed) - set(weights))
    if missing:
        raise InputError(
            f"The checkpoint has nothing for {missing[0]!r}: {len(missing)} of the network's {len(needed)} tensors are "
            "missing. Choose the size of the checkpoint, or a checkpoint of a whole AST."
        )
    network.load_state_dict(weights)


def _shape_in_file(ours: str, needed: Mapping[str, Tensor], grid: Grid) -> tuple[int, ...] | None:
    """What a tensor of the file must measure; None where the network has no place for it."""
    width = needed["norm.weight"].shape[0]
    if ours in SPECIAL_TOKENS:
        return (1, 1, width)
    if ours == "positions.learnt":
        return (1, N_SPECIAL + grid[0] * grid[1], width)
    found = needed.get(ours.replace("qkv", "queries"))
    if found is None:
        return None
    return (3 * found.shape[0], *found.shape[1:]) if ".qkv." in ours else tuple(found.shape)


def fitted_positions(table: Tensor, grid: Grid, here: Grid) -> Tensor:
    """Positions [2 + mel * frame, width] of one grid for another: cut from the middle, or interpolated."""
    width = table.shape[1]
    maps = table[N_SPECIAL:].T.reshape(1, width, *grid)
    first = [max(0, n // 2 - wanted // 2) for n, wanted in zip(grid, here, strict=True)]
    maps = maps[:, :, first[0] : first[0] + here[0], first[1] : first[1] + here[1]]
    if tuple(maps.shape[2:]) != here:
        maps = functional.interpolate(maps, size=here, mode="bilinear", align_corners=False)
    return torch.cat([table[:N_SPECIAL], maps.flatten(2)[0].T])


def _our_name(name: str) -> str | None:
    """What a tensor of the file is called here; None where it is not used."""
    bare = name
    for prefix in _PREFIXES:
        bare = bare.removeprefix(prefix)
    if _UNUSED.fullmatch(bare):
        return None
    for pattern, ours in _NAMES:
        found = re.fullmatch(pattern, bare)
        if found:
            return found.expand(ours)
    raise InputError(f"The checkpoint has {name!r}, which is no part of an AST. Choose a checkpoint of an AST.")


def _check_shape(name: str, value: Tensor, needed: tuple[int, ...]) -> None:
    if tuple(value.shape) != needed:
        given, wanted = (" x ".join(map(str, shape)) for shape in (value.shape, needed))
        raise InputError(
            f"The checkpoint's {name!r} is {given}; this network needs {wanted}. "
            "Choose the size, patch and checkpoint_grid that the checkpoint has, or another checkpoint."
        )
