# studies/commands/mapping.py
"""`trichord map STUDY --system SYSTEM`: a trained spiking network on the cores of a chip, and what it costs there."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError, choose
from neuro.loihi.mapping.chips import CHIPS
from studies.commands.columns import print_columns
from studies.commands.figure_output import ending_of, write_figure
from studies.commands.request import Request
from studies.commands.spiking_cells import check_clips, study_with_spiking
from studies.commands.trained_cells import Asking, trained_place
from studies.wording import joules_text

if TYPE_CHECKING:
    from studies.chip_energy import ChipEnergy
    from studies.chip_mapping import ChipMapping

SETS = {"davies": "Davies et al. 2018", "sana-fe": "SANA-FE 2.2.1"}


def map_system(
    request: Request,
    *,
    system: str,
    chip: str,
    n_chips: int,
    n_clips: int,
    fold: str | None,
    seed: int | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Print the mapping and write the picture of its cores."""
    check_clips(n_clips)
    if n_chips < 1:
        raise InputError(f"--chips {n_chips}: give 1 chip or more.")
    choose(CHIPS, chip, what="chip")
    study = study_with_spiking(request, system, so="no chip of this kind runs it")
    out = out or Path("reports") / study.name / f"{system}-on-{chip}.svg"
    ending = ending_of(out, f"{system}-on-{chip}")
    asking = Asking(request.study, f"map --system {system}", "a mapping")
    store, place = trained_place(request, study, asking, system, fold, seed)
    (keyed,) = place.cells

    from neuro.loihi.contracts import NotMappableError
    from studies.chip_mapping import mapped_cell
    from studies.exports.figure_files import WRITERS
    from studies.figures.core_mesh import core_mesh

    weights = store.load_weights(keyed.fit_key)
    try:
        found = mapped_cell(study, keyed.cell, weights, request.data_root, chip=chip, n_chips=n_chips, n_clips=n_clips)
    except NotMappableError as error:
        raise InputError(f"{system} does not fit: {error}") from error
    title = study.system(system).title or system
    drawing = core_mesh(found.cores, title)
    write_figure(WRITERS[ending](drawing), out)
    if as_json:
        where = {"study": study.name, "system": system, "fold": place.fold, "seed": place.seed}
        print(json.dumps({**where, **mapping_record(found), "figure": str(out)}, ensure_ascii=False))
    else:
        print(f"{title} ({study.name}, fold {place.fold}, seed {place.seed}), {found.run.n_clips} validation clips\n")
        say_mapping(found)
        print(f"\nCores on the mesh: {out}\n{drawing.caption}")
    return 0


def say_mapping(found: "ChipMapping") -> None:
    """Cores and limits, messages and hops, time, energy; what sets the model apart from the chip."""
    from neuro.loihi.mapping.chips import LOIHI_1, QUANTITIES
    from neuro.loihi.mapping.loihi_1_profile import LOIHI_1_PROFILE, TITLE

    cores, run = found.cores, found.run
    chip = cores.chip
    tiles = f"{cores.n_tiles} tile{'s' * (cores.n_tiles > 1)}"
    print(f"{cores.n_cores} of {cores.n_chips * chip.n_cores} cores of {chip.title}, on {tiles}\n")
    lines = [("layer", "cores", "limited by", *(f"{name} of {chip.limits[name].value:,}" for name in chip.limits))]
    for layer in cores.layers:
        used = [f"{layer.demands[name].max():,}" for name in chip.limits]
        lines.append((layer.title, str(layer.n_cores), layer.limited_by or "nothing: one core", *used))
    print_columns(lines)
    print("\nThe most that a core of the layer holds of each:")
    for name, limit in chip.limits.items():
        print(f"  {name}: {QUANTITIES[name]} ({limit.source})")
    print(f"  mesh: {chip.sources}; events enter at its north-west tile, which is assumed\n")
    print_columns(
        [
            ("to layer, per clip", "events", "messages", "hops E-W", "hops N-S"),
            *(
                (
                    layer.title,
                    *(
                        f"{value / run.n_clips:,.1f}"
                        for value in (to.n_events, to.n_messages, to.hops_east_west, to.hops_north_south)
                    ),
                )
                for layer, to in zip(cores.layers, run.layers, strict=True)
            ),
        ]
    )
    print("\nTime, by two sets of published times, host and input aside:")
    lines_of_time = [("set", "step", "slowest core", "way", "barrier", f"clip of {run.n_steps} steps")]
    for name, one in found.times.items():
        parts = (one.step_seconds, one.cores, one.way, one.barrier, one.clip_seconds)
        lines_of_time.append((SETS[name], *(seconds_text(value) for value in parts)))  # type: ignore[arg-type]
    print_columns(lines_of_time)
    print("Measured elsewhere: 5.8 to 13 µs a step on systems of many chips; 337 µs with host and input on a board.")
    for name, energy in found.energies.items():
        label = "" if chip is LOIHI_1 else f" (prices of Loihi 1 on a mapping to {chip.title})"
        print(f"\nEnergy of a clip by the prices of {SETS[name]}{label}, 5 to 95 % of the draws:")
        terms = [("term", "nominal", "from", "to"), *((term, *range_texts(energy, term)) for term in energy.terms)]
        at_measured = found.energies_at_measured_steps[name]
        terms.append(("all, at the times above", *range_texts(energy)))
        terms.append(("all, at step times that were measured elsewhere", *range_texts(at_measured)))
        print_columns(terms)
    if chip is LOIHI_1:
        print(f"\n{TITLE}. Known to differ:")
        for one_of in LOIHI_1_PROFILE:
            print(f"  {one_of.what}: here {one_of.model}; there {one_of.chip} ({one_of.source})")


def range_texts(energy: "ChipEnergy", *terms: str) -> tuple[str, str, str]:
    """Nominal, from, to."""
    span = energy.range_of(*terms)
    return joules_text(span.nominal), joules_text(span.low), joules_text(span.high)


def seconds_text(seconds: float) -> str:
    """`4.35 µs`."""
    return joules_text(seconds).replace("J", "s")


def mapping_record(found: "ChipMapping") -> dict[str, Any]:
    """The same for machines."""
    cores, run = found.cores, found.run
    return {
        "chip": cores.chip.name,
        "n_chips": cores.n_chips,
        "n_cores": cores.n_cores,
        "n_tiles": cores.n_tiles,
        "layers": [
            {
                "layer": layer.title,
                "n_cores": layer.n_cores,
                "parts": list(layer.block.split.parts),
                "limited_by": layer.limited_by,
                "cores_needed": dict(layer.cores_needed),
                "fullest": {name: int(values.max()) for name, values in layer.demands.items()},
                "per_clip": {name: value / run.n_clips for name, value in asdict(to).items()},
            }
            for layer, to in zip(cores.layers, run.layers, strict=True)
        ],
        "limits": {name: asdict(limit) for name, limit in cores.chip.limits.items()},
        "seconds": {
            name: {
                "step": one.step_seconds,
                "slowest_core": one.cores,
                "way": one.way,
                "barrier": one.barrier,
                "clip": one.clip_seconds,
            }
            for name, one in found.times.items()
        },
        "joules": {
            name: {
                **{term: asdict(energy.range_of(term)) for term in energy.terms},
                "all": asdict(energy.range_of()),
                "all_at_measured_steps": asdict(found.energies_at_measured_steps[name].range_of()),
            }
            for name, energy in found.energies.items()
        },
        "counts": found.counts.rows(),
    }
