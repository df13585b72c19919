# studies/commands/choose.py
"""`trichord choose STUDY SYSTEM SYSTEM...`: the best of several, chosen in every fold by its validation clips."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request
from studies.fold_choice import NestedChoice, check_candidates, nested_choice
from studies.wording import interval_text, percent


def choose(request: Request, systems: Sequence[str], protocol: str | None, as_json: bool) -> int:
    """Print what every fold chose among `systems`, and the accuracy of the choice on test clips."""
    study = request.open_study()
    for name in systems:
        study.system(name)
    check_candidates(systems)
    named = study.headline_protocol.name if protocol is None else protocol
    if named not in {one.name for one in study.protocols}:
        raise InputError(
            f"--protocol {named!r}: the study has none of that name. Choose one of: "
            f"{', '.join(one.name for one in study.protocols)}."
        )
    choice = nested_choice(request.results(), systems, named)
    if as_json:
        print(json.dumps(_record(choice, named)))
        return 0
    print_wrapped(
        f"Accuracy of the choice under {named}: {interval_text(choice.interval)} % ({choice.interval.method})."
    )
    print()
    header = ("fold", "chosen", *(f"{name}, validation %" for name in systems), "chosen, test %")
    lines = [
        (one.fold, one.system, *(percent(one.validation[name]) for name in systems), percent(one.test))
        for one in choice.folds
    ]
    print_columns([header, *lines])
    print()
    print_wrapped(
        "Each fold's system was chosen by that fold's validation clips, averaged over the seeds; no test clip of a "
        "fold had a say in it."
    )
    return 0


def _record(choice: NestedChoice, protocol: str) -> dict[str, object]:
    interval = choice.interval
    return {
        "protocol": protocol,
        "accuracy": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "method": interval.method,
        "folds": [asdict(one) for one in choice.folds],
    }
