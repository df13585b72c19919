# neuro/loihi/engines/layer_record.py
"""What an engine hands back of one layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LayerRecord:
    """Spikes, what drove them, and the potentials after them."""

    spikes: NDArray[Any]  # [step, clip, neuron], of the neuron's spike_type
    inputs_active: NDArray[np.bool_]  # [step, clip, neuron]
    final_potentials: NDArray[np.int64]  # [clip, neuron]
    potentials: NDArray[np.int32] | None  # [step, clip, neuron], where asked for
    largest_state: int  # the largest absolute value that any part of the state took
