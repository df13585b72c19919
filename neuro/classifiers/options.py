# neuro/classifiers/options.py
"""The options that all spiking classifiers have in common."""

from dataclasses import dataclass
from typing import Any

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.neuron import CubaNeuron, LifNeuron

RATE_SIDES = ("above", "both")
PRODUCTS = ("dense", "sparse")


@dataclass(frozen=True)
class SpikingOptions:
    """Neurons, dropout, and the price of spikes.

    The penalty is spike_rate_weight times the sum over layers of (rate - spike_rate_target)^2, rate being the spikes
    per neuron and step of a batch: of the excess alone (spike_rate_side "above": a silent layer costs nothing), or also
    of what is missing ("both": layers are drawn to the target, which wakes a silent one).
    """

    beta: float = 0.9
    threshold: float = 1.0
    surrogate_slope: float = 5.0
    dropout: float = 0.3  # before the readout
    spike_rate_target: float = 0.1  # spikes per neuron and step
    spike_rate_weight: float = 0.0  # of the penalty in the loss; 0: none
    spike_rate_side: str = "above"

    def __post_init__(self) -> None:
        check_shares(dropout=self.dropout, spike_rate_target=self.spike_rate_target)
        check_weight(self.spike_rate_weight)
        check_choice("spike_rate_side", self.spike_rate_side, RATE_SIDES)
        LifNeuron(self.beta, self.threshold, self.surrogate_slope)

    @property
    def neuron(self) -> LifNeuron:
        """The neuron of every hidden layer."""
        return LifNeuron(self.beta, self.threshold, self.surrogate_slope)

    def for_network(self) -> dict[str, Any]:
        """What `SpikingNetwork` is given of them."""
        return {
            "dropout": self.dropout,
            "spike_rate_target": self.spike_rate_target,
            "spike_rate_weight": self.spike_rate_weight,
            "spike_rate_side": self.spike_rate_side,
        }


@dataclass(frozen=True)
class ChipOptions(SpikingOptions):
    """Of networks that the chip runs too."""

    quantise_from: float = 0.7  # share of the epochs after which training goes on with the chip's integers

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(quantise_from=self.quantise_from)

    def for_network(self) -> dict[str, Any]:
        return {**super().for_network(), "quantise_from": self.quantise_from}


def neuron_with_current(options: SpikingOptions, alpha: float) -> LifNeuron:
    """The options' neuron; with a synaptic current that decays where `alpha` is not 0."""
    constants = options.beta, options.threshold, options.surrogate_slope
    return CubaNeuron(*constants, alpha) if alpha else LifNeuron(*constants)


def check_code(shape: EncodedShape, what: str) -> None:
    """A spiking network reads spikes or graded levels with a step axis."""
    if shape.code not in {"spikes", "graded"}:
        raise InputError(
            f"{what} reads spikes; its encoder gives {shape.code!r}. "
            "Choose a spike code, such as latency or population (`trichord list encoders`)."
        )


def check_hidden(hidden: tuple[int, ...]) -> None:
    """At least one layer, and a neuron in each."""
    if not hidden or min(hidden) < 1:
        raise InputError(f"hidden must name at least one layer of at least one neuron; got {hidden}.")


def check_shares(**shares: float) -> None:
    """Refuse what is not in [0, 1]."""
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise InputError(f"{name} must lie in [0, 1]; got {value}.")


def check_weight(spike_rate_weight: float) -> None:
    """A penalty is not rewarded."""
    if spike_rate_weight < 0:
        raise InputError(f"spike_rate_weight must be 0 (off) or greater; got {spike_rate_weight}.")


def check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse what is not among the allowed words."""
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(allowed)}; got {value!r}.")
