# studies/commands/chip_files.py
"""`trichord export-chip STUDY`, `trichord import-chip FILE`: the chip's integers of a network as a file, and back."""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError, choose
from studies.commands.columns import print_columns
from studies.commands.places import check_place, told_of
from studies.commands.request import Request
from studies.commands.spiking_cells import check_clips, study_with_spiking
from studies.commands.trained_cells import Asking, trained_place

if TYPE_CHECKING:
    from neuro.loihi.contracts import LoihiNetwork

ENDINGS = (".npz", ".nir")


def export_chip(
    request: Request, *, system: str, fold: str | None, seed: int | None, to: Path, n_clips: int, as_json: bool
) -> int:
    """Write the network; 1 where the file does not give the same spikes, and then nothing is kept."""
    _check_ending(to, "--to")
    check_clips(n_clips)
    check_place(to, "--to")
    if to.exists():
        raise InputError(f"--to {to}: there is something already. Name a new file.")
    if to.suffix == ".nir":
        from neuro.interchange.nir_graph import nir_package

        nir_package()
    study = study_with_spiking(request, system, so="it has no integers of a chip")
    asking = Asking(request.study, f"export-chip --system {system} --to {to}", "a network's integers")
    store, place = trained_place(request, study, asking, system, fold, seed)
    (keyed,) = place.cells

    from neuro.loihi.contracts import NotMappableError
    from studies.chip_export import FORMS, NotEqualError, exported_cell

    weights = store.load_weights(keyed.fit_key)
    with told_of(to, "--to"):
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as aside:
            draft = Path(aside) / to.name
            try:
                made = exported_cell(study, keyed.cell, weights, request.data_root, draft, n_clips)
            except NotMappableError as error:
                raise InputError(f"{system}: {error}") from error
            except NotEqualError as error:
                print(f"{error} Nothing is kept.", file=sys.stderr)
                return 1
            draft.rename(to)
    record = {
        "study": study.name,
        "system": system,
        "fold": place.fold,
        "seed": place.seed,
        **network_record(made.network),
        "equal": {"clips": made.n_clips, "spikes": made.n_spikes},
        "file": str(to),
    }
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
    else:
        print(f"{system} of {study.name}, fold {place.fold}, seed {place.seed}, as {FORMS[to.suffix].title}\n")
        say_network(made.network)
        print(f"\nequal  read back, on {made.n_clips} validation clips: {made.n_spikes:,} spikes, every potential read")
        print(f"File: {to}")
    return 0


def import_chip(
    *,
    file: Path,
    chip: str,
    n_chips: int,
    as_json: bool,
    reset_mechanism: str | None = None,
    readout: str | None = None,
    dt_seconds: float | None = None,
    state: Path | None = None,
) -> int:
    """Read the network, check it, and print what it is and the cores that it takes."""
    _check_ending(file, "FILE")
    if n_chips < 1:
        raise InputError(f"--chips {n_chips}: give 1 chip or more.")
    if not file.is_file():
        raise InputError(f"{file}: there is no such file. `trichord export-chip` writes one.")

    from neuro.loihi.contracts import NotMappableError
    from neuro.loihi.mapping.chips import CHIPS
    from neuro.loihi.mapping.core_map import core_map
    from studies.chip_export import FORMS
    from studies.float_import import as_system, comes_as_floats, quantised_file

    on = choose(CHIPS, chip, what="chip")
    of_floats = {"reset_mechanism": reset_mechanism, "readout": readout, "dt_seconds": dt_seconds}
    of_floats |= {"state_file": None if state is None else str(state)}
    said = {name: value for name, value in of_floats.items() if value is not None}
    title, system = FORMS[file.suffix].title, None
    try:
        if file.suffix == ".nir" and comes_as_floats(file):
            system, title = as_system(file, said), "NIR of floats, as the chip's integers"
            network = quantised_file(system)
        elif said:
            verb = "does" if len(said) == 1 else "do"
            raise InputError(f"it holds integers, to which {' and '.join(said)} {verb} not apply. Leave that out.")
        else:
            network = FORMS[file.suffix].read(file)
        cores = core_map(network, on, n_chips)
    except NotMappableError as error:
        raise InputError(f"{file} does not fit: {error}") from error
    except InputError as error:
        raise InputError(f"{file}: {str(error).removeprefix(f'{file}: ')}") from error
    if as_json:
        n_cores = {layer.title: layer.n_cores for layer in cores.layers}
        mapped = {"chip": on.name, "n_chips": cores.n_chips, "n_cores": cores.n_cores, "cores_by_layer": n_cores}
        found = {} if system is None else {"classifier": {"name": "nir-file", "options": asdict(system)}}
        print(json.dumps({"file": str(file), **network_record(network), **mapped, **found}, ensure_ascii=False))
    else:
        print(f"{file}: {title}\n")
        say_network(network)
        print(f"\n{cores.n_cores} of {cores.n_chips * on.n_cores} cores of {on.title}\n")
        print_columns(
            [
                ("layer", "cores", "limited by"),
                *((layer.title, str(layer.n_cores), layer.limited_by or "nothing: one core") for layer in cores.layers),
            ]
        )
        if system is not None:
            named = {"path": system.path, "sha256": system.sha256, **said}
            options = ", ".join(f"{name} = {json.dumps(value)}" for name, value in named.items())
            print(f'\nIn a study:  classifier = {{ name = "nir-file", options = {{ {options} }} }}')
    return 0


def network_record(network: "LoihiNetwork") -> dict[str, Any]:
    """What a network is, for machines."""
    from neuro.interchange.plain_integers import to_plain

    graph = to_plain(network).graph
    return {name: graph[name] for name in ("graded_input", "readout_gain", "layers")}


def say_network(network: "LoihiNetwork") -> None:
    """A line per layer."""
    lines = [("layer", "synapses", "from", "to", "weights", "neuron")]
    for number, layer in enumerate(network.layers, start=1):
        below, above = ("x".join(map(str, grid)) for grid in (layer.input_grid, layer.output_grid))
        span = f"{layer.weights.min()} to {layer.weights.max()}, 2^{layer.weight_exponent}"
        lines.append((str(number), layer.kind, below, above, span, type(layer.neuron).__name__))
    print_columns(lines)


def _check_ending(path: Path, option: str) -> None:
    if path.suffix not in ENDINGS:
        raise InputError(f"{option} {path}: a network ends in {' or '.join(ENDINGS)}. Name it so.")
