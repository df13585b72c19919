# neuro/loihi/mapping/placed_run.py
"""A run on the cores of a chip, as a backend reports it: counts, and facts for the table."""

from typing import Any

from classical_baselines.harness.operations import OperationCounts
from neuro.loihi.contracts import SpikeRecord
from neuro.loihi.mapping.chips import LOIHI_1
from neuro.loihi.mapping.core_map import CoreMap
from neuro.loihi.mapping.latency import TIME_SETS, latency
from neuro.loihi.mapping.loihi_1_profile import LOIHI_1_PROFILE, TITLE
from neuro.loihi.mapping.mapped_operations import mapped_operations
from neuro.loihi.mapping.traffic import traffic


def placed_run(core_map: CoreMap, record: SpikeRecord) -> tuple[OperationCounts, dict[str, float]]:
    """Mean counts per clip, and the seconds of a step by each set of times."""
    run = traffic(core_map, record)
    times = {name: latency(core_map, run, name).step_seconds for name in TIME_SETS}
    return mapped_operations(core_map, record, run), times


def placement_notes(core_map: CoreMap) -> dict[str, Any]:
    """What the placement is, whatever ran on it; JSON-ready."""
    notes: dict[str, Any] = {
        "chip": core_map.chip.title,
        "n_cores": core_map.n_cores,
        "n_cores_by_layer": [layer.n_cores for layer in core_map.layers],
        "limited_by": [layer.limited_by or "nothing: one core" for layer in core_map.layers],
        "fullest_core": float(core_map.load().max()),
    }
    if core_map.chip is LOIHI_1:
        notes |= {"model": TITLE, "differs_from_chip": [difference.what for difference in LOIHI_1_PROFILE]}
    return notes
