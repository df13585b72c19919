# studies/augmenting.py
"""What augmentation makes of one training clip: the same batches that a cell trains on, before any training.

    cell -> its training clips -> copies, batches -> the clip as it is, and some drawings of it [mel, frame]

Of every system the first training clip that is asked for is drawn as in the last epoch, with the first clips of the
training part as its partners. Nothing within a network is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.training import Recipe
from studies.cell import StudyCell
from studies.checked_study import checked_study
from studies.pipeline import Batches, Bench, bench_of
from studies.specification import Study, System

N_PARTNERS = 63  # clips beside the one that is shown, for what mixes clips


@dataclass(frozen=True, eq=False)
class Augmented:
    """One training clip as it is, and as a system's augmentation gives it."""

    system: System
    clip: str
    label: str
    picture: NDArray[np.float32]  # [mel, frame]
    drawn: tuple[NDArray[np.float32], ...]
    shares: tuple[str, ...]  # of each drawing: the classes and their shares, in words


def augmented(
    study: Study, systems: Sequence[str], clip: str | None, n_drawn: int, data_root: Path | None
) -> list[Augmented]:
    """The clip under the augmentation of each system that augments pictures, in the first fold and seed; InputError
    where the study cannot be run, as a plan says it."""
    protocol = study.headline_protocol.name
    fold = checked_study(study, data_root).protocols[protocol].folds[0]
    prepared: dict[str, Bench] = {}  # by front end: what systems that read the same pictures share
    found = []
    for system in (study.system(name) for name in systems):
        if not study.augmentation_of(system):
            continue
        front_end = study.front_end_of(system).key
        if front_end not in prepared:
            cell = StudyCell(study.data.name, protocol, fold, system.name, study.seeds[0])
            prepared[front_end] = bench_of(study, cell, data_root)
        bench = prepared[front_end]
        if bench.scale is not None:  # features are no picture
            cell = replace(bench.cell, system=system.name)
            found.append(_of_system(replace(bench, cell=cell, system=system), clip, n_drawn))
    return found


def _of_system(bench: Bench, clip: str | None, n_drawn: int) -> Augmented:
    names, train = bench.clips.names, list(bench.fold.train)
    shown = train[0] if clip is None else next((row for row in train if names[row] == clip), None)
    if shown is None:
        raise InputError(
            f"No training clip of the fold {bench.cell.fold} is called {clip!r}. There are {len(train)}, such as "
            f"{', '.join(names[row] for row in train[:: max(1, len(train) // 4)][:4])}."
        )
    rows = torch.tensor(
        [shown, *[row for row in train if row != shown][:: max(1, len(train) // N_PARTNERS)][:N_PARTNERS]]
    )
    batches = Batches(bench, rows, Recipe(n_epochs=1, batch_size=len(rows), learning_rate=1.0))
    labels = bench.clips.label_names
    drawn, shares = [], []
    for _ in range(n_drawn):
        intensity, targets = batches.of(torch.arange(len(rows)), progress=1.0)
        drawn.append(intensity[0].numpy())
        parts = [(float(share), labels[number]) for number, share in enumerate(targets[0]) if share > 0.005]
        shares.append(
            ", ".join(f"{label} {share:.2f}" if share < 0.995 else label for share, label in sorted(parts)[::-1])
        )
    picture: Any = bench.intensity[shown].numpy()
    label = labels[int(bench.clips.targets[shown])]
    return Augmented(bench.system, names[shown], label, picture, tuple(drawn), tuple(shares))
