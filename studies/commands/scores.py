# studies/commands/scores.py
"""`trichord scores STUDY`: calibration, classes, and one class against all others, from stored logits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from classical_baselines.data.attack_splits import BONA_FIDE, SPOOF
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.detection import VerifierRates, verifier_rates
from classical_baselines.harness.diagnosis import Diagnosis
from studies.attack_list import read_attacks
from studies.commands.columns import print_columns, print_wrapped, without_shared
from studies.commands.request import Request
from studies.detecting import ALL, FOOLED, AttackDetection, detections_of, is_detection
from studies.report.sections.detection import cost_text, eer_text
from studies.results import Row, StudyResults
from studies.scores import Detection, Scores, accuracy_without, detection_of, scores_of
from studies.wording import interval_text, percent, run_name

VERIFIER_KEYS = ("target", "nontarget", "spoof")
VERIFIER_FILE = "Name a text file with a line per trial: target, nontarget or spoof, and the score last."


def scores(
    request: Request,
    systems: Sequence[str],
    positive: str | None,
    normal: str | None,
    verifier: Path | None,
    as_json: bool,
    without: str | None = None,
    attacks: Path | None = None,
) -> int:
    """Print the scores of the named systems, or of all, on every run that answered all clips."""
    if positive is not None and without is not None:
        raise InputError("--positive and --without ask two different questions; give one of them.")
    against_all = {"--normal": normal, "--verifier": verifier, "--attacks": attacks}
    if positive is None and any(value is not None for value in against_all.values()):
        option = next(name for name, value in against_all.items() if value is not None)
        raise InputError(f"{option} is for a class against all others; name that class with --positive.")
    study = request.open_study()
    for name in systems:
        study.system(name)
    rates = None if verifier is None else read_verifier(verifier)
    listed = None if attacks is None else read_attacks(attacks)
    results = request.results()
    rows = [row for row in results.rows if not systems or row.system.name in systems]
    if not rows:
        raise InputError(f"Nothing of {', '.join(systems) or study.name} is committed. `trichord run` makes it.")
    if without is not None:
        return _without(rows, results, without, as_json=as_json)
    found = [(row, scores_of(row, results)) for row in rows]
    against = {} if positive is None else _against(rows, results, positive, normal, rates)
    detected: dict[Row, list[AttackDetection]] = {}
    if positive == BONA_FIDE and is_detection(results):
        detected = {row: detections_of(row, results, rates or FOOLED, listed) for row in rows}
    elif attacks is not None:
        raise InputError(f"--attacks is for the labels {BONA_FIDE} and {SPOOF}, with --positive {BONA_FIDE}.")
    if as_json:
        print(json.dumps([_record(row, score, positive, against.get(row), detected.get(row)) for row, score in found]))
        return 0
    _print_calibration(found)
    if positive is None:
        _print_classes(found)
    else:
        _print_against(against, positive, normal)
        _print_detected(detected, assumed=rates is None)
    return 0


def read_verifier(path: Path) -> VerifierRates:
    """Error rates from a file of a verifier's scores, a line per trial, as ASVspoof hands them out.

    A line ends with the score; one of its other words is `target`, `nontarget` or `spoof`.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"--verifier {path}: this is no text in UTF-8. {VERIFIER_FILE}") from None
    except OSError as error:
        reason = "this is a folder" if path.is_dir() else f"it cannot be read ({error.strerror or error})"
        raise InputError(f"--verifier {path}: {reason}. {VERIFIER_FILE}") from None
    scores: dict[str, list[float]] = {key: [] for key in VERIFIER_KEYS}
    for number, line in enumerate(lines, 1):
        words = line.split()
        keys = [word for word in words[:-1] if word in VERIFIER_KEYS]
        if not words:
            continue
        try:
            score = float(words[-1])
        except ValueError:
            score = float("nan")
        if len(keys) != 1 or not np.isfinite(score):
            raise InputError(
                f"--verifier {path}, line {number}: {line[:60]!r} must hold one of {', '.join(VERIFIER_KEYS)} and end "
                "with a finite score."
            )
        scores[keys[0]].append(score)
    empty = [key for key in VERIFIER_KEYS if not scores[key]]
    if empty:
        raise InputError(f"--verifier {path}: there is no trial of {', '.join(empty)}; a t-DCF needs all three.")
    return verifier_rates(*(np.array(scores[key]) for key in VERIFIER_KEYS))


def _record(
    row: Row,
    score: Scores,
    positive: str | None,
    detection: Detection | None,
    detected: Sequence[AttackDetection] | None,
) -> dict[str, Any]:
    against = {} if detection is None else {"positive": positive, **asdict(detection)}
    of_attacks = {} if detected is None else {"detection": [asdict(one) for one in detected]}
    return {**_names(row), **asdict(score), **against, **of_attacks}


def _without(rows: Sequence[Row], results: StudyResults, label: str, *, as_json: bool) -> int:
    place = _place_of(label, rows[0].label_names, "--without")
    found = [(row, accuracy_without(row, results, place)) for row in rows]
    if as_json:
        records = [
            {
                **_names(row),
                "without": label,
                **{name: getattr(interval, name) for name in ("estimate", "low", "high", "method", "n_clips")},
            }
            for row, interval in found
        ]
        print(json.dumps(records))
        return 0
    lines = [
        (run_name(row), row.protocol, row.evidence, interval_text(row.interval), interval_text(interval))
        for row, interval in found
    ]
    header = ("system", "protocol", "clips", "accuracy, %", f"without {label}, %")
    _print_table([header, *lines])
    print()
    print_wrapped(f"Without {label}: the clips of every other class; {label} may still be given as an answer.")
    return 0


