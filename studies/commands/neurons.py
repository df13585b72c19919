# studies/commands/neurons.py
"""`trichord neurons STUDY --system SYSTEM`: how often trained neurons fire, and their potentials."""

from pathlib import Path

from classical_baselines.harness.choices import InputError, choose
from studies.commands.columns import print_columns
from studies.commands.figure_output import ending_of, write_figure
from studies.commands.request import Request
from studies.commands.spiking_cells import check_clips, study_with_spiking
from studies.commands.trained_cells import Asking, trained_place

FIGURES = ("membranes", "firing-rates")


def neurons(
    request: Request, *, system: str, figure: str, n_clips: int, fold: str | None, seed: int | None, out: Path | None
) -> int:
    """Print the rates by layer and write the figure."""
    choose(dict.fromkeys(FIGURES), figure, what="figure of neurons")
    check_clips(n_clips)
    study = study_with_spiking(request, system, so="it has no neurons that fire")
    out = out or Path("reports") / study.name / f"{system}-{figure}.svg"
    ending = ending_of(out, f"{system}-{figure}")
    asking = Asking(request.study, f"neurons --system {system}", "what neurons do")
    store, place = trained_place(request, study, asking, system, fold, seed)
    (keyed,) = place.cells

    from neuro.loihi.contracts import NotMappableError
    from studies.exports.figure_files import WRITERS
    from studies.figures.firing_rates import firing_rates
    from studies.figures.membranes import membranes
    from studies.neuron_activity import activity_of_cell

    labels = store.load(keyed.fit_key).label_names
    weights = store.load_weights(keyed.fit_key)
    try:
        found = activity_of_cell(study, keyed.cell, weights, request.data_root, n_clips)
    except NotMappableError as error:
        raise InputError(f"{system} does not fit: {error}") from error
    title = study.system(system).title or system
    drawing = membranes(found, title, labels) if figure == "membranes" else firing_rates(found, title)
    write_figure(WRITERS[ending](drawing), out)
    print(f"{title} ({study.name}, fold {place.fold}, seed {place.seed}), {found.n_clips} validation clips\n")
    lines = [("layer", "neurons", "fire in % of steps", "silent", "saturated")]
    for number, layer in enumerate(found.layers, start=1):
        counted = (
            str(len(layer.rates)),
            f"{100 * layer.rates.mean():.2f}",
            str(layer.n_silent),
            str(layer.n_saturated),
        )
        lines.append((str(number), *counted))
    print_columns(lines)
    print(f"\n{out}\n{drawing.caption}")
    return 0
