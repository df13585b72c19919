# studies/commands/break_even.py
"""`trichord break-even STUDY A B --over QUANTITY`: where the energies of two systems meet."""

import json
from dataclasses import asdict

from classical_baselines.harness.coefficient import CoefficientDraws
from studies import break_even as question
from studies.break_even import BreakEven
from studies.commands.request import Request, place_of
from studies.what_if import Side, side_of
from studies.wording import joules_text


def break_even(
    request: Request,
    a: str,
    b: str,
    over: str,
    boundary: str,
    scenario: str,
    deployment_a: str,
    deployment_b: str,
    as_json: bool,
) -> int:
    """Print the crossing, its interval, and who uses less on either side of it."""
    place = place_of(boundary, scenario)
    rows = request.rows(a, b)
    ours, theirs = (side_of(row, *place, name) for row, name in zip(rows, (deployment_a, deployment_b), strict=True))
    found = question.break_even(ours, theirs, over, CoefficientDraws())
    if as_json:
        on = {"a": a, "b": b, "deployment_a": ours.deployment.name, "deployment_b": theirs.deployment.name}
        print(json.dumps({**on, "boundary": boundary, "scenario": scenario, **asdict(found)}))
        return 0
    print("\n".join(lines(ours, theirs, found)))
    return 0


def lines(a: Side, b: Side, found: BreakEven) -> list[str]:
    """What is printed."""
    text = [f"{name}  {side.title}: {joules_text(side.present_joules)}" for name, side in (("A", a), ("B", b))]
    text += [f"   nominal joules per decision; boundary {a.energy.boundary}, {a.energy.scenario}"]
    text += [
        f"   {name} is a lower bound, without {', '.join(side.energy.unpriced)}"
        for name, side in (("A", a), ("B", b))
        if side.energy.unpriced
    ]
    of = "A and B" if found.of == "both" else found.of
    text += ["", f"over {found.quantity} of {of}, {found.unit}; at present {found.present:.4g}", f"model: {found.rule}"]
    span = f"{found.range_low:.3g} to {found.range_high:.3g}"
    if not found.crossings:
        ends = [
            f"{name} {joules_text(joules[0])} to {joules_text(joules[1])}"
            for name, joules in (("A", found.a_joules), ("B", found.b_joules))
        ]
        who = "neither uses less" if found.less_below == "neither" else f"{found.less_below} uses less throughout"
        text += [f"break-even: none within the range {span}; {who} ({', '.join(ends)})"]
    for value in found.crossings:
        text += [f"break-even: {value:.4g}, {value / found.present:.3g} times the present value"]
    if found.crossings:
        text += [f"{found.less_below} uses less below, {found.less_above} above (range {span})"]
        text += ["where there are several, who uses less changes at each of them"] if len(found.crossings) > 1 else []
    if found.low is not None and found.high is not None:
        share = f"{100 * found.share_of_draws:.3g} % of the draws of the prices"
        text += [f"5 to 95 %: {found.low:.4g} to {found.high:.4g}, over the {share} that cross within the range"]
    elif found.crossings:
        text += ["no draw of the prices crosses within the range"]
    return text
