# studies/loihi_back_test.py
"""The model of Loihi held against published measurements of whole systems: predicted range beside measured value.

    back_test_page()     docs/results/loihi-back-test.md, computed anew; `trichord back-test` prints it

Nothing is calibrated for a prediction: limits, times and prices are those of the files, and the spikes, which nobody
published for the keyword spotter, are drawn over a stated range of rates. What takes any number from the measurement
that it is held against is called a fit: the time that was measured, or a coefficient whose row names that measurement
as a source, such as a static power whose low end was read on the same board. A network is zeros in the published shape:
only shape and spikes count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch

from classical_baselines.harness.anchors import anchors
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.devices import load_device
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, SpikeRecord
from neuro.loihi.engines.torch_engine import neurons_reached
from neuro.loihi.mapping.chips import LOIHI_1, LOIHI_2, Limit
from neuro.loihi.mapping.core_map import CoreMap, core_map
from neuro.loihi.mapping.latency import TIME_SETS, latency
from neuro.loihi.mapping.loihi_1_profile import LOIHI_1_PROFILE, TITLE
from neuro.loihi.mapping.traffic import traffic
from studies.chip_energy import DEVICES, DYNAMIC, EnergyRange, chip_energy, sources_of
from studies.chip_mapping import ChipMapping, mapped_run
from studies.wording import joules_text

SETS = {"davies": "Davies", "sana-fe": "SANA-FE"}
# Of systems of many chips, unthrottled: Frady et al. 2020 (Pohoiki Springs), tables 1 and 2
MEASURED_STEPS = (5.8e-6, 13e-6)

# Blouw et al. 2018 (arXiv 1812.01739) and its power logs, as the anchors `abr` have it
SPOTTER_WIDTHS = (390, 256, 256, 29)
SPOTTER_SOURCE = "Blouw et al. 2018"  # as rows of the device files name it
SPOTTER_STEPS = 10
SPOTTER_RATES = (0.02, 0.20)  # spikes per neuron or input and step: nobody published them
SPOTTER_PER_SECOND = 296.5

# The network and the spikes of one frame over 24 steps that lava-dl 0.6.0 has among its tests (netx/gts/pilotnet_lif);
# (map, row, column). Its fourth convolution has strides 2 and 1; here it has 1 and 1, so layers 4 and 5 have 7,040 and
# 3,840 neurons in place of 5,632 and 2,560. The input layer's neurons are on the chip and are driven by their bias.
PILOT_GRIDS = ((3, 66, 200), (24, 32, 99), (36, 15, 49), (48, 7, 24), (64, 5, 22), (64, 3, 20))
PILOT_STRIDES = (2, 2, 2, 1, 1)
PILOT_WIDTHS = (3840, 100, 50, 10, 1)
PILOT_RATES = (0.887, 0.091, 0.100, 0.120, 0.108, 0.110, 0.094, 0.041, 0.033, 0.0)
PILOT_STEPS, PILOT_PER_SECOND, PILOT_CORES = 16, 408.9, 74  # of a frame; anchors `l2.pilot`
PILOT_COMPARTMENTS = 2048  # a core, with which the mapper comes near the 74 cores that were used


@dataclass(frozen=True)
class Line:
    """One quantity, measured and predicted."""

    quantity: str
    measured: float | None  # None: not published
    low: float  # predicted
    high: float
    unit: str  # "J", "s" or "cores"
    by: str
    is_fit: bool = False
    sources: tuple[str, ...] = ()  # of the coefficients that entered


def back_test() -> list[tuple[str, list[Line]]]:
    """The lines of each system."""
    return [
        ("Keyword spotter 390-256-256-29 on Loihi 1", list(_spotter_lines())),
        ("PilotNet on Loihi 2", list(_pilot_lines())),
    ]


def spotter(rate: float) -> ChipMapping:
    """The keyword spotter with spikes of one rate everywhere."""
    layers = tuple(_dense(n, m) for n, m in pairwise(SPOTTER_WIDTHS))
    network = LoihiNetwork(layers, False, 1.0)
    record = drawn_record(network, [rate] * (1 + len(layers)), SPOTTER_STEPS)
    return mapped_run(core_map(network, LOIHI_1), record)


def pilot(compartments: int | None = None) -> tuple[CoreMap, dict[str, float]]:
    """PilotNet on its cores, and the seconds of a frame by each set of times, one frame behind the other."""
    ways = zip(pairwise(PILOT_GRIDS), PILOT_STRIDES, strict=True)
    first = _convolution(PILOT_GRIDS[0], PILOT_GRIDS[0], 1, size=1)
    layers = (
        first,
        *(_convolution(a, b, stride) for (a, b), stride in ways),
        *(_dense(n, m) for n, m in pairwise(PILOT_WIDTHS)),
    )
    network = LoihiNetwork(layers, False, 1.0)
    chip = LOIHI_2
    if compartments is not None:
        chip = replace(chip, limits={**chip.limits, "compartments": Limit(compartments, "taken from a measurement")})
    cores = core_map(network, chip)
    n_waiting = len(layers) - 1
    # Frames follow each other, so every layer works in every step: the steps in which all of them do are taken.
    record = drawn_record(network, [0.0, *PILOT_RATES], n_waiting + 4)
    run = traffic(cores, record)
    seconds = {
        name: PILOT_STEPS * float(latency(cores, run, name).steps[n_waiting : n_waiting + 4].mean())
        for name in TIME_SETS
    }
    return cores, seconds


def drawn_record(network: LoihiNetwork, rates: Sequence[float], n_steps: int, seed: int = 0) -> SpikeRecord:
    """One clip of independent spikes: `rates` of the input and of each layer, per neuron and step."""
    generator = np.random.default_rng(seed)
    sizes = (int(np.prod(network.layers[0].input_grid)), *(layer.n_neurons for layer in network.layers))
    spikes = [generator.random((n_steps, 1, size)) < rate for size, rate in zip(sizes, rates, strict=True)]
    reached = tuple(
        neurons_reached(layer, torch.from_numpy(below)).numpy()
        for layer, below in zip(network.layers, spikes[:-1], strict=True)
    )
    return SpikeRecord(spikes[0], tuple(spikes[1:]), reached, np.zeros((1, sizes[-1]), np.int64))


def _spotter_lines() -> Iterator[Line]:
    found = [spotter(rate) for rate in SPOTTER_RATES]
    cores = found[0].cores.n_cores
    yield Line("cores", None, cores, cores, "cores", "limits of a core")
    seconds = 1 / SPOTTER_PER_SECOND
    for name, title in SETS.items():
        times = [one.times[name].clip_seconds for one in found]
        yield Line("time of an inference", seconds, times[0], times[1], "s", f"times of {title}")
    n_steps = found[0].run.n_steps
    elsewhere = [n_steps * step for step in MEASURED_STEPS]
    yield Line("time of an inference", seconds, elsewhere[0], elsewhere[1], "s", "steps measured elsewhere")
    dynamic, total = (anchors()[name].nominal for name in ("abr.loihi.dyn", "abr.loihi.total"))
    draws = CoefficientDraws()
    for name, title in SETS.items():
        ranges = [one.energies[name].range_of(*DYNAMIC) for one in found]
        sources = sources_of(DEVICES[LOIHI_1.name][name], *DYNAMIC)
        yield _energy("dynamic energy", dynamic, ranges, f"prices of {title}: events, reset, input", sources)
    for name, title in SETS.items():
        ranges = [one.energies[name].range_of() for one in found]
        sources = sources_of(DEVICES[LOIHI_1.name][name])
        yield _energy("total energy", total, ranges, f"prices and times of {title}", sources)
    for takes_time, times, by in (
        (False, elsewhere, "steps measured elsewhere"),
        (True, [seconds, seconds], "the measured time of an inference"),
    ):
        for name, title in SETS.items():
            device = DEVICES[LOIHI_1.name][name]
            ranges = [
                chip_energy(one.counts, device, working_seconds=time, draws=draws).range_of()
                for one, time in zip(found, times, strict=True)
            ]
            sources = sources_of(device)
            yield _energy("total energy", total, ranges, f"prices of {title}, {by}", sources, takes_time=takes_time)


def _pilot_lines() -> Iterator[Line]:
    seconds = 1 / PILOT_PER_SECOND
    watts = anchors()["l2.pilot.power-static"].nominal
    assert watts is not None
    (row,) = (row for row in load_device("loihi-2").rows("chip_seconds") if row.id == "l2.static")
    for is_fit, (cores, times) in ((False, pilot()), (True, pilot(PILOT_COMPARTMENTS))):
        by = f"{PILOT_COMPARTMENTS} neurons a core, from the cores that were used" if is_fit else "fewest cores"
        yield Line("cores", PILOT_CORES, cores.n_cores, cores.n_cores, "cores", by, is_fit)
        low, high = min(times.values()), max(times.values())
        yield Line("time of a frame", seconds, low, high, "s", f"times of Loihi 1, both sets; {by}", is_fit)
        static = (low * row.nominal, high * row.nominal)
        yield Line(
            "static energy of a frame",
            watts * seconds,
            *static,
            "J",
            f"the same time x {1e3 * row.nominal:.0f} mW",
            True,
        )


def _energy(
    quantity: str,
    measured: float | None,
    ranges: Sequence[EnergyRange],
    by: str,
    sources: tuple[str, ...],
    *,
    takes_time: bool = False,
) -> Line:
    """Of the keyword spotter, from the low end at the lowest rate to the high end at the highest."""
    is_fit = takes_time or any(SPOTTER_SOURCE in source for source in sources)
    return Line(quantity, measured, ranges[0].low, ranges[-1].high, "J", by, is_fit, sources)


def _dense(n_in: int, n_out: int) -> LoihiLayer:
    return LoihiLayer(
        "dense",
        np.zeros((n_out, n_in), np.int64),
        np.zeros(n_out, np.int64),
        0,
        Lif(0, 1),
        (n_in,),
        (n_out,),
    )


def _convolution(grid: tuple[int, ...], output: tuple[int, ...], stride: int, size: int = 3) -> LoihiLayer:
    weights = np.zeros((output[0], grid[0], size, size), np.int64)
    return LoihiLayer("convolution", weights, np.zeros(output[0], np.int64), 0, Lif(0, 1), grid, output, stride)


def _value(value: float, unit: str) -> str:
    return f"{value:.0f}" if unit == "cores" else joules_text(value).replace("J", unit)


def _factor(line: Line) -> str:
    """How far the measured value lies outside of the range; "inside" where it does not."""
    if line.measured is None:
        return "–"
    if line.low <= line.measured <= line.high:
        return "inside"
    if line.measured > line.high:
        return f"{line.measured / line.high:.2g} times too low"
    return f"{line.low / line.measured:.2g} times too high"


def back_test_page() -> str:
    """The whole page."""
    parts = [PREFACE]
    for title, lines in back_test():
        parts.append(f"## {title}\n")
        rows = [
            "| quantity | measured | predicted | the range is | by | kind |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for line in lines:
            measured = "–" if line.measured is None else _value(line.measured, line.unit)
            ends = dict.fromkeys((_value(line.low, line.unit), _value(line.high, line.unit)))
            kind = "fit" if line.is_fit else "prediction"
            rows.append(
                f"| {line.quantity} | {measured} | {' to '.join(ends)} | {_factor(line)} | {line.by} | {kind} |"
            )
        parts.append("\n".join(rows) + "\n\n" + NOTES[title])
    differences = "\n".join(
        f"- **{one.what}**: here {one.model}; there {one.chip} ({one.source})." for one in LOIHI_1_PROFILE
    )
    parts.append(f"## Where the model is known to differ from Loihi 1\n\nRows are {TITLE}.\n\n{differences}\n")
    return "\n".join(parts)


PREFACE = """\
# Loihi, predicted and measured

