# studies/circuit_controls.py
"""What a circuit adds: every run of a hybrid against the controls that stand beside it, and against the best of them.

    best control    the one with the highest accuracy on validation clips, over all its fit cells; so no test clip
                    chooses what a hybrid is held against
    verdict         of the paired difference to it: better, equivalent, worse or undecided, at the study's margin

Every control has the hybrid's training clips, pictures, folds and seeds; one of another front end is no control of the
circuit. A hybrid that is better than its best control owes that
to what the control lacks; one that is not has not been shown to owe anything to its circuit. Where only validation
clips were looked at, the same clips choose and judge, and the best of several controls is flattered by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from classical_baselines.harness.evaluation import predictions
from quantum.classifiers.circuits_of import built_by
from quantum.classifiers.data_reuploading import ReuploadingClassifier
from quantum.classifiers.state_classifier import StateClassifier
from quantum.encoders.circuit_code import CircuitCode
from studies.circuit_energy import CircuitEnergy, circuit_energy, preparation_joules
from studies.registries import build
from studies.results import Row, StudyResults, whole_run
from studies.statistics import Comparison
from studies.wording import joules_text, points_text

VERDICTS = {
    "better": "the circuit adds something",
    "equivalent": "the circuit adds nothing",
    "worse": "the circuit costs accuracy",
}
# Classifiers that hold whatever any circuit could compute there. A circuit that beats weaker controls alone has beaten
# those, and no more.
SURROGATES = frozenset({"kernel-surrogate", "quadratic-surrogate", "patch-map"})
WITHOUT_SURROGATE = "no exact surrogate stands beside it, which could do whatever the circuit does"


@dataclass(frozen=True, eq=False)
class AgainstControls:
    """One run of a hybrid beside its controls."""

    row: Row
    controls: tuple[tuple[Row, Comparison], ...]  # the best by validation first
    validation: tuple[float | None, ...]  # accuracy of each control there; None where a cell has no logits
    energy: CircuitEnergy | None  # where the run was paid as a processor's

    @property
    def best(self) -> tuple[Row, Comparison]:
        """The control that the verdict is about."""
        return self.controls[0]

    @property
    def sentence(self) -> str:
        """One sentence: the difference to the best control, its interval, the verdict."""
        control, comparison = self.best
        verdict = "" if comparison.verdict == "undecided" else f", {VERDICTS[comparison.verdict]}"
        if comparison.verdict == "better" and not has_surrogate(row for row, _ in self.controls):
            verdict = f"; {WITHOUT_SURROGATE}"
        return (
            f"{run_title(self.row)}: {points_text(comparison)} points to its best control of {len(self.controls)}, "
            f"{run_title(control)}: {comparison.verdict}{verdict}."
        )


def has_surrogate(controls: Iterable[Row]) -> bool:
    """Whether one of the controls is an exact surrogate of the circuit."""
    return any(control.system.classifier.name in SURROGATES for control in controls)


def same_picture(results: StudyResults, row: Row, control: Row) -> bool:
    """Whether a control reads what the circuit reads; one that hears something else says nothing of the circuit."""
    study = results.study
    return study.front_end_of(row.system) == study.front_end_of(control.system)


def against_controls(results: StudyResults) -> list[AgainstControls]:
    """Every run under the headline protocol of every system of the family quantum that has controls beside it."""
    protocol = results.study.headline_protocol.name
    headline = {row.system.name: row for row in results.headline_rows}
    found = []
    for row in results.rows:
        if row.protocol != protocol or row.system.family != "quantum" or row.system.role == "control":
            continue
        # A control that is a circuit too stands on the same backend, so shots are held against shots.
        controls = [
            results.row(c.system.name, row.run.backend.name) or c
            for c in headline.values()
            if c.system.role == "control" and c.system.beside == row.system.name and same_picture(results, row, c)
        ]
        if not controls or row.n_cells < headline[row.system.name].n_cells:  # a check on some cells is no comparison
            continue
        scores = {control.system.name: validation_accuracy(results, control) for control in controls}
        ranked = sorted(controls, key=lambda control: -(scores[control.system.name] or 0.0))
        found.append(
            AgainstControls(
                row,
                tuple((control, results.compare(row, control)) for control in ranked),
                tuple(scores[control.system.name] for control in ranked),
                circuit_energy(row),
            )
        )
    return found


def validation_accuracy(results: StudyResults, row: Row) -> float | None:
    """Share of the validation clips that a row's system had right, over its fit cells; None where none has been run."""
    shares = []
    for cell, result in results.fits.items():
        if cell.system != row.system.name or cell.protocol != row.protocol:
            continue
        run = whole_run(result, row.run.backend.name)
        if run is not None:
            shares.append(float(np.mean(predictions(run.logits) == result.targets)))
    return float(np.mean(shares)) if shares else None


def run_title(row: Row) -> str:
    """`QFT hybrid, 8 qubits (shots, 1,024)`."""
    n_shots = row.notes.get("n_shots")
    return f"{row.title} ({row.run.backend.name}{'' if n_shots is None else f', {int(n_shots):,}'})"


def energy_sentence(one: AgainstControls) -> str:
    """How far the run is from the FFT that its QFT stands for; "" where it was not paid as a machine's."""
    energy = one.energy
    if energy is None:
        return ""
    whole, marginal = energy.joules["whole"], energy.joules["marginal"]
    fft = energy.fft_joules["cortex-m4"]
    least, most = energy.orders_of_magnitude("marginal", "cortex-m4"), energy.orders_of_magnitude("whole", "cortex-m4")
    return (
        f"{run_title(one.row)}: {joules_text(whole.mid)} [{joules_text(whole.low)}, {joules_text(whole.high)}] on a "
        f"machine of its own, {joules_text(energy.joules['share'].mid)} as its share by qubits, "
        f"{joules_text(marginal.mid)} [{joules_text(marginal.low)}, {joules_text(marginal.high)}] where the machine is "
        f"on anyway. An FFT over its {2**energy.n_qubits:,} amplitudes takes {joules_text(fft)} on a Cortex-M4: "
        f"{least.mid:.1f} to {most.mid:.1f} orders of magnitude less."
        + (_preparation_said(energy.n_qubits, one.row.clip_seconds) if loads_amplitudes(one.row) else "")
    )


def loads_amplitudes(row: Row) -> bool:
    """Whether a run prepares any real state by angles that the host finds for each clip, and no cell counts: those of
    a code by a circuit are the encoder's own."""
    built = built_by(build("classifier", row.system.classifier))
    coded = isinstance(build("encoder", row.system.encoder), CircuitCode)
    return issubclass(built, StateClassifier) and not issubclass(built, ReuploadingClassifier) and not coded


def _preparation_said(n_qubits: int, clip_seconds: float) -> str:
    joules = preparation_joules(n_qubits, clip_seconds)
    taken = "have no price there" if joules is None else f"take {joules_text(joules)} more there"
    return f" The {2**n_qubits - 1:,} angles that load a clip's amplitudes are the host's; they {taken}."
