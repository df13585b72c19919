"""The training that the tests of pruned networks share."""

import torch


def trained_by_epochs(network, pictures, n_epochs):
    """The network after a step in each epoch, and the share of its weights that are zeros in each."""
    network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    shares = []
    for epoch in range(n_epochs):
        network.start_epoch(epoch, n_epochs)
        torch.nn.functional.cross_entropy(network.train()(pictures), torch.arange(len(pictures)) % 4).backward()
        optimiser.step()
        optimiser.zero_grad()
        masks = network.masks().values()
        shares.append(1 - sum(float(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks))
    return network.eval(), shares
