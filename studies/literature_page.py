# studies/literature_page.py
"""Published claims repriced, as text of 80 columns and as the page docs/results/literature-repriced.md.

literature_text(found)     what `trichord literature-repriced` prints
literature_page(found)     the page, with `--page`
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from classical_baselines.harness.anchors import anchors
from classical_baselines.harness.devices import coefficients_digest
from studies.literature_claims import Claim, Side
from studies.literature_repricing import VERDICTS, PricedView, Repriced, claimed_joules, times_text
from studies.price_list import deployments
from studies.tables import markdown_table, plain_markdown
from studies.wording import joules_text

TEXT_WIDTH, PAGE_WIDTH = 80, 116

PREFACE = """\
# Published claims, repriced

`trichord literature-repriced --page` computes this page anew; without `--page` it prints the same as text, with
`--json` for machines, and with `--out` it draws the figure. A claim says, or a published table is read as saying, that
system A uses less than system B. Here both are put on Trichord's units: counts at the shipped prices
([energy.md](../energy.md)), with memory traffic, static and idle power, front end and shots, as far as those have a
price. The claims stand in [literature_claims.toml](../../studies/literature_claims.toml), each with its source and
with how its numbers reached it. No price was made for this page.
"""

VERDICTS_NOTE = """\
Repriced: within the widest boundary of the claim (the last rows of its table below), nominal over the ends of what is
not known; in brackets 5 % of the draws at the lowest end to 95 % at the highest. Kept: A uses less in at least 95 % of
the draws at every end, and at every set of prices there; flipped: it uses more, likewise; else undecided. How many
times less is another matter, and stands beside it.
"""

COUNTED = """\
## How it was counted

- A process of 45 nm has no spikes: an event is an addition there (a multiply-and-add, where it is graded), a neuron
  update a multiply-and-add and a comparison. Memory is counted at two ends, the same for both sides: weights and
  states alone come from memory, or every operand does. Finding out which neurons hear a spike is charged for nothing.
- What was not published is taken at both ends of what it can be, and a verdict must hold at both.
- No sleep state of Loihi has a published power: always on, the chip is on for the whole period. The front end is
  Trichord's log-mel in the place of each source's features, charged to both sides, on the devices of each.
- Loihi comes at the prices of Davies et al., and once more of SANA-FE. Its model of a small network is a lower bound
  ([loihi-back-test.md](loihi-back-test.md)); where the time of an inference was measured, that time is an end too.
- A shot takes from the shortest to the longest time of its parts ([is-the-qft-faster.md](is-the-qft-faster.md)); the
  machine is charged whole, and marginally. Compiling, binding and errors are charged for nothing.
