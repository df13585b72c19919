# neuro/loihi/mapping/latency.py
"""How long a step takes, by two published sets of times.

    step = max over cores of ( synaptic operations + neurons + spikes + messages, each times its time )
         + the way of the message that goes furthest
         + barrier(tiles)

`davies`    Davies et al. 2018: simulated before silicon; no time of a message at a core, so a core's work there is free
`sana-fe`   the Loihi preset of SANA-FE 2.2.1: regressed on boards, with messages

The times are rows of the device files (`classical_baselines/harness/coefficients/loihi_1_*.toml`), with their ranges.
Both leave out host, input and output: systems of many chips were measured at 5.8 to 13 microseconds a step, and a board
with its host at 337 (row `l1.step-time`). No time of Loihi 2 was ever published: there the same times stand. Between
the numbers of tiles that were published the barrier is interpolated over the logarithm of the tiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.devices import load_device
from neuro.loihi.mapping.core_map import CoreMap
from neuro.loihi.mapping.traffic import Traffic

NOMINAL_SET = "sana-fe"  # the set of the two that rests on silicon


@dataclass(frozen=True)
class TimeSet:
    """Where the times of one source stand: ids of rows of a device, and its barrier by tiles."""

    device: str
    rows: Mapping[str, str]  # what is timed -> id; what has no row is free
    barrier_tiles: tuple[int, ...]
    barrier_seconds: tuple[float, ...]


TIME_SETS: Mapping[str, TimeSet] = MappingProxyType(
    {
        "davies": TimeSet(
            "loihi-1-davies",
            MappingProxyType(
                {
                    "synapse": "l1.davies.synapse-time",
                    "active": "l1.davies.neuron-active-time",
                    "inactive": "l1.davies.neuron-inactive-time",
                    "tile": "l1.davies.tile-time",
                    "east-west": "l1.davies.hop-east-west-time",
                    "north-south": "l1.davies.hop-north-south-time",
                }
            ),
            (1, 32),
            (113e-9, 465e-9),  # row l1.davies.barrier-time
        ),
        "sana-fe": TimeSet(
            "loihi-1-sana-fe",
            MappingProxyType(
                {
                    "synapse": "l1.sana-fe.synapse-time",
                    "convolution": "l1.sana-fe.synapse-convolutional-time",
                    "active": "l1.sana-fe.neuron-time",
                    "inactive": "l1.sana-fe.neuron-inactive-time",
                    "spike": "l1.sana-fe.spike-time",
                    "message-out": "l1.sana-fe.message-out-time",
                    "message-in": "l1.sana-fe.message-in-time",
                    "east-west": "l1.sana-fe.hop-east-west-time",
                    "north-south": "l1.sana-fe.hop-north-south-time",
                }
            ),
            (1, 2, 4, 29),
            (0.6e-6, 1.0e-6, 1.4e-6, 1.8e-6),  # row l1.sana-fe.barrier-time
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Latency:
    """Seconds of every step of every clip by one set of times."""

    steps: NDArray[np.float64]  # [step of the chip, clip]
    cores: float  # mean of the slowest core's seconds in a step
    way: float  # of the furthest message
    barrier: float

    @property
    def step_seconds(self) -> float:
        """Mean over steps and clips."""
        return float(self.steps.mean())

    @property
    def clip_seconds(self) -> float:
        """Mean over clips."""
        return float(self.steps.sum(axis=0).mean())


def latency(core_map: CoreMap, run: Traffic, name: str = NOMINAL_SET) -> Latency:
    """The time of a run's steps by the set of times called `name`, "davies" or "sana-fe"."""
    times = TIME_SETS[name]
    device = load_device(times.device)
    seconds = {what: device.row(id).nominal for what, id in times.rows.items()}
    synapse = np.concatenate(
        [np.full(layer.n_cores, seconds.get(layer.block.layer.kind, seconds["synapse"])) for layer in core_map.layers]
    )
    busy = (
        run.synaptic_operations * synapse
        + run.neurons_active * seconds["active"]
        + run.neurons_inactive * seconds["inactive"]
        + run.spikes * seconds.get("spike", 0.0)
        + run.messages_out * seconds.get("message-out", 0.0)
        + run.messages_in * seconds.get("message-in", 0.0)
    ).max(axis=2)
    east_west, north_south = run.longest_way
    way = seconds.get("tile", 0.0) + east_west * seconds["east-west"] + north_south * seconds["north-south"]
    barrier = float(np.interp(np.log2(core_map.n_tiles), np.log2(times.barrier_tiles), times.barrier_seconds))
    return Latency(busy + way + barrier, float(busy.mean()), way, barrier)
