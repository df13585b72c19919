# studies/commands/curves.py
"""`trichord curves STUDY`: families of systems as curves of accuracy against energy, two and two beside each other."""

import json

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.energy import BOUNDARIES
from studies.commands.columns import print_wrapped, wrapped
from studies.commands.request import Request
from studies.energy_curves import FEWEST_SIZES, Pair, pairs, records, table_note
from studies.wording import joules_text


def curves(request: Request, boundary: str, as_json: bool) -> int:
    """Print each pair of curves within the boundary; 2 where the study has none."""
    wanted = BOUNDARIES if boundary == "all" else (choose({one: one for one in BOUNDARIES}, boundary, what="boundary"),)
    results = request.results()
    found = [one for one in pairs(results) if one.boundary in wanted]
    if not found:
        named = {row.system.curve for row in results.headline_rows} - {None}
        within = "" if boundary == "all" else f" within the boundary {boundary}"
        raise InputError(
            f"study {results.study.name!r} has no two curves{within}: {len(named)} named, and each needs "
            f"{FEWEST_SIZES} sizes with an energy there. "
            'Give the systems of one family the same `curve = "..."`, and deployments.'
        )
    if as_json:
        print(json.dumps(records(found), ensure_ascii=False))
        return 0
    for one in found:
        print("\n".join(lines(one)), end="\n\n")
    print_wrapped(table_note(found))
    return 0


def lines(one: Pair) -> list[str]:
    """What is printed of a pair."""
    _, _, _, accuracy, ratio, probability, verdict, _, difference, decides = one.texts
    said = wrapped(f"{one.boundary}  A {one.a.name}, B {one.b.name}: {verdict}", hanging="  ")
    at = f"at {accuracy} %, the highest accuracy that both reach, A / B: {ratio}; P(A less) {probability}"
    said += wrapped(at, indent="  ")
    spent = (
        "no energy is spent by both"
        if one.energy is None
        else f"at {joules_text(one.energy)}, the most that both spend"
    )
    said += wrapped(f"{spent}: {difference}", indent="  ")
    return [*said, *wrapped(f"what decides the ratio: {decides}", indent="  ", hanging="    ")]