`trichord back-test` computes this page anew. The predictions come from the mapper, its times and the shipped prices
([energy.md](../energy.md)), as for any network; measured values are the anchors of `trichord list anchors`. Nothing
was calibrated for a line that is called a prediction. A line that takes any number from the measurement that it is
held against is called a fit, and its agreement proves nothing. A range of energies goes from 5 % of the draws of the
prices at the lowest spike rate to 95 % at the highest.
"""

NOTES = {
    "Keyword spotter 390-256-256-29 on Loihi 1": f"""\
Measured on a Wolf Mountain board: Blouw et al. 2018 and its power logs, {SPOTTER_STEPS} steps an inference,
{SPOTTER_PER_SECOND} inferences a second. Its spike rates were not published: inputs and neurons fire independently in
{100 * SPOTTER_RATES[0]:.0f} to {100 * SPOTTER_RATES[1]:.0f} % of the steps. An inference takes two steps more on the
chip, until the readout has heard. The low end of the static power (29.7 mW) is this board's idle power after boot, so
every total energy is a fit, also where its time is not the measured one.
Steps measured elsewhere are 5.8 to 13 µs, on systems of 256 to 768 chips (Frady et al. 2020).

What it says: the published times and prices of operations do not explain this board. An inference took longer than
all of its parts that have a published time together; what is left, host and input among it, has none. Once the
measured time is put in, the energy is inside the range, and events are a few percent of it: nearly all is power times
time. Without the time of the host, the modelled energy of a small network on Loihi is a lower bound.
""",
    "PilotNet on Loihi 2": f"""\
Measured on an oheogulch board: the benchmark notebook of lava-dl, {PILOT_STEPS} steps a frame, {PILOT_PER_SECOND}
frames a second, {PILOT_CORES} cores. Shapes and spike rates are those of the network and of one frame that lava-dl
0.6.0 ships with its tests; the fourth convolution has one stride here, which adds 2,688 neurons. No time and no price
of Loihi 2 was ever published: the times are those of Loihi 1, and only time and static power are held against the
measurement. Static power was read in the same run, so its energy is the time once more, and a fit.

What it says: the mapper takes the fewest cores and does not balance their work, and the slowest core sets the pace of
a step; the board's compiler took three times as many. With as many cores the model is still too slow: the layers with
the most synapses per neuron stay on few cores, and how much faster an operation of Loihi 2 is than one of Loihi 1 was
not published. So a time of Loihi 2 from this model is no prediction to plan by; its static energy inherits that.
""",
}
