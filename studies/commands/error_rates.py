# studies/commands/error_rates.py
"""`trichord error-rates [STUDY]`: how often a verdict is wrong, simulated or of one system against itself.

The page docs/results/statistics.md is made of what this prints.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request
from studies.error_rates import (
    AT_THE_MARGIN,
    DESIGNS,
    OVERLAPPING,
    WRONG_OF_EQUALS,
    Design,
    ErrorRate,
    against_itself,
    overlapping,
    simulated,
)
from studies.statistics import Verdict
from studies.wording import counted


def error_rates(request: Request | None, n_studies: int, as_json: bool) -> int:
    """Print the rates of simulated studies, or of the systems of a stored one."""
    if n_studies < 1:
        raise InputError(f"--studies must be 1 or more; got {n_studies}.")
    if request is None:
        return _simulations(n_studies, as_json)
    results = request.results()
    study = results.study
    found = {
        protocol.name: [
            against_itself(row.trials, study.equivalence_margin, row.system.name)
            for row in results.rows
            if row.protocol == protocol.name and row.headline and row.interval.n_seeds > 1
        ]
        for protocol in study.protocols
    }
    if not any(found.values()):
        raise InputError(f"{study.name}: no system has two seeds; run it with --seeds 0,1 at least.")
    if as_json:
        print(json.dumps({protocol: [asdict(rate) for rate in rates] for protocol, rates in found.items()}))
        return 0
    for protocol, rates in found.items():
        print_wrapped(f"{protocol}: each system against itself, its seeds dealt to two sides in each fold")
        print()
        _print(
            ("system", "runs", "better or worse", "equivalent", "undecided", "naive paired t"),
            [_of_itself(rate) for rate in rates],
        )
        _total(rates)
    return 0


def _total(rates: Sequence[ErrorRate]) -> None:
    verdicts: Counter[Verdict] = Counter()
    for rate in rates:
        verdicts.update(rate.verdicts)
    total = ErrorRate("all", sum(rate.n for rate in rates), verdicts)
    if not total.n:
        return
    low, high = total.bounds(*WRONG_OF_EQUALS)
    n_wrong = sum(verdicts[verdict] for verdict in WRONG_OF_EQUALS)
    print()
    print_wrapped(
        f"{n_wrong} of {total.n} runs called better or worse: {100 * n_wrong / total.n:.1f} % "
        f"[{100 * low:.1f}, {100 * high:.1f}] (exact binomial, as if runs were independent); "
        f"by a naive paired t {sum(rate.naive or 0 for rate in rates)}"
    )
    print()


def _of_itself(rate: ErrorRate) -> tuple[str, ...]:
    n_wrong = sum(rate.verdicts.get(verdict, 0) for verdict in WRONG_OF_EQUALS)
    counts = (str(rate.verdicts.get(verdict, 0)) for verdict in ("equivalent", "undecided"))
    return rate.name, str(rate.n), str(n_wrong), *counts, str(rate.naive)


def _simulations(n_studies: int, as_json: bool) -> int:
    tables: tuple[tuple[str, tuple[Design, ...], bool], ...] = (
        ("Two systems of equal accuracy", DESIGNS, False),
        (
            "The same, asked about other training recordings",
            tuple(overlapping(design) for design in OVERLAPPING),
            False,
        ),
        ("Systems that differ by the margin", AT_THE_MARGIN, True),
    )
    records: dict[str, list[dict[str, object]]] = {}
    for title, designs, at_margin in tables:
        rates = [simulated(design, n_studies, design.margin if at_margin else 0.0) for design in designs]
        if as_json:
            records[title] = [asdict(rate) for rate in rates]
            continue
        print(f"{title}: {counted(n_studies, 'study', 'studies')} of each design\n")
        wrong = ("equivalent, %", "undecided, %") if at_margin else ("better or worse, %", "equivalent, %")
        header = ("design", *wrong, "interval misses, %", "naive paired t, %", "corrected resampled t, %")
        _print(header[:4] if at_margin else header, [_of_design(rate, at_margin) for rate in rates])
        print()
    if as_json:
        print(json.dumps(records))
    return 0


def _of_design(rate: ErrorRate, at_margin: bool) -> tuple[str, ...]:
    wrong: tuple[Verdict, ...] = ("equivalent",) if at_margin else WRONG_OF_EQUALS
    low, high = rate.bounds(*wrong)
    share = f"{100 * rate.share(*wrong):.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    missed = "–" if not rate.n_intervals else f"{100 * rate.missed / rate.n_intervals:.1f}"
    if at_margin:
        return rate.name, share, f"{100 * rate.share('undecided'):.1f}", missed
    others = ("–" if n is None else f"{100 * n / rate.n:.1f}" for n in (rate.naive, rate.corrected))
    return rate.name, share, f"{100 * rate.share('equivalent'):.1f}", missed, *others


def _print(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print_columns([tuple(header), *rows])
    sys.stdout.flush()  # the next table takes a while
