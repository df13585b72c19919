# neuro/loihi/finite.py
"""Whether the numbers of a trained network are numbers: NaN and infinity have no integer.

A training that diverges leaves them, in a weight, a bias or in a running mean or variance of a batch norm. As integers
they would become -2^63 or the largest that fits, and as floats a potential of NaN lies above no threshold: either way
the network would still answer.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
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
    if found := _first_bad(named):
        raise NotMappableError(
            f"{title}: {found}; the chip holds integers, so all must be finite. Train again with a lower learning rate."
        )


@torch.no_grad()
def check_floats(network: nn.Module, title: str = "") -> None:
    """InputError, with the layer, the name and the first value, unless every number of a network that is run as floats
    is finite; `title` names one that is a single layer."""
    for path, module in network.named_modules():
        named = {
            name: values
            for own in (module.named_parameters(recurse=False), module.named_buffers(recurse=False))
            for name, values in own
        }
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_var is not None:
            named["deviation"] = torch.sqrt(module.running_var + module.eps)  # NaN of a variance below 0
        if found := _first_bad(named):
            layer, rest = _layer_of(path, title or type(network).__name__)
            raise InputError(
                f"{layer}: {rest}{found}; NaN passes no threshold, so the network would answer all the same: all must "
                "be finite. Train again with a lower learning rate."
            )


def _layer_of(path: str, title: str) -> tuple[str, str]:
    """`layers.0.norm` -> ("layer-1", "norm."); what stands in no numbered layer and no readout is of `title`."""
    if numbered := re.fullmatch(r"layers\.(\d+)(?:\.(.+))?", path):
        layer, rest = layer_title(int(numbered[1]), -1), numbered[2] or ""
    elif path.startswith("readout"):
        layer, rest = "readout", path.removeprefix("readout").lstrip(".")
    else:
        layer, rest = title, path
    return layer, f"{rest}." if rest else ""


def _first_bad(named: Mapping[str, Tensor]) -> str:
    """The first of the tensors that holds a number that is none; "" where all are finite."""
    for name, values in named.items():
        bad = values[~torch.isfinite(values)]
        if bad.numel():
            return f"{name} holds {float(bad[0])} ({bad.numel()} of its {values.numel()} numbers are NaN or infinite)"
    return ""
