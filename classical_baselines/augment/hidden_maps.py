# classical_baselines/augment/hidden_maps.py
"""SpecAugment++: bands and frames are masked in the picture and in maps within the network, while it trains.

    maps      [batch, (channel,) mel, frame]     the picture, or what a layer of the network gives
    M         one band ~ U{0 .. max(1, floor(share n_mels))} wide and one stretch of frames ~ U{0 .. max(1,
              floor(share n_frames))} long per clip, each anywhere along its axis; all channels alike
    zero      x (1 - M)                          silence, or a hidden map at rest
    mixture   x (1 - M) + (x + x') M / 2         x' is another clip of the batch, drawn by a permutation
    cut       x (1 - M) + x' M

Labels stay those of the clip. A network offers its hidden maps by naming them: `Classifier.hidden_maps` holds the names
of modules that give [batch, channel, mel, frame], from the input on. `masked_while_training` masks the first ones of
them by a forward hook, which acts in training mode alone and is gone when the training is over, so that nothing of it
is stored, exported or counted.

Reference: Wang, Zou & Wang, Interspeech 2021, arXiv 2103.16858 (the three fills, input and hidden maps). One mask per
axis, the widths as shares of each map, and masks drawn anew for each map are ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from classical_baselines.augment.spectrogram import hidden
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier

FILLS = ("zero", "mixture", "cut")


def masked_maps(maps: Tensor, fill: str, share: float, generator: torch.Generator) -> Tensor:
    """[batch, mel, frame] or [batch, channel, mel, frame] -> the same, masked."""
    n_clips, (n_mels, n_frames) = len(maps), maps.shape[-2:]
    mels = hidden(n_mels, max(1, int(share * n_mels)), n_clips, generator)
    frames = hidden(n_frames, max(1, int(share * n_frames)), n_clips, generator)
    mask = (mels[:, :, None] | frames[:, None, :]).to(maps.device)
    mask = mask.reshape(n_clips, *[1] * (maps.dim() - 3), n_mels, n_frames)
    if fill == "zero":
        return maps.masked_fill(mask, 0)
    other = maps[torch.randperm(n_clips, generator=generator).to(maps.device)]
    return torch.where(mask, other if fill == "cut" else (maps + other) / 2, maps)


def check_offers_maps(classifier: Classifier, n_maps: int) -> None:
    """Refuse a network that names fewer hidden maps than are to be masked."""
    offered = classifier.hidden_maps
    if len(offered) < n_maps:
        what = f"offers {', '.join(offered)} alone" if offered else "offers none"
        raise InputError(
            f"hidden_mask masks the first {n_maps} hidden map{'s' * (n_maps > 1)} of a network while it trains, and "
            f"{type(classifier).__name__} {what}. Lower hidden_mask_maps, choose a network that offers more "
            "(docs/augmentation.md lists them), or give the system an augmentation without hidden_mask."
        )


@contextmanager
def masked_while_training(
    classifier: Classifier, fill: str, share: float, n_maps: int, generator: torch.Generator
) -> Iterator[None]:
    """Inside the block, mask the first `n_maps` hidden maps of `classifier` whenever it is in training mode."""
    check_offers_maps(classifier, n_maps)

    def mask(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        del inputs
        return masked_maps(output, fill, share, generator) if module.training else output

    handles = [classifier.get_submodule(name).register_forward_hook(mask) for name in classifier.hidden_maps[:n_maps]]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
