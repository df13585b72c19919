# neuro/lif_scan/scan.py
"""The LIF recurrence with the engine that is fastest where the currents lie."""

import torch
from torch import Tensor

from neuro.lif_scan import torch_scan
from neuro.neuron import LifNeuron


def lif_scan(currents: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of `neuron` driven by currents [step, ...]: compiled on a CPU, else torch."""
    if currents.device.type == "cpu" and currents.dtype in {torch.float32, torch.float64}:
        from neuro.lif_scan import numba_scan

        return numba_scan.lif_scan(currents, neuron)
    return torch_scan.lif_scan(currents, neuron)
