# neuro/loihi/mapping/mapped_operations.py
"""What a clip costs on the cores that hold the network: as `chip_operations`, with what only a placement can tell.

messages_placed                       in place of spikes_routed: only to the cores that hold a synapse of the spike
hops_east_west, hops_north_south      of those messages
synaptic_operations                   also of what the last step of a layer below the readout sent itself
neuron_updates_inactive               also in the steps in which a layer waits for the one below, or has finished
chip_steps                            n_steps + n_layers - 1
chip_seconds                          by the times of SANA-FE (`latency`), for each chip that is used
"""

from typing import Any

from numpy.typing import NDArray

from classical_baselines.harness.operations import OperationCounts
from neuro.loihi.contracts import LoihiLayer, SpikeRecord
from neuro.loihi.mapping.core_map import CoreMap
from neuro.loihi.mapping.latency import latency
from neuro.loihi.mapping.traffic import Traffic
from neuro.loihi.operations import chip_operations, multiplies


def mapped_operations(
    core_map: CoreMap, record: SpikeRecord, run: Traffic, step_seconds: float | None = None
) -> OperationCounts:
    """Mean counts per clip of stage `network`; `step_seconds` in place of the modelled time of a step."""
    network = core_map.network
    n_waiting = len(network.layers) - 1
    seconds = latency(core_map, run).clip_seconds if step_seconds is None else run.n_steps * step_seconds
    of_chip = {
        "chip_steps": float(run.n_steps),
        "chip_seconds": seconds * core_map.n_chips_used,
        "state_resets": float(core_map.n_chips_used),
    }
    rows = []
    for stage, name, operation, count in chip_operations(network, record).rows():
        if name == "chip":
            rows.append((stage, name, operation, of_chip[operation]))
            continue
        number = len(network.layers) - 1 if name == "readout" else int(name.removeprefix("layer-")) - 1
        of_layer = run.layers[number]
        if operation == "spikes_routed":
            rows += [
                (stage, name, "messages_placed", of_layer.n_messages / run.n_clips),
                (stage, name, "hops_east_west", of_layer.hops_east_west / run.n_clips),
                (stage, name, "hops_north_south", of_layer.hops_north_south / run.n_clips),
            ]
        elif operation == "neuron_updates_inactive":
            rows.append((stage, name, operation, count + n_waiting * network.layers[number].n_neurons))
        elif operation in ("synaptic_operations", "mac_int8"):
            met = float(run.synaptic_operations[:, :, core_map.cores_of(number)].sum()) / run.n_clips
            if multiplies(network, number):  # what comes from below alone; what a layer sends itself are spikes
                own = _own(network.layers[number], record.spikes[number], is_last=number == n_waiting) / run.n_clips
                met = met - own if operation == "mac_int8" else own
            rows.append((stage, name, operation, met))
        else:
            rows.append((stage, name, operation, count))
    return OperationCounts.from_rows(rows)


def _own(layer: LoihiLayer, spikes: NDArray[Any], *, is_last: bool) -> float:
    """Synapses to itself that a layer's spikes meet, also of its last step where layers above it have to finish."""
    heard = spikes[:-1] if is_last else spikes
    return 0.0 if layer.recurrence is None else float((heard != 0).sum()) * layer.n_neurons
