# studies/commands/explain.py
"""`trichord explain STUDY`: what decisions of trained systems rest on, as maps of one clip, scored over several."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.explain import EXPLAINERS
from classical_baselines.harness.choices import InputError, choose
from studies.commands.columns import print_columns
from studies.commands.figure_output import ending_of, write_figure
from studies.commands.names_given import names_given
from studies.commands.request import Request, refuse_absent
from studies.commands.trained_cells import Asking, Place, no_weights, place_with_weights, planned_at
from studies.specification import Study

if TYPE_CHECKING:
    from classical_baselines.explain.score_card import ScoreCard
    from studies.explaining import Explainable, Explanation

MOST_SCORED = 10_000
# heading, field of the score card, digits
COLUMNS = (
    ("drop, %", "average_drop", 1),
    ("increase, %", "average_increase", 1),
    ("gain, %", "average_gain", 1),
    ("fall", "fall", 3),
    ("fidelity", "fidelity", 2),
    ("faithful", "faithfulness", 2),
    ("deletion", "deletion", 3),
    ("insertion", "insertion", 3),
    ("sparse", "sparseness", 2),
    ("random", "randomisation", 2),
    ("empty", "n_empty", 0),
)
LEGEND = (
    "Shown alone, what speaks for the class: average drop (low is good), increase and gain (high) of its probability, "
    "share of decisions kept (fidelity). Hidden: fall of the probability (high). faithful: correlation of attribution "
    "with the fall as patches are hidden (high). deletion (low), insertion (high): area under the probability. sparse: "
    "Gini index. random: rank correlation with the map of permuted weights (near 0 is good). empty: clips with no map."
)


def explain(
    request: Request,
    *,
    systems: str | None,
    methods: str | None,
    clip: str | None,
    fold: str | None,
    seed: int | None,
    out: Path | None,
    scores: bool,
    score_clips: int,
    as_json: bool,
) -> int:
    """Write the figure, and print the score cards where they are asked for."""
    asked = names_given(methods, "--method", without="every method") or list(EXPLAINERS)
    for method in asked:
        choose(EXPLAINERS, method, what="method of explanation")
    if not 1 <= score_clips <= MOST_SCORED:
        raise InputError(f"--score-clips {score_clips}: give 1 to {MOST_SCORED} validation clips.")
    study = request.open_study()
    out = out or Path("reports") / study.name / "explanation.png"
    ending = ending_of(out, "explanation")
    contenders = [one.name for one in study.systems if one.role == "contender"]
    wanted = names_given(systems, "--system", without="every contender") or contenders
    for name in wanted:
        study.system(name)
    store = request.open_store(study)
    refuse_absent(store, named=request.store is not None)
    plan = planned_at(request, study, store, fold, seed)
    asking = Asking(request.study, "explain", "an explanation")
    place = place_with_weights(asking, study, plan, store, wanted, fold, seed)
    if place.without and systems is not None:
        raise no_weights(asking, study, store, plan, list(place.without), place.fold, place.seed)
    if place.without:
        print(f"Left out: {', '.join(place.without)}, of which the store has no weights.", file=sys.stderr)

    from studies.explaining import explainable, explained
    from studies.exports.figure_files import WRITERS
    from studies.figures.explanation import explanation

    explanations: list[Explanation] = []
    cards: dict[str, list[ScoreCard]] = {}
    for keyed in place.cells:
        one = explainable(study, keyed.cell, store.load_weights(keyed.fit_key), request.data_root)
        explanations.append(explained(one, _clip(one, clip, place.fold), asked))
        if scores:
            cards[keyed.cell.system] = _cards(one, score_clips, asked)
    write_figure(WRITERS[ending](explanation(explanations)), out)
    if as_json:
        print(json.dumps(_record(study, place, explanations, cards, out), ensure_ascii=False))
    else:
        _say(study, place, explanations, cards)
        print(f"Figure: {out}")
    return 0


def _clip(one: "Explainable", name: str | None, fold: str) -> int:
    """The number of the clip of that name among the validation clips; the first one where none is named."""
    if name is None:
        return 0
    if name not in one.clips.names:
        shown = ", ".join(one.clips.names[:: max(1, len(one.clips) // 5)][:5])
        raise InputError(
            f"No validation clip of the fold {fold} is called {name!r}; test clips are not opened for explanations. "
            f"There are {len(one.clips)}, such as {shown}."
        )
    return one.clips.names.index(name)


def _cards(one: "Explainable", n_clips: int, methods: Sequence[str]) -> "list[ScoreCard]":
    from studies.explaining import scored

    cards = []
    for card in scored(one, n_clips, methods):
        cards.append(card)
        print(f"scored: {one.system.name}, {card.method}", file=sys.stderr)
    return cards


def _say(
    study: Study, place: Place, explanations: "Sequence[Explanation]", cards: "dict[str, list[ScoreCard]]"
) -> None:
    first = explanations[0]
    print(
        f"{first.clip} ({first.label}), a validation clip; {study.headline_protocol.name}, fold {place.fold}, "
        f"seed {place.seed}\n"
    )
    lines = [("system", "decides for", "P", "methods that do not apply")]
    for one in explanations:
        by_reason: dict[str, list[str]] = {}
        for method, reason in one.left_out.items():
            by_reason.setdefault(reason, []).append(method)
        why = "; ".join(f"{', '.join(of_reason)} ({reason})" for reason, of_reason in by_reason.items())
        lines.append((one.system.name, one.decided, f"{one.probability:.2f}", why or "–"))
    print_columns(lines)
    print()
    if not cards:
        return
    n_clips = next((card.n_clips for of_system in cards.values() for card in of_system), 0)
    print(f"Score cards, means over {n_clips} validation clips of the class that the system decides for:\n")
    print_columns(
        [
            ("system", "method", *(heading for heading, _, _ in COLUMNS)),
            *((name, card.method, *_numbers(card)) for name, of_system in cards.items() for card in of_system),
        ]
    )
    print(f"\n{LEGEND}\n")


def _numbers(card: "ScoreCard") -> list[str]:
    values = asdict(card)
    return ["–" if values[name] is None else f"{values[name]:.{digits}f}" for _, name, digits in COLUMNS]


def _record(
    study: Study,
    place: Place,
    explanations: "Sequence[Explanation]",
    cards: "dict[str, list[ScoreCard]]",
    out: Path,
) -> dict[str, Any]:
    return {
        "study": study.name,
        "protocol": study.headline_protocol.name,
        "fold": place.fold,
        "seed": place.seed,
        "clip": explanations[0].clip,
        "label": explanations[0].label,
        "evidence": "validation",
        "figure": str(out),
        "systems": [
            {
                "system": one.system.name,
                "decided": one.decided,
                "probability": one.probability,
                "methods": list(one.maps),
                "left_out": dict(one.left_out),
            }
            for one in explanations
        ],
        "without_weights": list(place.without),
        "scores": [{"system": name, **asdict(card)} for name, of_system in cards.items() for card in of_system],
    }