def _place_of(label: str, labels: Sequence[str], option: str) -> int:
    if label not in labels:
        raise InputError(f"{option} {label}: no class is called that. Choose one of: {', '.join(labels)}.")
    return labels.index(label)


def _names(row: Row) -> dict[str, str]:
    names = {"system": row.system.name, "backend": row.run.backend.name}
    return {**names, "protocol": row.protocol, "evidence": row.evidence}


def _against(
    rows: Sequence[Row], results: StudyResults, positive: str, normal: str | None, rates: VerifierRates | None
) -> dict[Row, Detection]:
    """Of every row that has logits, not labels alone."""
    labels = rows[0].label_names
    called = _place_of(positive, labels, "--positive")
    place = None if normal is None else _place_of(normal, labels, "--normal")
    if positive == normal:
        raise InputError(f"--positive and --normal are both {positive}; a class is one or the other.")
    return {row: detection_of(row, results, called, place, rates) for row in rows if row.ece is not None}


def _print_calibration(found: Sequence[tuple[Row, Scores]]) -> None:
    lines = []
    for row, score in found:
        before, after, t = score.as_trained, score.scaled, score.temperatures
        lines.append(
            (
                *(run_name(row), row.protocol, row.evidence),
                *(("–",) * 3 if before is None else _three(before.nll, before.brier, before.ece)),
                f"{np.median(t):.2f}" if t else "–",
                *(("–",) * 2 if after is None else _three(after.nll, after.ece)),
                percent(score.balanced_accuracy),
                "–" if score.matthews is None else f"{score.matthews:.3f}",
            )
        )
    header = ("system", "protocol", "clips", "NLL", "Brier", "ECE", "T", "NLL at T", "ECE at T")
    _print_table([(*header, "balanced accuracy, %", "MCC"), *lines])
    print()
    print_wrapped(
        "T: median over the cells of the temperature fitted on each cell's validation clips. NLL in nats; Brier from "
        "0 to 2; ECE over bins of equal mass. Folds pooled, seeds averaged."
    )
    print()


def _print_table(lines: Sequence[Sequence[str]]) -> None:
    """What all rows share of protocol and clips is said once, above."""
    shared, kept = without_shared(lines, ("protocol", "clips"))
    if shared:
        print_wrapped(shared)
    print_columns(kept)


def _three(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in values)


def _print_classes(found: Sequence[tuple[Row, Scores]]) -> None:
    for row, score in found:
        if not row.headline:
            continue
        print_wrapped(f"{run_name(row)}, {row.protocol}: each class against all others, %")
        print()
        lines = [
            (c.label, f"{c.n_clips:g}", *(percent(v) for v in (c.precision, c.recall, c.specificity, c.f1)))
            for c in score.classes
        ]
        print_columns([("class", "clips", "precision", "recall", "specificity", "F1"), *lines])
        print()


def _print_against(against: Mapping[Row, Detection], positive: str, normal: str | None) -> None:
    lines = [
        (
            *(run_name(row), row.protocol, "–" if found.eer is None else f"{100 * found.eer:.1f}"),
            "–" if found.min_tdcf is None else f"{found.min_tdcf:.3f}",
            *(_diagnosis_text(found.argmax), _diagnosis_text(found.held)),
            *(() if normal is None else (_diagnosis_text(found.icbhi),)),
        )
        for row, found in against.items()
    ]
    header = ("system", "protocol", "EER, %", "min t-DCF", "Se / Sp / MAcc, %", "the same, threshold held, %")
    print(f"{positive} against all other classes\n")
    _print_table([(*header, *(() if normal is None else ("Se / Sp / ICBHI score, %",))), *lines])
    print()
    print_wrapped(
        "EER and min t-DCF: at each cell's own threshold, averaged over the cells. Se / Sp / MAcc: the class of the "
        "largest logit; threshold held: at the operating point of each cell's validation clips."
    )


def _print_detected(detected: Mapping[Row, Sequence[AttackDetection]], *, assumed: bool) -> None:
    lines = [
        (
            *(run_name(row), row.protocol, row.evidence, "all" if one.attack == ALL else one.attack),
            *(eer_text(one.eer), cost_text(one.min_tdcf), "–" if one.held is None else eer_text(one.held.half_total)),
            *(str(one.n_speakers), str(one.n_clips)),
        )
        for row, some in detected.items()
        for one in some
    ]
    if not lines:
        return
    header = ("system", "protocol", "clips", "attack", "EER, %", "min t-DCF", "half total error, threshold held, %")
    print("\nBy attack, with 95 % intervals over speakers\n")
    _print_table([(*header, "speakers", "different clips"), *lines])
    said = (
        "an assumed verifier without errors of its own that takes every spoof for the voice that it imitates; "
        "--verifier puts the scores of one in its place"
        if assumed
        else "the verifier given"
    )
    print()
    print_wrapped(f"Errors of all networks pooled, each at its own threshold. min t-DCF: behind {said}.")


def _diagnosis_text(found: Diagnosis | None) -> str:
    if found is None:
        return "–"
    return " / ".join(f"{100 * share:.1f}" for share in (found.sensitivity, found.specificity, found.mean))
