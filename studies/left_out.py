# studies/left_out.py
"""A class that the answers of a study leave out: its clips are trained on and answered, and count in no score.

`score_without` of a study names a class whose score says more of how the set was made than of the systems, such as the
silence of Speech Commands, cut from few recordings, each cut a group of its own. Where results are read, its clips are
taken out of every cell: accuracies, intervals, paired differences, verdicts, choices on validation clips, calibration
and confusions are of the other classes, which may still be mistaken for it. Counts and joules stay those of all clips.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.cell import CellResult, RunRecord
from studies.specification import Study


def check_left_out(label: str, label_names: tuple[str, ...]) -> None:
    """InputError where `label` is no class of the set, or its only one; "" leaves nothing out."""
    if label and (label not in label_names or len(label_names) == 1):
        raise InputError(
            f"score_without = {label!r} is not one of several classes of the set: {', '.join(label_names)}. Name one "
            "of them, or leave score_without out."
        )


def left_out_text(study: Study) -> str:
    """The sentence that says so, with a space before it; "" where nothing is left out."""
    if not study.score_without:
        return ""
    return f" Clips of the class {study.score_without} were trained on and answered, and count in no score."


def without_class(result: CellResult, label: str) -> CellResult:
    """The cell without its clips of the class `label`; "" leaves nothing out."""
    if not label:
        return result
    check_left_out(label, result.label_names)
    kept = result.targets != result.label_names.index(label)
    return replace(
        result,
        targets=result.targets[kept],
        clip_names=tuple(np.array(result.clip_names, dtype=object)[kept]),
        groups=tuple(np.array(result.groups, dtype=object)[kept]),
        runs=tuple(_run_without(run, kept) for run in result.runs),
    )


def _run_without(run: RunRecord, kept: NDArray[np.bool_]) -> RunRecord:
    """A run of all clips, or of some, whose places are those among the clips that are left."""
    if run.clip_indices is None:
        rows, indices = kept, None
    else:
        places = np.array(run.clip_indices, dtype=np.int64)
        rows = kept[places]
        indices = tuple((np.cumsum(kept) - 1)[places[rows]].tolist())
    seconds = run.wall_seconds
    share = float(rows.mean()) if rows.size else 0.0
    return replace(
        run,
        logits=run.logits[rows],
        clip_indices=indices,
        wall_seconds=None if seconds is None else seconds * share,
    )
