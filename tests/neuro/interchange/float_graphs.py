"""NIR graphs of floats, as other tools write them, for the tests."""

from itertools import pairwise

import numpy as np
import pytest

nir = pytest.importorskip("nir")

DT = np.float32(1e-4)


def chain(*nodes, reads, gives):
    """A graph that goes through the nodes one after another: node-1, node-2 and so on."""
    named = {f"node-{number}": node for number, node in enumerate(nodes, start=1)}
    every = {"input": nir.Input(np.array(reads)), **named, "output": nir.Output(np.array(gives))}
    return nir.NIRGraph(every, list(pairwise(every)), type_check=False)


def written(graph, path):
    nir.write(path, graph)
    return path


def lif(n_neurons, beta, threshold=1.0, **changes):
    """As snnTorch 1.0.0 writes Leaky: all arithmetic in 32-bit floats, the way a spike resets left out."""
    beta = np.full(n_neurons, beta, np.float32)
    with np.errstate(divide="ignore"):
        tau = DT / (1 - beta)
    every = {"tau": tau, "r": tau / DT, "v_leak": np.zeros_like(beta), "v_reset": np.zeros_like(beta)}
    return nir.LIF(**{**every, "v_threshold": np.full(n_neurons, threshold, np.float32), **changes})


def cuba(n_neurons, alpha, beta, threshold=1.0, **changes):
    """As snnTorch 1.0.0 writes Synaptic."""
    alpha, beta = (np.full(n_neurons, value, np.float32) for value in (alpha, beta))
    with np.errstate(divide="ignore"):
        tau_syn, tau_mem = DT / (1 - alpha), DT / (1 - beta)
    every = {"tau_syn": tau_syn, "tau_mem": tau_mem, "r": tau_mem / DT, "w_in": tau_syn / DT}
    every |= {"v_leak": np.zeros_like(beta), "v_reset": np.zeros_like(beta)}
    return nir.CubaLIF(**{**every, "v_threshold": np.full(n_neurons, threshold, np.float32), **changes})


def integrate_and_fire(n_neurons, threshold=1.0):
    return nir.IF(r=np.full(n_neurons, 1 / 1e-4), v_threshold=np.full(n_neurons, threshold))


def on_grid(rng, *shape, largest=1.0, unit=64):
    """Floats whose sums are exact in any order: multiples of 1/unit."""
    return (rng.integers(-largest * unit, largest * unit + 1, shape) / unit).astype(np.float32)


def affine(rng, n_out, n_in, largest=0.5, bias=0.1):
    return nir.Affine(weight=on_grid(rng, n_out, n_in, largest=largest), bias=on_grid(rng, n_out, largest=bias))


def convolution(rng, n_out, n_in, width=3, **changes):
    given = {"input_shape": (6, 6), "stride": 1, "padding": 1, "dilation": 1, "groups": 1}
    weight, bias = on_grid(rng, n_out, n_in, width, width), on_grid(rng, n_out, largest=0.1)
    return nir.Conv2d(**{**given, "weight": weight, "bias": bias, **changes})
