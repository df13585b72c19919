# classical_baselines/models/nested.py
"""The networks that another classifier may hold: what is pruned, who teaches, who learns.

A choice is {name, options}, as in a study file. The networks are imported here one by one, so that their code is part
of the keys of the cells that hold them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from classical_baselines.harness.choices import InputError, build_options, choose
from classical_baselines.harness.contracts import ClassifierOptions
from classical_baselines.models.audio_transformer import AudioTransformer
from classical_baselines.models.broadcast_residual_cnn import BroadcastResidualCnn
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.frequency_dynamic_cnn import FrequencyDynamicCnn
from classical_baselines.models.hybrid import CnnTransformer
from classical_baselines.models.light_transformer import LightTransformer
from classical_baselines.models.quantised import FLOAT_BITS
from classical_baselines.models.residual_cnn import ResidualCnn
from classical_baselines.models.se_residual_cnn import SeResidualCnn
from classical_baselines.models.spectrogram_transformer import SpectrogramTransformer

NETWORKS: Mapping[str, Callable[..., ClassifierOptions]] = {
    "ast": SpectrogramTransformer,
    "audio-transformer": AudioTransformer,
    "broadcast-residual-cnn": BroadcastResidualCnn,
    "cnn-transformer": CnnTransformer,
    "ds-cnn": DsCnn,
    "frequency-dynamic-cnn": FrequencyDynamicCnn,
    "light-transformer": LightTransformer,
    "residual-cnn": ResidualCnn,
    "se-residual-cnn": SeResidualCnn,
}


def chosen_network(choice: Mapping[str, Any], *, what: str) -> ClassifierOptions:
    """The options of the float network that {name, options} names; `what` is the option that holds the choice."""
    beyond = sorted(set(choice) - {"name", "options"})
    if beyond or "name" not in choice:
        raise InputError(f"{what} must be {{ name = ..., options = {{ ... }} }}; got the keys {sorted(choice)}.")
    network = choose(NETWORKS, choice["name"], what=f"network for {what}")
    options = build_options(network, choice.get("options", {}), what=f"{what} {choice['name']!r}")
    if getattr(options, "bits", FLOAT_BITS) != FLOAT_BITS:
        raise InputError(f"{what} must be a network of floats. Leave its bits at {FLOAT_BITS}.")
    return options
