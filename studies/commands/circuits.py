# studies/commands/circuits.py
"""`trichord circuits`: what the circuits of the classifiers can do before any training, and the figure of it."""

import json
from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.figure_output import ending_of, write_figure

HEADER = (
    *("circuit", "qubits", "layers", "angles", "variance, local", "variance, global"),
    *("expressibility (Haar)", "entangling (Haar)"),
)


def circuits(qubits: str, layers: str, n_draws: int, seed: int, out: Path | None, as_json: bool) -> int:
    """Print the table and write the figure."""
    from studies.circuit_measures import VARIANTS, check_sizes, measured_circuits, records, variance_per_qubit

    sizes = _numbers(qubits, "--qubits"), _numbers(layers, "--layers")
    check_sizes(*sizes, n_draws, seed)
    out = out or Path("reports") / "circuits.svg"
    ending = ending_of(out, "circuits")
    found = list(measured_circuits(*sizes, n_draws, seed))

    from studies.exports.figure_files import WRITERS
    from studies.figures.circuit_measures import circuit_measures
    from studies.wording import counted, plain_number

    write_figure(WRITERS[ending](circuit_measures(found)), out)
    if as_json:
        print(json.dumps({"n_draws": n_draws, "seed": seed, "circuits": records(found), "figure": str(out)}))
        return 0
    titles = {variant.name: variant.title for variant in VARIANTS}
    print_columns(
        [
            HEADER,
            *(
                (
                    titles[one.variant],
                    str(one.n_qubits),
                    str(one.n_layers),
                    str(one.n_angles),
                    plain_number(one.local_variance),
                    plain_number(one.global_variance),
                    f"{one.expressibility:.3f} ({one.haar_floor:.3f})",
                    f"{one.entangling:.3f} ({one.haar_entangling:.3f})",
                )
                for one in found
            ),
        ]
    )
    print()
    deepest = counted(max(sizes[1]), "layer")
    print_wrapped(f"At {deepest} the variance of the gradient changes with every qubit by a factor of:")
    for variant in VARIANTS:
        factors = [
            f"{cost} {'–' if factor is None else f'{factor:.2f}'}"
            for cost in ("local", "global")
            for factor in [variance_per_qubit(found, variant.name, cost)]
        ]
        print(f"  {variant.title}: {', '.join(factors)}")
    print()
    print_wrapped(f"{counted(n_draws, 'setting')} of the angles each, from |0...0>, seed {seed}. Figure: {out}")
    return 0


def _numbers(text: str, option: str) -> tuple[int, ...]:
    """The different numbers of a list, ascending."""
    try:
        return tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise InputError(f"{option} {text}: give whole numbers with commas between them, such as 2,4,8.") from error
