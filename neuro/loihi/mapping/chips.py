# neuro/loihi/mapping/chips.py
"""What one core of a chip holds, as it was published, and the mesh that its cores stand on.

A limit that nobody published is not here, so a network is not refused for it; `trichord map` names those that are
checked. The chip's cores stand four to a tile, the tiles on a mesh on which a message goes east-west, then north-south.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# What a core may have too little of.
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "compartments": "neurons on the core",
        "axons_in": "neurons and inputs, elsewhere or here, whose spikes the core receives",
        "axons_out": "pairs of a neuron on the core and a core that it sends to",
        "memory_words": "64-bit words of synaptic memory: each axon's weights and delays, in whole words",
        "synapses": "weights that the core keeps",
    }
)


@dataclass(frozen=True)
class Limit:
    """The most that a core holds of one quantity."""

    value: int
    source: str


@dataclass(frozen=True)
class Chip:
    """One chip."""

    name: str
    title: str
    limits: Mapping[str, Limit]  # by quantity
    sources: str  # of the mesh
    spikes_alone: bool  # LIF neurons and spikes of 0 and 1; False: graded spikes and other neurons too
    largest_delay: int  # steps
    cores_per_tile: int = 4
    mesh: tuple[int, int] = (8, 4)  # tiles east-west, north-south

    @property
    def n_cores(self) -> int:
        return self.cores_per_tile * self.mesh[0] * self.mesh[1]


DAVIES = "Davies et al., IEEE Micro 38(1), 2018, pp. 86-92"
NENGO = "nengo-loihi 1.1, block.py and validate.py"
INTEL = "Intel, technology brief of Loihi 2, 2021"

LOIHI_1 = Chip(
    name="loihi-1",
    title="Loihi 1",
    limits=MappingProxyType(
        {
            "compartments": Limit(1024, f"{DAVIES}; {NENGO}"),
            "axons_in": Limit(4096, f"{DAVIES}; {NENGO}"),
            "axons_out": Limit(4096, f"{DAVIES}; {NENGO}"),
            "memory_words": Limit(16_384, f"{DAVIES}: 128 KB; {NENGO}"),
        }
    ),
    sources=f"{DAVIES}: 128 cores; four to a tile and 8 x 4 tiles: the Loihi preset of SANA-FE 2.2.1",
    spikes_alone=True,
    largest_delay=62,
)

LOIHI_2 = Chip(
    name="loihi-2",
    title="Loihi 2",
    limits=MappingProxyType(
        {
            "compartments": Limit(8192, f"{INTEL}: up to a million neurons a chip, here 2^20, spread over 128 cores"),
            "synapses": Limit(937_500, f"{INTEL}: 120 million synapses a chip, spread over 128 cores"),
        }
    ),
    sources=f"{INTEL}: 128 cores; its mesh is not published: that of Loihi 1 is taken",
    spikes_alone=False,
    largest_delay=63,
)

CHIPS: Mapping[str, Chip] = MappingProxyType({chip.name: chip for chip in (LOIHI_1, LOIHI_2)})
