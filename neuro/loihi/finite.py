# neuro/loihi/finite.py
"""Whether the numbers of a trained network are numbers: NaN and infinity have no integer.

A training that diverges leaves them, in a weight, a bias or in a running mean or variance of a batch norm. As integers
they would become -2^63 or the largest that fits, and the network would still answer.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from neuro.classifiers.synapses import Synapses
from neuro.loihi.limits import NotMappableError


def layer_title(number: int, n_hidden: int) -> str:
    """What a layer, from 0, is called in an error: as `OperationCounts` names its rows."""
    return "readout" if number == n_hidden else f"layer-{number + 1}"


@torch.no_grad()
def check_synapses(synapses: Synapses, title: str) -> None:
    """NotMappableError unless every number of a layer is finite, and stays so where its batch norm is folded."""
    check_finite(title, synapses.state_dict())
    weight, bias = synapses.folded()
    check_finite(title, {"weight, batch norm folded": weight, "bias, batch norm folded": bias})


def check_finite(title: str, named: Mapping[str, Tensor]) -> None:
    """NotMappableError, with the layer, the name and the first value, unless all are finite."""
    for name, values in named.items():
        bad = values[~torch.isfinite(values)]
        if bad.numel():
            raise NotMappableError(
                f"{title}: {name} holds {float(bad[0])} ({bad.numel()} of its {values.numel()} numbers are NaN or "
                "infinite); the chip holds integers, so all must be finite. Train again with a lower learning rate."
            )