- A source of which the abstract alone was read, or that another text quotes, says so under its basis.
"""


def literature_text(found: Sequence[Repriced]) -> str:
    """The table of verdicts, then every claim."""
    lines = [
        "Published claims that A uses less than B, at Trichord's prices. B / A within the",
        "widest boundary, nominal over what is not known.",
        "",
        f"{'claim':<28}{'claimed':>7}  {'repriced':<20}verdict",
    ]
    for one in found:
        lines.append(f"{one.name:<28}{_claimed_ratio(one):>7}  {_nominal_ratio(one):<20}{one.verdict}".rstrip())
    return "\n".join([*lines, *(line for one in found for line in _claim_text(one))]) + "\n"


def literature_page(found: Sequence[Repriced]) -> str:
    """The whole page, in Markdown."""
    return "\n".join([*_preface(found), *_verdicts(found), *_views(found), *_not_repriced(found), *_notes(found)])


def _claim_text(one: Repriced) -> Iterator[str]:
    claim = one.claim
    yield ""
    yield f"{one.name}: {one.verdict}"
    sides = f"A: {claim.a.title}." + (f" B: {claim.b.title}." if claim.b else "")
    yield from _filled(f"{_sentence(claim.says)} {sides}")
    yield from _filled(f"source: {claim.source} ({claim.link}). {_status(claim)}")
    yield from _filled(f"task: {claim.task}; accuracy: {claim.accuracy}")
    yield from _filled(f"claimed: {_claimed(one) or 'no energies'}. Covers {claim.covers}.")
    for other in _measured(claim):
        yield from _filled(f"measured, {other}")
    for view in one.views:
        yield from _view_text(view, "B")
    if claim.twin is not None:
        yield from _filled(f"twin: {claim.twin.title}; {one.twin_verdict}")
    for view in one.twin_views:
        yield from _view_text(view, "twin")
    yield from _filled(f"why: {one.reason}")
    if one.slow_cases[0]:
        yield from _filled(f"too slow for real time at {one.slow_cases[0]} of {one.slow_cases[1]} ends")
    if one.own_prices:
        yield from _filled(f"prices from the claim's own measurements: {', '.join(one.own_prices)}")
    if claim.leaves_out:
        yield from _filled(f"left out, or not known: {'; '.join(claim.leaves_out)}")


def _view_text(view: PricedView, other: str) -> Iterator[str]:
    yield f"    {view.view.title}; {_where(view)}"
    if view.verdict == "cannot be repriced":
        yield from _filled("not available: " + next(row.reason for row in view.rows if row.reason), "      ")
        return
    yield from _filled(f"A {_energy(view, 'a')}", "      ")
    yield from _filled(f"{other} {_energy(view, 'b')}", "      ")
    yield from _filled(f"{other} / A {_ratio(view)}; {view.verdict}, {_share(view)} of the draws for A", "      ")


def _filled(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, TEXT_WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _preface(found: Sequence[Repriced]) -> Iterator[str]:
    said = Counter(one.verdict for one in found)
    counts = ", ".join(f"{said[verdict]} {verdict}" for verdict in VERDICTS if said[verdict])
    twins = [one for one in found if one.claim.paradigm == "spiking" and one.twin_views]
    losing = sum(one.twin_verdict == "the twin uses less" for one in twins)
    yield PREFACE
    yield _wrapped(
        f"**The answer.** Of {len(found)} claims: {counts}. Beside the dense network of their own layers in 8-bit "
        f"integers, always on and with the front end, {losing} of {len(twins)} spiking networks use more than their "
        "twin. A verdict is about devices and a boundary: the tables show where a claim holds, and where it turns."
    )
    yield "![Claimed and repriced ratios](literature-repriced/literature_repriced.svg)\n"


def _verdicts(found: Sequence[Repriced]) -> Iterator[str]:
    yield "## Verdicts\n"
    header = (
        *("claim", "A; B", "basis", "B / A claimed", "B / A repriced"),
        *("draws for A", "verdict", "beside its dense twin"),
    )
    rows = [
        (
            one.name,
            f"{one.claim.a.title}; {one.claim.b.title if one.claim.b else 'nothing'}",
            f"{one.claim.basis}; {one.claim.evidence}",
            _claimed_ratio(one),
            _deciding_ratio(one),
            _deciding_share(one),
            one.verdict,
            one.twin_verdict or "–",
        )
        for one in found
        if one.verdict != "cannot be repriced"
    ]
    yield "\n".join(markdown_table(header, rows)) + "\n"
    yield VERDICTS_NOTE
    yield "Why, found from the terms of the sums:\n"
    for one in found:
        if one.verdict != "cannot be repriced":
            yield _item(f"**{one.name}**, {one.verdict}: {plain_markdown(one.reason)}{_slow(one)}")
    yield ""


def _views(found: Sequence[Repriced]) -> Iterator[str]:
    yield "## Within each boundary\n"
    header = ("boundary, scenario", "A and B on", "A", "B", "B / A", "draws for A", "verdict")
    for one in found:
        if not one.views:
            continue
        claim = one.claim
        yield f"### {one.name}\n"
        yield _wrapped(
            f"{_sentence(claim.says)} {claim.source} ({claim.link}). {_status(claim)} Task: {claim.task}; accuracy: "
            f"{claim.accuracy}. Claimed: {_claimed(one)}; covers {claim.covers}."
        )
        rows = [_view_row(view) for view in one.views]
        rows += [(f"twin: {first}", *rest) for first, *rest in map(_view_row, one.twin_views)]
        yield "\n".join(markdown_table(header, rows)) + "\n"
        notes = [f"Measured, {other}." for other in _measured(claim)]
        if claim.twin is not None:
            notes.append(f"In the rows of the twin B is: {claim.twin.title}.")
        if one.own_prices:
            names = ", ".join(f"`{id}`" for id in one.own_prices)
            notes.append(
                f"Prices that rest on the claim's own measurements, so that agreement proves nothing: {names}."
            )
        if claim.leaves_out:
            notes.append(f"Left out, or not known: {'; '.join(claim.leaves_out)}.")
        if notes:
            yield _wrapped(" ".join(notes))


def _view_row(view: PricedView) -> tuple[str, ...]:
    if view.verdict == "cannot be repriced":
        return (view.view.title, _where(view), *["–"] * 4, view.verdict)
    return (
        view.view.title,
        _where(view),
        _energy(view, "a"),
        _energy(view, "b"),
        _ratio(view),
        _share(view),
        view.verdict,
    )


def _not_repriced(found: Sequence[Repriced]) -> Iterator[str]:
    yield "## Cannot be repriced\n"
    rows = [
        (
            one.name,
            ": ".join(filter(None, (one.claim.says, _claimed(one)))),
            f"{one.claim.source} ({one.claim.link})",
            f"{one.claim.basis}; {one.claim.evidence}",
            one.reason.removeprefix("Missing: ").removesuffix("."),
        )
        for one in found
        if one.verdict == "cannot be repriced"
    ]
    yield "\n".join(markdown_table(("claim", "what it says", "source", "basis", "missing"), rows)) + "\n"


def _notes(found: Sequence[Repriced]) -> Iterator[str]:
    yield COUNTED
    used = {row for one in found for row in one.coefficients}
    yield _wrapped(
        f"Prices: {len({row.id for row in used})} coefficients, SHA-256 {coefficients_digest(used)}; `trichord list "
        "devices` prints them with their sources. The page is a function of the claims and the price list; it names no "
        "revision, as a test compares it with what the code computes."
    )


def _status(claim: Claim) -> str:
    by = "compared by its source" if claim.compared_by == "its source" else "set side by side by Trichord"
    return f"{_sentence(claim.basis if claim.basis != 'none' else 'no energy')[:-1]}; {claim.evidence}; {by}."


def _claimed(one: Repriced) -> str:
    """`272 µJ against 29.7 mJ, B / A 109`."""
    claim = one.claim
    sides = [claim.a] if claim.b is None else [claim.a, claim.b]
    texts = [text for side in sides if (text := _claimed_side(side))]
    ratio = f"B / A {_claimed_ratio(one)}" if one.claimed_ratio else ""
    return ", ".join(filter(None, (" against ".join(texts), ratio))) or (
        "accuracy alone" if claim.about == "accuracy" else ""
    )


def _claimed_side(side: Side) -> str:
    if side.measured is not None:
        return _anchored(side.anchor)
    joules = claimed_joules(side)
    if joules is not None:
        return joules_text(joules)
    return f"{side.count:,.0f}" if side.count else ""


def _measured(claim: Claim) -> list[str]:
    """The same source's figures on other terms."""
    return [
        f"{one.says}: {_anchored(one.a)} against {_anchored(one.b)}, B / A {times_text(one.ratio)}"
        for one in claim.measured
    ]


