# studies/commands/compare.py
"""`trichord compare STUDY A B`: the difference of two systems on the same clips, its interval, and a verdict."""

import json
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.other_tests import OtherTest, other_tests
from studies.results import Row, StudyResults, load_results


def compare(request: Request, a: str, b: str, as_json: bool) -> int:
    """Print A less B under the headline protocol."""
    study = request.open_study()
    store = request.open_store(study)
    results = load_results(study, store, request.planned(study, store, confirm=True))
    for name in (a, b):
        results.study.system(name)
    ours, theirs = (_row(request.study, results, name) for name in (a, b))
    found = results.compare(ours, theirs)
    share = results.test_per_train(ours)
    others = other_tests(ours.trials, theirs.trials, share, study.equivalence_margin)
    if as_json:
        evidence = {"a": a, "b": b, "protocol": ours.protocol, "evidence": ours.evidence}
        print(json.dumps({**evidence, **asdict(found), "other_tests": [asdict(test) for test in others]}))
        return 0
    interval = "no interval" if found.low is None or found.high is None else f"[{found.low:+.3f}, {found.high:+.3f}]"
    p_value = "" if found.p_value is None else f", p = {found.p_value:.3g}"
    print(
        f"{a}: {ours.interval.estimate:.3f}   {b}: {theirs.interval.estimate:.3f}   ({ours.protocol}, {ours.evidence})"
    )
    print(f"difference {found.difference:+.3f}, 95 % {interval}{p_value} ({found.test})")
    print(f"verdict: {found.verdict} (margin {found.margin:g})")
    if found.would_decide:
        print(f"what would decide it: {found.would_decide}")
    print("other tests, on which the verdict does not rest:")
    for test in others:
        print(f"  {test.name}: {_said(test)}")
    return 0


def _said(test: OtherTest) -> str:
    if test.refused:
        return f"not made; {test.refused}"
    if test.better is not None and test.worse is not None and test.equivalent is not None:
        masses = (("worse", test.worse), ("equivalent", test.equivalent), ("better", test.better))
        return ", ".join(f"P({what}) = {mass:.3f}" for what, mass in masses) + f" over {test.n} {test.unit}s"
    interval = "" if test.low is None or test.high is None else f", [{test.low:+.3f}, {test.high:+.3f}]"
    return f"p = {test.p_value:.3g}{interval} over {test.n:,} {test.unit}s"


def _row(study: str, results: StudyResults, name: str) -> Row:
    row = results.row(name)
    if row is None:
        raise InputError(
            f"No cell of {name} is committed. `trichord run {study} --only system={name}` makes them, with --store."
        )
    return row
