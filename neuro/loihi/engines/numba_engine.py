# neuro/loihi/engines/numba_engine.py
"""The emulator compiled for the CPU: the integers of the torch engine, sooner.

LIF layers are driven by events where few channels are active: a spike adds its row of weights, and the neurons of the
step follow at once. Where many are (graded pictures, say), and for neurons of other models, all sums of a layer come
from one matrix product or convolution, exact in float32, and only the neurons are compiled. Clips divide among as many
threads as torch may use.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neuro.loihi.contracts import Lif, LoihiLayer, ResonateAndFire, SigmaDelta, TernaryLif
from neuro.loihi.engines import compiled_neurons
from neuro.loihi.engines.compiled_convolution import run_convolution
from neuro.loihi.engines.compiled_lif import BYTES_AT_ONCE, run_dense
from neuro.loihi.engines.layer_record import LayerRecord
from neuro.loihi.engines.torch_engine import neurons_reached, synaptic_input
from neuro.loihi.limits import DECAY_UNITY, FRACTION_BITS, LARGEST_DECAY

SPARSE = {"dense": 0.15, "convolution": 0.25}  # share of active channels up to which events are the faster way
LARGEST_SHORT = 2**15 - 1

Array = NDArray[Any]
NONE = np.zeros((0, 0, 0), np.int32)


@torch.no_grad()
def run_layer(layer: LoihiLayer, spikes: Tensor, *, potentials: bool) -> LayerRecord:
    """The layer driven by spikes [step, clip, channel]."""
    if not isinstance(layer.neuron, Lif):
        return _run_others(layer, spikes, potentials)
    fired, values = _events(spikes)
    sparse = float(np.count_nonzero(fired)) <= SPARSE[layer.kind] * fired.size
    if layer.kind == "dense":
        return _run_dense(layer, spikes, fired, values, sparse or layer.delays is not None, potentials)
    kernel = layer.weights.shape[2:]
    if sparse and layer.padding < min(kernel):
        return _run_convolution(layer, spikes, fired, values, potentials)
    return _run_given(layer, spikes, fired, potentials)


def _events(spikes: Tensor) -> tuple[Array, Array]:
    """What fired, as bytes with the channels filled up to whole words; and the values of graded events, else none."""
    n_filled = -spikes.shape[2] % BYTES_AT_ONCE
    values = NONE if spikes.dtype is torch.bool else spikes.to(torch.int32).contiguous().numpy()
    fired = (spikes if spikes.dtype is torch.bool else spikes != 0).contiguous().numpy().view(np.uint8)
    if n_filled:
        fired = np.pad(fired, ((0, 0), (0, 0), (0, n_filled)))
    return fired, values


def _parameters(neuron: Lif) -> Array:
    return np.array(
        [
            DECAY_UNITY - neuron.decay,
            LARGEST_DECAY - neuron.current_decay,
            neuron.threshold << FRACTION_BITS,
            neuron.reset_interval,
            neuron.reset_offset,
        ],
        dtype=np.int32,
    )


def _run_dense(
    layer: LoihiLayer, spikes: Tensor, fired: Array, values: Array, by_events: bool, potentials: bool
) -> LayerRecord:
    assert isinstance(layer.neuron, Lif)
    n_steps, n_clips = spikes.shape[:2]
    n_neurons = layer.n_neurons
    recurrence = layer.recurrence
    recurrent = np.zeros((0, 0), np.int16) if recurrence is None else _rows(recurrence.weights)
    met = np.empty((n_steps, n_clips, 1 if layer.delays is None else n_neurons), np.bool_)
    record = _Record(n_steps, n_clips, n_neurons, np.bool_, potentials)
    arguments = (
        fired,
        fired.view(np.uint64),
        values,
        NONE if by_events else synaptic_input(layer, spikes).to(torch.int32).numpy(),
        _rows(layer.weights),
        _most(layer.weights),
        layer.weight_exponent,
        np.zeros((0, 0), np.int32) if layer.delays is None else np.ascontiguousarray(layer.delays.T, np.int32),
        recurrent,
        1 if recurrence is None else _most(recurrence.weights),
        0 if recurrence is None else recurrence.weight_exponent,
        layer.neuron_bias.astype(np.int32),
        _parameters(layer.neuron),
    )
    _over_clips(n_clips, lambda first, end: run_dense(*arguments, first, end, record.spikes, met, *record.kept))
    return record.layer_record(np.broadcast_to(met, record.spikes.shape))


def _run_given(layer: LoihiLayer, spikes: Tensor, fired: Array, potentials: bool) -> LayerRecord:
    """A convolution whose sums come from torch."""
    assert isinstance(layer.neuron, Lif)
    n_steps, n_clips = spikes.shape[:2]
    record = _Record(n_steps, n_clips, layer.n_neurons, np.bool_, potentials)
    arguments = (
        fired,
        fired.view(np.uint64),
        NONE,
        synaptic_input(layer, spikes).to(torch.int32).numpy(),
        np.zeros((0, 0), np.int16),
        1,
        0,
        np.zeros((0, 0), np.int32),
        np.zeros((0, 0), np.int16),
        1,
        0,
        layer.neuron_bias.astype(np.int32),
        _parameters(layer.neuron),
    )
    met = np.empty((n_steps, n_clips, 1), np.bool_)
    _over_clips(n_clips, lambda first, end: run_dense(*arguments, first, end, record.spikes, met, *record.kept))
    return record.layer_record(neurons_reached(layer, spikes).numpy())


def _run_convolution(layer: LoihiLayer, spikes: Tensor, fired: Array, values: Array, potentials: bool) -> LayerRecord:
    assert isinstance(layer.neuron, Lif)
    parameters = _parameters(layer.neuron)
    n_steps, n_clips = spikes.shape[:2]
    n_maps, n_mels, n_frames = layer.output_grid
    _, n_rows, n_columns = layer.input_grid
    kernel = layer.weights.shape[2:]
    # [map, map_in, row, column] to [map_in, row, column * map], turned about in rows and columns
    turned = layer.weights[:, :, ::-1, ::-1].transpose(1, 2, 3, 0).astype(np.int16)
    rows = np.ascontiguousarray(turned).reshape(*turned.shape[:2], -1)
    largest = np.abs(layer.weights).reshape(n_maps, -1).sum(axis=1).max()
    short = values.size == 0 and largest <= LARGEST_SHORT
    met = np.empty((n_steps, n_clips, layer.n_neurons), np.bool_)
    record = _Record(n_steps, n_clips, layer.n_neurons, np.bool_, potentials, zero=True)

    def run(first: int, end: int) -> None:
        run_convolution(
            fired,
            fired.view(np.uint64),
            values,
            rows,
            np.empty((n_rows + kernel[0] - 1, (n_columns + kernel[1] - 1) * n_maps), np.int16 if short else np.int32),
            layer.weight_exponent,
            np.array([n_rows, n_columns, n_maps], np.int64),
            np.array([n_mels, n_frames], np.int64),
            np.array(kernel, np.int64),
            layer.stride,
            np.array([kernel[0] - 1 - layer.padding, kernel[1] - 1 - layer.padding], np.int64),
            np.tile(layer.bias.astype(np.int32), n_frames),
            parameters,
            first,
            end,
            record.spikes.view(np.uint8),
            met.view(np.uint8),
            *record.kept,
        )

    _over_clips(n_clips, run)
    return record.layer_record(met)


def _run_others(layer: LoihiLayer, spikes: Tensor, potentials: bool) -> LayerRecord:
    """Neurons that are not LIF, driven by sums from torch."""
    neuron = layer.neuron
    inputs = synaptic_input(layer, spikes).numpy()
    n_steps, n_clips, n_neurons = inputs.shape
    record = _Record(n_steps, n_clips, n_neurons, neuron.spike_type, potentials)
    state = np.zeros((n_clips, neuron.n_states, n_neurons), np.int64)
    every = record.potentials if potentials else np.empty((1, n_clips, n_neurons), np.int32)
    work: Callable[..., int]
    given: tuple[Array, ...]
    parameters: tuple[int, ...]
    if isinstance(neuron, TernaryLif):
        thresholds = (neuron.upper_threshold << FRACTION_BITS, neuron.lower_threshold << FRACTION_BITS)
        work, given = compiled_neurons.ternary_lif, (inputs, layer.neuron_bias)
        parameters = (DECAY_UNITY - neuron.decay, LARGEST_DECAY - neuron.current_decay, *thresholds)
    elif isinstance(neuron, SigmaDelta):
        work, given = compiled_neurons.sigma_delta, (inputs, layer.neuron_bias << neuron.shift)
        parameters = (neuron.threshold << neuron.shift, neuron.state_exponent, int(neuron.activation == "relu"))
    elif isinstance(neuron, ResonateAndFire):
        work, given = compiled_neurons.resonate_and_fire, (inputs, neuron.cosine, neuron.sine)
        parameters = (neuron.threshold, neuron.state_exponent, neuron.decay_bits)
    else:
        raise TypeError(f"the engine numba knows no {type(neuron).__name__}; use the engine torch.")
    constants = np.array(parameters, np.int64)
    largest = _over_clips(n_clips, lambda first, end: work(*given, constants, first, end, state, record.spikes, every))
    record.final[:] = every[-1]
    return record.layer_record(neurons_reached(layer, spikes).numpy(), max(largest))


class _Record:
    """What a run writes to: spikes, final potentials, and those of every step where they are asked for."""

    def __init__(
        self, n_steps: int, n_clips: int, n_neurons: int, spike_type: type[np.generic], potentials: bool, *,
        zero: bool = False,
    ) -> None:  # fmt: skip
        make = np.zeros if zero else np.empty
        self.spikes: Array = make((n_steps, n_clips, n_neurons), spike_type)
        self.final = np.zeros((n_clips, n_neurons), np.int32)
        self.potentials = np.empty(self.spikes.shape if potentials else (0, 0, 0), np.int32)

    @property
    def kept(self) -> tuple[Array, Array]:
        return self.final, self.potentials

    def layer_record(self, inputs_active: Array, largest_state: int = 0) -> LayerRecord:
        potentials = self.potentials if self.potentials.size else None
        return LayerRecord(self.spikes, inputs_active, self.final.astype(np.int64), potentials, largest_state)


def _rows(weights: Array) -> Array:
    """Weights [to, from] as rows [from, to] of 16 bits."""
    return np.ascontiguousarray(weights.T, np.int16)


def _most(weights: Array) -> int:
    """How many rows can be added up in 16 bits."""
    return int(LARGEST_SHORT // max(1, np.abs(weights).max()))


def _over_clips(n_clips: int, work: Callable[[int, int], Any]) -> list[Any]:
    """work(first, end) for the clips of each thread."""
    n_threads = min(torch.get_num_threads(), n_clips)
    if n_threads <= 1:
        return [work(0, n_clips)]
    borders = [n_clips * number // n_threads for number in range(n_threads + 1)]
    with ThreadPoolExecutor(n_threads) as threads:
        return list(threads.map(work, borders[:-1], borders[1:]))
