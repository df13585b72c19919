"""Which recording is heard through which responses, from where: dealt in turn, so that nothing else tells a direction.

The recordings of a unit (a speaker, a fold of sources), in order of label and then of a draw by name, are dealt to
the sets of responses in turn, `n_sets` sets each; each unit begins one set later. So every set has equally many clips
of every unit and label, one at most apart. The clips of a set, in order of unit and draw, are dealt to its sectors in
turn, and stand at a position that is drawn within their sector. `N_SCALED` copies of each, through heads of other
sizes, are dealt likewise, each time starting one set later and at the next scale.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classical_baselines.data.binaural.directions import N_SECTORS, Placed, sector_of
from classical_baselines.data.binaural.responses import Responses
from classical_baselines.data.binaural.scaled_heads import SCALES
from classical_baselines.data.named_draws import generator_of

MEASURED = (1.0,)
N_SCALED = 2  # of four sizes, and below four, so that no copy comes twice: with more, training takes most of a study


@dataclass(frozen=True)
class Source:
    """What is known of a recording."""

    name: str
    unit: str
    label: str


@dataclass(frozen=True)
class Placement:
    """A clip that is to be made: of which recording, and where it stands."""

    recording: int
    position: int  # of the set of responses
    placed: Placed


def placements_of(
    sources: Sequence[Source], responses: Mapping[str, Responses], n_sets: int, n_sectors: int = N_SECTORS
) -> list[Placement]:
    """The clips, recording by recording: through the heads as they were measured, then through scaled ones."""
    made = []
    for pass_number, scales in enumerate((MEASURED, *N_SCALED * (SCALES,))):
        dealt = _dealt(sources, tuple(responses), n_sets, scales, pass_number)
        for number, (name, clips) in enumerate(dealt.items()):
            made += _directions(sources, responses[name], clips, n_sectors, number / len(dealt))
    return sorted(made, key=lambda one: (one.recording, one.placed.scale != 1.0, one.placed.responses))


def _dealt(
    sources: Sequence[Source], names: tuple[str, ...], n_sets: int, scales: Sequence[float], first: int
) -> dict[str, list[tuple[int, float]]]:
    """By set of responses, (recording, scale) in order of unit and draw."""
    by_unit: dict[str, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        by_unit[source.unit].append(number)
    dealt: dict[str, list[tuple[int, float]]] = {name: [] for name in names}
    for number, unit in enumerate(sorted(by_unit)):
        drawn = {one: _draw(sources[one].name, "order", scales).random() for one in by_unit[unit]}
        ordered = sorted(by_unit[unit], key=lambda one: (sources[one].label, drawn[one]))
        for place, one in enumerate(ordered):
            for more in range(n_sets):
                turn = n_sets * place + number + first + more
                dealt[names[turn % len(names)]].append((one, scales[(turn // len(names) + first) % len(scales)]))
    return {name: sorted(clips, key=lambda clip: _order(sources[clip[0]], name)) for name, clips in dealt.items()}


def _order(source: Source, responses: str) -> tuple[str, float]:
    return source.unit, float(_draw(source.name, responses, ()).random())


def _directions(
    sources: Sequence[Source], responses: Responses, clips: Sequence[tuple[int, float]], n_sectors: int, first: float
) -> list[Placement]:
    sector = sector_of(responses.azimuth_deg, n_sectors)
    present = np.unique(sector)
    first_turn = int(first * len(present))  # each set begins elsewhere on the circle
    made = []
    for turn, (recording, scale) in enumerate(clips):
        draw = _draw(sources[recording].name, responses.name, (scale,))
        position = int(draw.choice(np.flatnonzero(sector == present[(first_turn + turn) % len(present)])))
        azimuth = float(responses.azimuth_deg[position])
        placed = Placed(responses.name, scale, azimuth, sources[recording].name, responses.turn_deg)
        made.append(Placement(recording, position, placed))
    return made


def _draw(name: str, what: str, scales: Sequence[float]) -> np.random.Generator:
    return generator_of("binaural/1", name, what, "/".join(f"{scale:g}" for scale in scales))
