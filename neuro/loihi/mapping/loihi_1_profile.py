# neuro/loihi/mapping/loihi_1_profile.py
"""Loihi 1 where it is known to differ from what is emulated here: Lava's fixed-point model, which has Loihi 2's rules.

A row of ours is that model with the prices of Loihi 1. Equal to Lava, spike for spike, is not equal to silicon.
"""

from dataclasses import dataclass

TITLE = "Lava's fixed-point model (Loihi 2 rules) with Loihi 1 prices"


@dataclass(frozen=True)
class Difference:
    """One thing in which the chip departs from the model."""

    what: str
    model: str
    chip: str
    source: str


LOIHI_1_PROFILE: tuple[Difference, ...] = (
    Difference(
        "threshold and decay of the current",
        "as Lava's bit-accurate LIF has them",
        "Loihi 1 gave other spikes for vth and du; how it differs was not published",
        "lava-nc/lava, issue 322, open since August 2022",
    ),
    Difference(
        "parameters on the chip",
        "the integers as they are given",
        "rescaled for Loihi 2: the same behaviour needs other numbers there than on a CPU",
        "lava-nc/lava, issue 829, open",
    ),
    Difference(
        "exponent of the weights",
        "the sum of a step's synapses is shifted, as Lava does: a negative exponent cuts off bits of the sum",
        "each weight is shifted, so bits of each are cut off; networks trained here have a negative exponent in the "
        "readout of sigma-delta alone, which needs Loihi 2",
        "nengo-loihi 1.1, which models the shift of each weight; Lava 0.10, Dense",
    ),
    Difference(
        "synaptic delays",
        "0 to 63 steps",
        "up to 62 steps; longer ones are refused for loihi-1",
        "Davies et al. 2018",
    ),
    Difference(
        "graded events; sigma-delta, ternary and resonate-and-fire neurons; periodic reset",
        "emulated",
        "Loihi 2 only; refused for loihi-1",
        "Lava 0.10, process models; Intel, technology brief of Loihi 2, 2021",
    ),
    Difference(
        "a step per connection",
        "taken out: a layer answers in the step in which it hears",
        "a spike is heard one step later: a clip takes n_layers - 1 more steps, which are counted",
        "Lava 0.10; Davies et al. 2018",
    ),
)
