# studies/commands/circuit_file.py
"""`trichord export-circuit STUDY`: the circuit of a clip of a trained system as OpenQASM 3."""

import json
import sys
from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.commands.places import check_place, told_of
from studies.commands.request import Request
from studies.commands.trained_cells import Asking, trained_place

ENDING = ".qasm"


def export_circuit(
    request: Request,
    *,
    system: str,
    fold: str | None,
    seed: int | None,
    clip: int,
    measured: bool = False,
    to: Path,
    as_json: bool,
) -> int:
    """Write the circuit; 1 where Qiskit gives it other outcomes, and then nothing is kept."""
    if to.suffix != ENDING:
        raise InputError(f"--to {to}: a circuit ends in {ENDING}. Name it so.")
    check_place(to, "--to")
    if to.exists():
        raise InputError(f"--to {to}: there is something already. Name a new file.")
    if clip < 0:
        raise InputError(f"--clip {clip}: clips of the validation fold are counted from 0. Choose one from there on.")
    study = request.open_study()
    if study.system(system).family != "quantum":
        raise InputError(f"--system {system}: it is of the family {study.system(system).family} and has no circuit.")

    from studies.circuit_export import NotEqualError, check_has_circuit, exported_circuit

    check_has_circuit(study.system(system), measured)
    command = f"export-circuit --system {system}{' --measured' if measured else ''} --to {to}"
    asking = Asking(request.study, command, "a circuit's angles")
    store, place = trained_place(request, study, asking, system, fold, seed)
    (keyed,) = place.cells

    from studies.report import write_file

    weights = store.load_weights(keyed.fit_key)
    try:
        made = exported_circuit(study, keyed.cell, weights, request.data_root, clip, measured=measured)
    except NotEqualError as error:
        print(f"{error} Nothing is kept.", file=sys.stderr)
        return 1
    with told_of(to, "--to"):
        to.parent.mkdir(parents=True, exist_ok=True)
        write_file(to, made.text.encode())
    record = {
        "study": study.name,
        "system": system,
        "fold": place.fold,
        "seed": place.seed,
        "clip": made.clip,
        "measured_transform": measured,
        "n_qubits": made.n_qubits,
        "n_gates": dict(made.n_gates),
        "largest_difference": made.largest_difference,
        "file": str(to),
    }
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
        return 0
    gates = ", ".join(f"{n} {name}" for name, n in made.n_gates.items())
    print(f"{system} of {study.name}, fold {place.fold}, seed {place.seed}, validation clip {made.clip}")
    print(f"{made.n_qubits} qubits: {gates}")
    print(
        f"equal  no outcome probability that Qiskit finds is more than {made.largest_difference:.1g} from the engine's"
    )
    print(f"File: {to}")
    return 0
