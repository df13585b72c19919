# studies/commands/speaker_trials.py
"""`trichord speaker-trials STUDY`: verification of speakers that no network heard, from stored logits."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request
from studies.report.sections.speaker_trials import estimate_text
from studies.speaker_trials import N_TRIALS, P_TARGET, Verification, has_speaker_trials, verifications_of
from studies.wording import run_name


def speaker_trials(request: Request, systems: Sequence[str], seed: int, as_json: bool) -> int:
    """Print error rates of the named systems, or of all, on every run that answered all clips."""
    study = request.open_study()
    for name in systems:
        study.system(name)
    if seed < 0:
        raise InputError(f"--seed must be 0 or more; got {seed}.")
    results = request.results()
    rows = [row for row in results.rows if not systems or row.system.name in systems]
    if not rows:
        raise InputError(f"Nothing of {', '.join(systems) or study.name} is committed. `trichord run` makes it.")
    if not has_speaker_trials(results):
        raise InputError(
            f"The labels of {study.name} are {', '.join(rows[0].label_names[:3])} ..., not known speakers and unknown "
            "ones. Name a study on a set of speakers, such as speaker-verification."
        )
    found = [(row, one) for row in rows for one in verifications_of(row, results, seed)]
    if as_json:
        names = ("system", "backend", "protocol", "evidence")
        told = [(row.system.name, row.run.backend.name, row.protocol, row.evidence) for row, _ in found]
        records = [
            {**dict(zip(names, of_row, strict=True)), "seed": seed, **asdict(one)}
            for of_row, (_, one) in zip(told, found, strict=True)
        ]
        print(json.dumps(records))
        return 0
    header = ("system", "clips", "trials", "EER, %", "min DCF", "threshold held, %", "EER less baseline, points")
    lines = [(run_name(row), row.evidence, *_texts(one)) for row, one in found]
    print_columns([(*header, "trials", "speakers"), *lines])
    print()
    print_wrapped(
        f"Up to {N_TRIALS} trials of each kind for each speaker, by --seed {seed}. min DCF: prior {P_TARGET:g}, "
        "equal costs. Threshold held: mean of misses and false alarms at the threshold of the validation trials. In "
        "brackets 95 % intervals over speakers."
    )
    return 0


def _texts(one: Verification) -> tuple[str, ...]:
    return (
        one.kind,
        estimate_text(one.eer),
        f"{one.min_dcf.value:.3f}",
        "–" if one.held is None else estimate_text(one.held),
        "–" if one.beyond_baseline is None else estimate_text(one.beyond_baseline, signed=True),
        f"{one.n_trials:,}",
        f"{one.n_speakers}",
    )
