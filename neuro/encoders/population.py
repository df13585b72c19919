# neuro/encoders/population.py
"""Population code: each element is read by `n_fields` neurons, each with its own place on the axis of intensity.

    r_i = exp(-(x - m_i)^2 / (2 s^2))       m_i = (i - 1/2) / (n_fields - 2),   i = 0 ... n_fields - 1
                                            s = 1 / (overlap * (n_fields - 2))

    "latency"   neuron i fires once, at step round((1 - r_i) * (n_steps - 1)); r_i < silence_below: not at all
    "rate"      neuron i fires at each step with the probability max_rate * r_i; r_i < silence_below: not at all

An intensity of 0 is a place like any other, so silence has its spikes too. The decoder reads the two neurons that
answer most strongly, i and j: x = (m_i + m_j) / 2 + s^2 ln(r_i / r_j) / (m_i - m_j), kept in [0, 1].

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; channel = (field * n_mels + mel) * n_frames + frame

Reference: Bohte, Kok & La Poutré, Neurocomputing 48 (2002), 17-37 (places, width, overlap 1.5, silence below 0.1).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError, UnknownChoiceError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from neuro.encoders.latency import latency_spikes
from neuro.encoders.rate import rate_spikes
from neuro.encoders.steps import check_n_steps

Spoken = Literal["latency", "rate"]
MOST_FIELDS = 64


@dataclass(frozen=True)
class PopulationEncoder:
    """The options of a population code; calling it encodes a batch of spectrograms."""

    n_fields: int = 5
    spoken_as: Spoken = "latency"  # how a neuron tells its response
    n_steps: int = 8  # simulation steps given to every clip
    overlap: float = 1.5  # the larger, the narrower a field
    silence_below: float = 0.1  # a response below this gives no spike
    max_rate: float = 0.5  # spikes per step at a response of 1, where spoken as a rate
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        check_n_steps(self.n_steps, least=2)
        if self.spoken_as not in get_args(Spoken):
            known = ", ".join(get_args(Spoken))
            raise UnknownChoiceError(f"No spoken_as is called {self.spoken_as!r}. Choose one of: {known}.")
        if not 3 <= self.n_fields <= MOST_FIELDS:
            raise InputError(f"n_fields must be 3 to {MOST_FIELDS}; got {self.n_fields}.")
        if not 0.5 <= self.overlap <= 4:
            raise InputError(f"overlap must lie in [0.5, 4]; got {self.overlap}.")
        if not 0 < self.silence_below < 1:
            raise InputError(f"silence_below must lie between 0 and 1; got {self.silence_below}.")
        if not 0 < self.max_rate <= 1:
            raise InputError(f"max_rate must lie in (0, 1]; got {self.max_rate}.")

    @property
    def width(self) -> float:
        """s, the standard deviation of a field."""
        return 1 / (self.overlap * (self.n_fields - 2))

    def places(self) -> Tensor:
        """[field], m."""
        return (torch.arange(self.n_fields) - 0.5) / (self.n_fields - 2)

    def responses(self, picture: Tensor) -> Tensor:
        """[batch, mel, frame] in [0, 1] -> [batch, field, mel, frame]; 0 where a neuron stays silent."""
        distance = picture[:, None] - self.places()[:, None, None]
        responses = torch.exp(-distance.square() / (2 * self.width**2))
        return torch.where(responses < self.silence_below, 0, responses)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        responses = self.responses(pooled_intensity(intensity, self.pool))
        if self.spoken_as == "latency":
            return latency_spikes(responses, self.n_steps)
        return rate_spikes(responses, self.n_steps, self.max_rate, generator)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        return EncodedShape("spikes", (self.n_fields, *pooled_grid(n_mels, n_frames, self.pool)), self.n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture; 0 where fewer than two neurons of an element fired."""
        n_last = self.n_steps - 1
        if self.spoken_as == "latency":
            # of a spike in the last step it is known that the response was below half a step
            heard = (n_last - encoded.argmax(0)).clamp(min=0.25) / n_last * encoded.any(0)
        else:
            heard = encoded.sum(0) / (self.n_steps * self.max_rate)
        grid = pooled_grid(n_mels, n_frames, self.pool)
        strongest = heard.unflatten(1, (self.n_fields, *grid)).topk(2, dim=1)
        ratio = strongest.values[:, 0].log() - strongest.values[:, 1].log()
        places = self.places()[strongest.indices]
        first, second = places[:, 0], places[:, 1]
        level = (first + second) / 2 + self.width**2 * ratio / (first - second)
        return torch.where(strongest.values[:, 1] > 0, level, 0).clamp(0, 1)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per neuron a difference, its square, the scaling, an exponential and a comparison; then what its latency or
        its rate takes, as those codes count it."""
        n_steps, _, n_channels = encoded.shape
        own = OperationCounts.of(
            "encoder",
            "fields",
            add_fp32=n_channels,
            multiply_fp32=2 * n_channels,
            transcendental_fp32=n_channels,
            compare_fp32=n_channels,
        )
        if self.spoken_as == "latency":
            own += OperationCounts.of("encoder", "latency", multiply_fp32=n_channels, add_fp32=n_channels)
        else:
            n_draws = n_steps * n_channels
            own += OperationCounts.of(
                "encoder", "rate", compare_fp32=n_draws, multiply_fp32=n_draws + n_channels, add_fp32=n_draws
            )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
