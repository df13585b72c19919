# studies/commands/break_even.py
"""`trichord break-even STUDY A B --over QUANTITY`: where the energies of two systems meet."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from classical_baselines.harness.coefficient import CoefficientDraws
from studies import break_even as question
from studies.break_even import BreakEven
from studies.commands.columns import wrapped
from studies.commands.request import Request, place_of
from studies.what_if import Side, side_of
from studies.wording import amount_text, factor_text, joules_text


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
    """Print who uses less on either side of the crossing, and its interval."""
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
    """What is printed: the answer first, then what it is made of."""
    bounds = [name for name, side in (("A", a), ("B", b)) if side.energy.unpriced]
    text = [*wrapped(_answer(found, bounds)), ""]
    for name, side in (("A", a), ("B", b)):
        text += wrapped(f"{side.title}: {joules_text(side.present_joules)}", indent=f"{name}  ", hanging="   ")
        if side.energy.unpriced:
            text += wrapped(f"a lower bound, without {', '.join(side.energy.unpriced)}", indent="   ")
    text += wrapped(f"nominal joules per decision; boundary {a.energy.boundary}, {a.energy.scenario}", indent="   ")
    of = "A and B" if found.of == "both" else found.of
    text += ["", *wrapped(f"over {found.quantity} of {of}, {found.unit}; at present {_amount(found, found.present)}")]
    text += wrapped(f"model: {found.rule}")
    for value in found.crossings:
        times = factor_text(value / found.present)
        text += wrapped(f"break-even: {_amount(found, value)}, {times} times the present value")
    if len(found.crossings) > 1:
        text += wrapped("where there are several, who uses less changes at each of them")
    for name, joules in (("A", found.a_joules), ("B", found.b_joules)):
        text += wrapped(f"{name} over that range: {joules_text(joules[0])} to {joules_text(joules[1])}")
    if found.low is not None and found.high is not None:
        share = f"{100 * found.share_of_draws:.3g} % of the draws of the prices"
        ends = f"{_amount(found, found.low)} to {_amount(found, found.high)}"
        text += wrapped(f"5 to 95 %: {ends}, over the {share} that cross within the range")
    elif found.crossings:
        text += ["no draw of the prices crosses within the range"]
    return text


def _answer(found: BreakEven, bounds: Sequence[str]) -> str:
    """Where the two meet and who uses less, as far as it is known; `bounds` names the sides that are lower bounds."""
    span = f"{_amount(found, found.range_low)} to {_amount(found, found.range_high)}"
    if not found.crossings:
        meet = f"no break-even over {found.quantity} from {span}"
        if found.less_below == "neither":
            return f"{meet}: neither uses less."
        return f"{meet}: {_less(found.less_below, 'throughout', bounds)}."
    first = _amount(found, found.crossings[0])
    more = f", the lowest of {len(found.crossings)}" if len(found.crossings) > 1 else ""
    if len(found.crossings) > 1:
        return f"break-even at {first}{more}: {_less(found.less_below, 'below', bounds)} (range {span})."
    below, above = (
        _less(who, where, bounds) for who, where in ((found.less_below, "below"), (found.less_above, "above"))
    )
    return f"break-even at {first}: {below}, {above} (range {span})."


def _less(who: str, where: str, bounds: Sequence[str]) -> str:
    """Who uses less; of a lower bound that is not known, whatever the other side is."""
    if who in bounds:
        return f"{who} is less {where}, but as a lower bound: who uses less is not known"
    return f"{who} uses less {where}"


def _amount(found: BreakEven, value: float) -> str:
    """`625 pJ`, `1 cycle`, `0.0123 spikes`; what they are of stands in the line of the quantity."""
    return amount_text(value, found.unit.split()[0])
