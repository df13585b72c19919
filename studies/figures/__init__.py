# studies/figures/__init__.py
"""Every figure of a study, by name: what `report` shows, `plot` writes and `export` hands over.

    drawing = draw("accuracy-vs-energy", results)      None where there is nothing to draw

A figure is a file of this folder with a function `StudyResults -> Drawing | None`, and a line in FIGURES. To show it in
the report, name it in the template of a section: `{{ figure("confusion") }}`. matplotlib is imported when one is drawn.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import choose

if TYPE_CHECKING:
    from studies.figures.drawing import Drawing
    from studies.results import StudyResults

# name: (file of this folder, its function); in the order of the report
FIGURES: Mapping[str, tuple[str, str]] = {
    "accuracy-vs-energy": ("accuracy_energy", "accuracy_vs_energy"),
    "accuracy-vs-energy-system": ("accuracy_energy", "accuracy_vs_energy_system"),
    "accuracy-vs-measured-energy": ("accuracy_energy", "accuracy_vs_measured_energy"),
    "accuracy-vs-published-energy": ("accuracy_energy", "accuracy_vs_published_energy"),
    "energy-curves": ("energy_curves", "energy_curves"),
    "energy-by-stage": ("energy_by_stage", "energy_by_stage"),
    "energy-by-device": ("energy_by_device", "energy_by_device"),
    "energy-by-rate": ("energy_by_rate", "energy_by_rate"),
    "tornado": ("tornado", "tornado"),
    "accuracy-vs-spikes": ("spike_codes", "accuracy_vs_spikes"),
    "accuracy-vs-bits": ("spike_codes", "accuracy_vs_bits"),
    "accuracy-vs-preparation": ("state_codes", "accuracy_vs_preparation"),
    "early-decision": ("early_decision", "early_decision"),
    "break-even-rate": ("break_even_rate", "break_even_rate"),
    "integer-cost": ("integer_cost", "integer_cost"),
    "accuracy-vs-degree": ("noise_conditions", "accuracy_vs_degree"),
    "accuracy-by-group": ("accuracy_by_group", "accuracy_by_group"),
    "confusion": ("confusion", "confusion"),
    "reliability": ("reliability", "reliability"),
    "learning-curves": ("learning_curves", "learning_curves"),
    "accuracy-vs-noise": ("probe_curves", "accuracy_vs_noise"),
    "accuracy-vs-pink-noise": ("probe_curves", "accuracy_vs_pink_noise"),
    "accuracy-vs-babble": ("probe_curves", "accuracy_vs_babble"),
    "accuracy-vs-band-limit": ("probe_curves", "accuracy_vs_band_limit"),
    "accuracy-vs-gain": ("probe_curves", "accuracy_vs_gain"),
    "accuracy-vs-spike-rate": ("probe_curves", "accuracy_vs_spike_rate"),
    "accuracy-vs-shots": ("probe_curves", "accuracy_vs_shots"),
    "occlusion": ("occlusion", "occlusion"),
    "one-clip": ("one_clip", "one_clip"),
    "completeness": ("completeness", "completeness"),
}


def draw(name: str, results: "StudyResults") -> "Drawing | None":
    """The figure called `name`; None where the results have nothing for it."""
    file, function = choose(FIGURES, name, what="figure")
    make: Callable[[StudyResults], Drawing | None] = getattr(import_module(f"studies.figures.{file}"), function)
    return make(results)


def file_stem(name: str) -> str:
    """The name of a figure's files, without the ending: `accuracy_vs_energy`."""
    return name.replace("-", "_")
