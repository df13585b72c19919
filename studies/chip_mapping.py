# studies/chip_mapping.py
"""A trained spiking network of a study on the cores of a chip: what it takes, how long, and how many joules.

    cell -> weights of the store -> integers -> validation clips -> spikes -> cores, messages, hops, times, energies

Validation clips only: no look is opened. The energy is that of the chip, saturated: no idling between clips, and
neither front end, encoder nor link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from neuro.loihi.contracts import SpikeRecord
from neuro.loihi.emulator import emulate
from neuro.loihi.mapping.chips import CHIPS
from neuro.loihi.mapping.core_map import CoreMap, core_map
from neuro.loihi.mapping.latency import TIME_SETS, Latency, latency
from neuro.loihi.mapping.mapped_operations import mapped_operations
from neuro.loihi.mapping.traffic import Traffic, traffic
from studies.cell import StudyCell
from studies.chip_energy import DEVICES, ChipEnergy, chip_energy, step_time_draws
from studies.integers_on_clips import integers_on_clips
from studies.specification import Study


@dataclass(frozen=True, eq=False)
class ChipMapping:
    """A network, a run, and what they come to on a chip."""

    cores: CoreMap
    run: Traffic
    counts: OperationCounts  # mean per clip
    times: Mapping[str, Latency]  # by set of times
    energies: Mapping[str, ChipEnergy]  # by set of prices, at the times of the same set
    energies_at_measured_steps: Mapping[str, ChipEnergy]  # the same at the step times that were measured elsewhere


def mapped_cell(
    study: Study,
    cell: StudyCell,
    weights: Mapping[str, Tensor],
    data_root: Path | None,
    *,
    chip: str,
    n_chips: int,
    n_clips: int,
) -> ChipMapping:
    """The trained network of a cell, run on validation clips that are spread evenly."""
    network, inputs = integers_on_clips(study, cell, weights, data_root, n_clips, "map")
    cores = core_map(network, CHIPS[chip], n_chips)  # refused before anything is run
    return mapped_run(cores, emulate(network, inputs))


def mapped_run(cores: CoreMap, record: SpikeRecord, draws: CoefficientDraws | None = None) -> ChipMapping:
    """What a run comes to on its cores."""
    shared = draws or CoefficientDraws()
    run = traffic(cores, record)
    counts = mapped_operations(cores, record, run)
    times = {name: latency(cores, run, name) for name in TIME_SETS}
    energies, measured = {}, {}
    for name, device in DEVICES[cores.chip.name].items():
        of_set = times[name]
        waiting = of_set.barrier * run.n_steps
        chips = cores.n_chips_used
        energies[name] = chip_energy(
            counts,
            device,
            working_seconds=chips * (of_set.clip_seconds - waiting),
            waiting_seconds=chips * waiting,
            draws=shared,
        )
        steps = chips * run.n_steps * step_time_draws(device, shared)
        measured[name] = chip_energy(counts, device, working_seconds=steps, draws=shared)
    return ChipMapping(cores, run, counts, times, energies, measured)
