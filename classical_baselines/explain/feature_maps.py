# classical_baselines/explain/feature_maps.py
"""What passes through a network while it decides, caught by forward hooks: maps of convolutions, attention.

    maps        [batch, channel, mel', frame']     output of a convolution, or of a module that holds one;
                [batch, channel, frame']           the same of a convolution along one axis
    attention   [batch, head, token, token]        softmax(Q K' / sqrt(head width)), a row per query

Attention is caught at modules that are called with queries, keys and values [batch, token, width] and have `n_heads`.
Fused kernels give no attention, so it is computed beside them from the same inputs, and its product with the values
takes the place of the module's output. Gradients then reach the attention itself; a module whose own output differs
from that product computes something else, and is refused.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from classical_baselines.explain.contract import NotExplainedError

LARGEST_DIFFERENCE = 1e-3  # of the explicit product from a fused kernel's, relative to its largest element


@dataclass(eq=False)
class Caught:
    """What the hooks saw of one forward pass, in the order of execution."""

    maps: list[Tensor] = field(default_factory=list)
    attentions: list[Tensor] = field(default_factory=list)
    token_grid: tuple[int, int] | None = None  # (mel, frame) of the last maps before the first attention

    def last_maps(self) -> Tensor:
        """The last maps that tell mel bands and frames apart, or at least one of the two."""
        for least in (2, 1):
            for maps in reversed(self.maps):
                if maps.shape[1] > 1 and sum(size > 1 for size in maps.shape[2:]) >= least:
                    return maps
        raise NotExplainedError("no convolution of it gives feature maps")


@contextmanager
def catching(classifier: nn.Module, n_clips: int, *, attention: bool = False) -> Iterator[Caught]:
    """Catch what passes through `classifier` within the block; the hooks are gone after it."""
    caught = Caught()

    def keep_maps(n_axes: int, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        del module, inputs
        if isinstance(output, Tensor) and len(output) == n_clips and output.dim() == 2 + n_axes:
            caught.maps.append(output)

    def keep_attention(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if not caught.attentions and caught.maps:
            *others, n_frames = caught.maps[-1].shape[2:]
            caught.token_grid = (others[0] if others else 1, n_frames)
        queries, keys, values = inputs
        weights, attended = explicit_attention(queries, keys, values, cast(int, module.n_heads))
        difference, largest = (float(x.detach().abs().max()) for x in (attended - output, output))
        if difference > LARGEST_DIFFERENCE * largest:
            raise NotExplainedError("its attention is not softmax(Q K' / sqrt(width)) V")
        caught.attentions.append(weights)
        return attended

    handles = [
        module.register_forward_hook(partial(keep_maps, n_axes))
        for module in classifier.modules()
        if (n_axes := _convolved_axes(module))
    ]
    if attention:
        handles += [m.register_forward_hook(keep_attention) for m in classifier.modules() if _attends(m)]
    try:
        yield caught
    finally:
        for handle in handles:
            handle.remove()


def explicit_attention(queries: Tensor, keys: Tensor, values: Tensor, n_heads: int) -> tuple[Tensor, Tensor]:
    """Attention [batch, head, token, token] and what it gives, [batch, token, width]."""
    q, k, v = (x.unflatten(2, (n_heads, -1)).transpose(1, 2) for x in (queries, keys, values))
    weights = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).softmax(dim=3)
    return weights, (weights @ v).transpose(1, 2).flatten(2)


def _convolved_axes(module: nn.Module) -> int:
    """Axes along which a module convolves, at most; 0: it holds no convolution."""
    kinds = {type(part) for part in module.modules()}
    return 2 if nn.Conv2d in kinds else int(nn.Conv1d in kinds)


def _attends(module: nn.Module) -> bool:
    return hasattr(module, "n_heads") and not any(True for _ in module.children())


def token_map(relevance: Tensor, grid: tuple[int, int] | None) -> Tensor:
    """Relevance [batch, query, token] as the readout sees it, on the grid of tokens: [batch, mel', frame'].

    Special tokens stand in front and are what is read where there are any (the mean of their rows), else all tokens.
    """
    n_special = relevance.shape[2] - (grid[0] * grid[1] if grid else 0)
    if grid is None or not 0 <= n_special <= 2:
        raise NotExplainedError("its tokens do not lie on a grid of mel bands and frames")
    rows = relevance[:, :n_special] if n_special else relevance
    return rows.mean(dim=1)[:, n_special:].unflatten(1, grid)


def caught_attentions(caught: Caught, n_clips: int) -> list[Tensor]:
    """The attention of every layer, where all layers attend over the whole picture."""
    if not caught.attentions:
        raise NotExplainedError("it has no attention")
    if any(len(one) != n_clips for one in caught.attentions) or len({one.shape[2:] for one in caught.attentions}) > 1:
        raise NotExplainedError("its attention stays within groups of tokens, or its tokens are merged on the way")
    return caught.attentions
