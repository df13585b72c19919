# studies/commands/compare.py
"""`trichord compare STUDY [A B | HYBRID --controls]`: a difference on the same clips, its interval, and a verdict.

Without A and B every system is compared with the study's baseline; p is then corrected for their number (Holm). With
`--controls` a circuit is compared with each control that stands beside it, and judged by the best of them.
"""

import json
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request
from studies.other_tests import OtherTest, other_tests
from studies.paired_tests import ALPHA, holm
from studies.results import StudyResults
from studies.statistics import Comparison
from studies.wording import counted, p_text, plain_number


def compare(request: Request, a: str | None, b: str | None, as_json: bool, controls: bool = False) -> int:
    """Print A less B under the headline protocol, or each system less the baseline, or A less each of its controls."""
    study = request.open_study()
    if controls:
        return _controls(request, a, b, as_json)
    if (a is None) != (b is None):
        raise InputError(f"{a}: name two systems, or none to compare every system with the baseline {study.baseline}.")
    results = request.results()
    if a is None or b is None:
        return _all(request, results, as_json)
    for name in (a, b):
        results.study.system(name)
    return _pair(request, results, a, b, as_json)


def _controls(request: Request, hybrid: str | None, other: str | None, as_json: bool) -> int:
    from studies.circuit_controls import against_controls, energy_sentence, run_title

    if other is not None:
        raise InputError(f"{other}: --controls finds what {hybrid} is compared with; name the hybrid alone, or none.")
    results = request.results()
    if hybrid is not None:
        results.study.system(hybrid)
    found = [one for one in against_controls(results) if hybrid in (None, one.row.system.name)]
    if not found:
        with_controls = sorted({s.beside for s in results.study.systems if s.role == "control" and s.beside})
        raise InputError(
            f"{hybrid or results.study.name} has no circuit with controls beside it of which cells are committed. "
            f"Systems with controls: {', '.join(with_controls) or 'none'}."
        )
    if as_json:
        records = [
            {
                "system": one.row.system.name,
                "backend": one.row.run.backend.name,
                "evidence": one.row.evidence,
                "sentence": one.sentence,
                "controls": [
                    {"system": control.system.name, "backend": control.run.backend.name, "validation": score}
                    | asdict(comparison)
                    for (control, comparison), score in zip(one.controls, one.validation, strict=True)
                ],
            }
            for one in found
        ]
        print(json.dumps(records))
        return 0
    for one in found:
        print_wrapped(one.sentence)
        lines = [
            (run_title(control), f"{comparison.difference:+.3f} {_interval(comparison)}", comparison.verdict)
            for control, comparison in one.controls
        ]
        print_columns(lines, indent="  ")
        if energy := energy_sentence(one):
            print_wrapped(energy, indent="  ")
    if found[0].row.evidence == "validation":
        print_wrapped("Validation clips alone: the same clips choose the best control and judge it, which flatters it.")
    return 0


def _pair(request: Request, results: StudyResults, a: str, b: str, as_json: bool) -> int:
    ours, theirs = (request.row_of(results, name) for name in (a, b))
    found = results.compare(ours, theirs)
    others = other_tests(ours.trials, theirs.trials, results.test_per_train(ours), results.study.equivalence_margin)
    if as_json:
        evidence = {"a": a, "b": b, "protocol": ours.protocol, "evidence": ours.evidence}
        print(json.dumps({**evidence, **asdict(found), "other_tests": [asdict(test) for test in others]}))
        return 0
    p_value = "" if found.p_value is None else f", p = {plain_number(found.p_value)}"
    print_wrapped(f"verdict: {a} against {b}: {found.verdict} (margin {found.margin:g})")
    print(
        f"{a}: {ours.interval.estimate:.3f}\n{b}: {theirs.interval.estimate:.3f}   ({ours.protocol}, {ours.evidence})"
    )
    print_wrapped(f"difference {found.difference:+.3f}, 95 % {_interval(found)}{p_value} ({found.test})", hanging="  ")
    if found.refused:
        print_wrapped(f"too little for a verdict: {found.refused}", hanging="  ")
    if found.would_decide:
        print_wrapped(f"what would decide it: {found.would_decide}", hanging="  ")
    print("other tests, on which the verdict does not rest:")
    for test in others:
        print_wrapped(f"{test.name}: {_said(test)}", indent="  ", hanging="    ")
    corrected = others[0].p_value
    if found.verdict in {"better", "worse"} and corrected is not None and corrected > ALPHA:
        print_wrapped(
            "The verdict is of systems trained on these recordings. Training parts of folds overlap; for other "
            "training recordings the corrected resampled t shows no difference."
        )
    return 0


def _all(request: Request, results: StudyResults, as_json: bool) -> int:
    baseline = request.row_of(results, results.study.baseline)
    rows = [row for row in results.headline_rows if row is not baseline]
    made = [results.compare(row, baseline) for row in rows]
    tested = [place for place, found in enumerate(made) if found.p_value is not None]
    adjusted = dict(zip(tested, holm([made[place].p_value or 0.0 for place in tested]), strict=True))
    if as_json:
        records = [
            {"system": row.system.name, **asdict(found), "p_holm": adjusted.get(place)}
            for place, (row, found) in enumerate(zip(rows, made, strict=True))
        ]
        evidence = {"baseline": baseline.system.name, "protocol": baseline.protocol, "evidence": baseline.evidence}
        print(json.dumps({**evidence, "comparisons": records}))
        return 0
    of_baseline = f"{baseline.interval.estimate:.3f}; {baseline.protocol}, {baseline.evidence}"
    print_wrapped(f"less {baseline.system.name} ({of_baseline})")
    print()
    lines = [("system", "difference", "95 % interval", "p", "p (Holm)", "verdict")]
    for place, (row, found) in enumerate(zip(rows, made, strict=True)):
        p_values = p_text(found.p_value), p_text(adjusted.get(place))
        numbers = (f"{found.difference:+.3f}", _interval(found), *p_values)
        lines.append((row.system.name, *numbers, found.verdict))
    print_columns(lines)
    n_before = sum(found.p_value is not None and found.p_value <= ALPHA for found in made)
    n_after = sum(p_value <= ALPHA for p_value in adjusted.values())
    for test in dict.fromkeys(found.test for found in made):
        print()
        print_wrapped(f"test: {test}", hanging="  ")
    before_and_after = f"{n_before} with p ≤ {ALPHA:g} as they stand, {n_after} after Holm's correction."
    print_wrapped(f"{counted(len(tested), 'test')}: {before_and_after}")
    print_wrapped("A verdict stands for its pair alone; of all systems together, believe the corrected p.")
    return 0


def _interval(found: Comparison) -> str:
    return "no interval" if found.low is None or found.high is None else f"[{found.low:+.3f}, {found.high:+.3f}]"


def _said(test: OtherTest) -> str:
    if test.refused:
        return f"not made; {test.refused}"
    if test.better is not None and test.worse is not None and test.equivalent is not None:
        masses = (("worse", test.worse), ("equivalent", test.equivalent), ("better", test.better))
        return ", ".join(f"P({what}) = {mass:.3f}" for what, mass in masses) + f" over {counted(test.n, test.unit)}"
    interval = "" if test.low is None or test.high is None else f", [{test.low:+.3f}, {test.high:+.3f}]"
    p_value = "not known" if test.p_value is None else plain_number(test.p_value)
    return f"p = {p_value}{interval} over {counted(test.n, test.unit)}"