def _anchored(id: str) -> str:
    anchor = anchors()[id]
    return joules_text(anchor.nominal) if anchor.unit == "joules" else joules_text(anchor.nominal).replace("J", "W")


def _claimed_ratio(one: Repriced) -> str:
    return "–" if one.claimed_ratio is None else times_text(one.claimed_ratio)


def _nominal_ratio(one: Repriced) -> str:
    return _deciding_ratio(one).partition(" [")[0]


def _deciding_ratio(one: Repriced) -> str:
    if one.verdict == "cannot be repriced":
        return "–"
    lows, highs = zip(*(view.ratio for view in one.deciding), strict=True)
    ends = [end for view in one.deciding for end in view.ratio_ends]
    return _span(min(lows), max(highs), min(ends), max(ends))


def _deciding_share(one: Repriced) -> str:
    shares = [share for view in one.deciding for share in view.share]
    return _shares(min(shares), max(shares))


def _ratio(view: PricedView) -> str:
    return _span(*view.ratio, *view.ratio_ends)


def _span(low: float, high: float, least: float, most: float) -> str:
    nominal = " to ".join(dict.fromkeys((times_text(low), times_text(high))))
    return f"{nominal} [{times_text(least)}, {times_text(most)}]"


def _energy(view: PricedView, side: str) -> str:
    """`≥ 17.8 µJ to 426 µJ [16.6 µJ, 525 µJ]`."""
    low, least, most, high = view.joules("a" if side == "a" else "b")
    nominal = " to ".join(dict.fromkeys((joules_text(least), joules_text(most))))
    bound = "≥ " if view.bounded("a" if side == "a" else "b") else ""
    return f"{bound}{nominal} [{joules_text(low)}, {joules_text(high)}]"


def _share(view: PricedView) -> str:
    return _shares(*view.share)


def _shares(low: float, high: float) -> str:
    return " to ".join(dict.fromkeys(f"{100 * share:.0f}" for share in (low, high))) + " %"


def _where(view: PricedView) -> str:
    a, b = view.view.a, view.view.b
    titles = [deployments()[name].name for name in dict.fromkeys((a, b))]
    return " and ".join(titles)


def _slow(one: Repriced) -> str:
    slow, n = one.slow_cases
    return f" Too slow for real time at {slow} of {n} ends." if slow else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _wrapped(text: str) -> str:
    return textwrap.fill(text, PAGE_WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def _item(text: str) -> str:
    return textwrap.fill(
        text, PAGE_WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
