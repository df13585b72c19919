# studies/chip_energy.py
"""The energy of a clip on a chip, term by term, each with the range of its prices.

    synapses, neurons, spikes, messages, hops    events of the integer run
    leakage, x86 idle                            static power for the time that the cores work and messages travel
    synchronisation                              the same power for the time of the barriers: no energy of a barrier
                                                 was ever published
    reset, input                                 state cleared once a clip; events brought onto the chip

What is missing: the output. Reading the potentials of the last layer and sending the answer to a host are not counted,
and nobody published a price of them; over a serial link alone ten potentials are some 12 nJ (docs/energy.md).

A synapse of a convolution has the price of a dense one by the set of SANA-FE, 35.5 pJ and not 24, though its own time:
counts do not say what a synapse is, and the range of the row reaches down to 24.

A range is 5 to 95 % of the draws, shared with every other energy of a study (`CoefficientDraws`). Two sets of prices
are held beside each other, each with its own times: Davies et al. 2018, and the Loihi preset of SANA-FE.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classical_baselines.harness.coefficient import CoefficientDraws, Device
from classical_baselines.harness.devices import load_device
from classical_baselines.harness.energy import Draws
from classical_baselines.harness.operations import OperationCounts

# Price set -> device, by chip.
DEVICES: Mapping[str, Mapping[str, str]] = {
    "loihi-1": {"davies": "loihi-1-davies", "sana-fe": "loihi-1-sana-fe"},
    "loihi-2": {"davies": "loihi-2", "sana-fe": "loihi-2-sana-fe"},
}
TERM_OF: Mapping[str, str] = {
    "synaptic_operations": "synapses",
    "mac_int8": "synapses",
    "neuron_updates_active": "neurons",
    "neuron_updates_inactive": "neurons",
    "spikes_generated": "spikes",
    "messages_placed": "messages",
    "hops_east_west": "hops",
    "hops_north_south": "hops",
    "state_resets": "reset",
    "spikes_in": "input",
}
STATIC_TERMS = {"l1.static": "leakage", "l1.x86": "x86 idle", "l2.static": "leakage, with x86"}
DYNAMIC = ("synapses", "neurons", "spikes", "messages", "hops", "reset", "input")
QUANTILES = (0.05, 0.95)


@dataclass(frozen=True)
class EnergyRange:
    """Joules: by the nominal prices; and 5 and 95 % of the draws, or the nominal value where it lies beyond."""

    nominal: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class ChipEnergy:
    """Joules of a clip, [1 + draw] by term; element 0 is nominal."""

    terms: Mapping[str, Draws]

    def range_of(self, *names: str) -> EnergyRange:
        """The sum of these terms; of all where none is named."""
        total = np.sum([self.terms[name] for name in names or self.terms if name in self.terms], axis=0)
        low, high = np.quantile(total[1:], QUANTILES)
        nominal = float(total[0])  # a price that its source calls a minimum is drawn from there upwards
        return EnergyRange(nominal, min(nominal, float(low)), max(nominal, float(high)))


def chip_energy(
    counts: OperationCounts,
    device_name: str,
    *,
    working_seconds: float | Draws,
    waiting_seconds: float | Draws = 0.0,
    draws: CoefficientDraws,
) -> ChipEnergy:
    """The terms of one clip's counts of the stage `network`; the chip waits at barriers for `waiting_seconds`."""
    device = load_device(device_name)
    terms: dict[str, Draws] = {}
    for (stage, _, operation), count in counts:
        if stage == "network" and operation in TERM_OF:
            _add(terms, TERM_OF[operation], count * _price(device, operation, draws))
    for row in device.rows("chip_seconds"):
        power = draws.price(device, row)
        _add(terms, STATIC_TERMS[row.id], working_seconds * power)
        _add(terms, "synchronisation", waiting_seconds * power)
    return ChipEnergy(terms)


def sources_of(device_name: str, *terms: str) -> tuple[str, ...]:
    """The sources of every coefficient in these terms, as its row has them; of all terms where none is named."""
    device = load_device(device_name)
    operations = [operation for operation, term in TERM_OF.items() if term in terms or not terms]
    rows = [row for operation in operations for row in device.rows(operation)]
    if not terms or set(terms) & {*STATIC_TERMS.values(), "synchronisation"}:
        rows += device.rows("chip_seconds")
    return tuple(dict.fromkeys(row.source for row in rows))


def step_time_draws(device_name: str, draws: CoefficientDraws) -> Draws:
    """[1 + draw] seconds of a step as it was measured elsewhere: the row `l1.step-time`."""
    device = load_device(device_name)
    (row,) = device.rows("step_time")
    return draws.price(device, row)


def _price(device: Device, operation: str, draws: CoefficientDraws) -> Draws:
    return np.sum([draws.price(device, row) for row in device.rows(operation)], axis=0)


def _add(terms: dict[str, Draws], name: str, joules: Draws) -> None:
    terms[name] = terms[name] + joules if name in terms else joules
