# quantum/backends/__init__.py
"""Where a trained circuit is run: by the engine or by Aer, exactly or in shots, or by any backend of Qiskit's."""

from collections.abc import Callable, Mapping
from typing import Any


def _exact_states() -> type[Any]:
    from quantum.backends.exact_states import ExactStates

    return ExactStates


def _shots() -> type[Any]:
    from quantum.backends.shots import Shots

    return Shots


def _aer_exact() -> type[Any]:
    from quantum.backends.aer_exact import AerExact

    return AerExact


def _aer_gpu() -> type[Any]:
    from quantum.backends.aer_exact import AerGpu

    return AerGpu


def _aer_density_matrix() -> type[Any]:
    from quantum.backends.aer_exact import AerDensityMatrix

    return AerDensityMatrix


def _aer_mps() -> type[Any]:
    from quantum.backends.aer_exact import AerMps

    return AerMps


def _aer_shots() -> type[Any]:
    from quantum.backends.aer_shots import AerShots

    return AerShots


def _measured_fourier() -> type[Any]:
    from quantum.backends.measured_fourier import MeasuredFourier

    return MeasuredFourier


def _aer_measured_fourier() -> type[Any]:
    from quantum.backends.measured_fourier import AerMeasuredFourier

    return AerMeasuredFourier


def _repeated_circuits() -> type[Any]:
    from quantum.backends.repeated_circuits import RepeatedCircuits

    return RepeatedCircuits


def _qiskit_backend() -> type[Any]:
    from quantum.backends.qiskit_backend import QiskitBackend

    return QiskitBackend


def _noisy() -> type[Any]:
    from quantum.backends.noisy import Noisy

    return Noisy


def _aer_noisy() -> type[Any]:
    from quantum.backends.aer_noisy import AerNoisy

    return AerNoisy


BACKENDS: Mapping[str, Callable[[], type[Any]]] = {
    "exact-states": _exact_states,
    "shots": _shots,
    "aer-exact": _aer_exact,
    "aer-gpu": _aer_gpu,
    "aer-density-matrix": _aer_density_matrix,
    "aer-mps": _aer_mps,
    "aer-shots": _aer_shots,
    "measured-fourier": _measured_fourier,
    "aer-measured-fourier": _aer_measured_fourier,
    "repeated-circuits": _repeated_circuits,
    "qiskit-backend": _qiskit_backend,
    "noisy": _noisy,
    "aer-noisy": _aer_noisy,
}
# Their logits are the trained network's own, on whatever device it is: such a run can be measured by itself.
AS_TRAINED = ("exact-states",)
