# studies/readout_saturation.py
"""Readouts of spiking networks that reach the chip's limit: a sum that is lost, which the accuracy of the row includes.

From the notes of the emulator and of Lava, means over the cells of a row:

    readouts_saturated_per_clip    readout neurons per clip that reach a limit (`neuro/loihi/saturation.py`)
    readout_saturation_rate        share of readout neurons and steps that fire: all that runs of older code noted
"""

from collections.abc import Iterable

from studies.results import Row

PER_CLIP, RATE = "readouts_saturated_per_clip", "readout_saturation_rate"


def saturated_per_clip(row: Row) -> float | None:
    """Readout neurons per clip; None where the run did not note it."""
    noted = row.notes.get(PER_CLIP)
    return None if noted is None else float(noted)


def warnings(rows: Iterable[Row]) -> list[str]:
    """A sentence for each row whose readout reached a limit."""
    said = []
    for row in rows:
        per_clip, rate = saturated_per_clip(row), float(row.notes.get(RATE) or 0.0)
        if not per_clip and not rate:
            continue
        how_often = (
            f"{per_clip:.2g} readout neurons a clip reach"
            if per_clip
            else f"{100 * rate:.2g} % of the readout's neurons and steps reach"
        )
        said.append(
            f"{row.title} on {row.run.backend.name}: {how_often} the chip's largest sum and lose what they "
            "gathered. Its accuracy includes that. Train it again: what training meets sets the scale of the readout."
        )
    return said
