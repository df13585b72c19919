# studies/early_checks.py
"""What of a run on `heard-so-far` can be refused before any work: a future that is looked at, times that do not agree.

The backend is handed pictures and no front end, so it is told the times of the frames; here they are held against the
front end of the system. It is told the backend that decides, which must be a run of the system too: the key of a cell
holds the code of the backends that its runs name.
"""

from math import isclose

from classical_baselines.harness.choices import InputError
from studies.causality import code_looks_ahead, front_end_looks_ahead
from studies.heard_so_far import NAME, HeardSoFar
from studies.registries import build
from studies.specification import Run, Study, System


def heard_runs(system: System) -> list[Run]:
    """The run of a system on `heard-so-far`; none or one, as a backend stands in one run."""
    return [run for run in system.runs if run.backend.name == NAME]


def check_early_decisions(study: Study, system: System) -> None:
    """What needs no recording: front end, code, the backend that decides, and when the run is made."""
    for run in heard_runs(system):
        heard: HeardSoFar = build("backend", run.backend)
        choice = study.front_end_of(system)
        reason = front_end_looks_ahead(choice.name, build("front end", choice))
        reason = reason or code_looks_ahead(build("encoder", system.encoder))
        if reason:
            raise InputError(f"the backend {NAME!r} decides before the clip is over, and {reason}")
        build("backend", heard.backend)
        if heard.backend not in [other.backend for other in system.runs]:
            raise InputError(
                f"the backend {NAME!r} asks {heard.of!r} for decisions, which is no run of the system with these "
                "options. Add that run: the key of a cell holds the code of the backends that its runs name."
            )
        if run.test_only:
            raise InputError(
                f"the run on {NAME!r} is marked test_only, and the threshold of an early exit comes from validation "
                "clips. Leave test_only out."
            )
        seconds = study.data.clip_seconds
        if seconds is not None and not isclose(seconds, heard.seconds[-1]):
            raise InputError(
                f"the last of the seconds of {NAME!r} must be the whole clip of {seconds:g} s; "
                f"got {heard.seconds[-1]:g}."
            )


def check_frame_times(study: Study, system: System, sample_rate_hz: int) -> None:
    """The times that the backend is told, held against the front end at the rate of the recordings."""
    for run in heard_runs(system):
        heard: HeardSoFar = build("backend", run.backend)
        front_end = build("front end", study.front_end_of(system))
        for name, told, samples in (
            ("hop_seconds", heard.hop_seconds, front_end.hop),
            ("window_seconds", heard.window_seconds, front_end.n_fft),
        ):
            if not isclose(told * sample_rate_hz, samples, rel_tol=1e-9):
                raise InputError(
                    f"the backend {NAME!r} is told {name} = {told:g}, and {samples} samples at {sample_rate_hz} Hz are "
                    f"{samples / sample_rate_hz:g}. Give it that."
                )
