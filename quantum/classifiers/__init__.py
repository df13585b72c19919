# quantum/classifiers/__init__.py
"""The quantum Fourier classifiers and their controls by name; an entry imports its module when it is chosen."""

from collections.abc import Callable, Mapping
from typing import Any


def _qft_circuit() -> type[Any]:
    from quantum.classifiers.qft_circuit import QftCircuit

    return QftCircuit


def _qft_hybrid() -> type[Any]:
    from quantum.classifiers.qft_hybrid import QftHybrid

    return QftHybrid


def _qcnn() -> type[Any]:
    from quantum.classifiers.qcnn import Qcnn

    return Qcnn


def _data_reuploading() -> type[Any]:
    from quantum.classifiers.data_reuploading import DataReuploading

    return DataReuploading


def _quanvolution() -> type[Any]:
    from quantum.classifiers.quanvolution import Quanvolution

    return Quanvolution


def _fidelity_kernel() -> type[Any]:
    from quantum.classifiers.fidelity_kernel import FidelityKernel

    return FidelityKernel


def _patch_map() -> type[Any]:
    from quantum.controls.patch_map import PatchMap

    return PatchMap


def _circuit_removed() -> type[Any]:
    from quantum.controls.circuit_removed import CircuitRemoved

    return CircuitRemoved


def _two_sense_hybrid() -> type[Any]:
    from quantum.classifiers.two_sense_hybrid import TwoSenseHybrid

    return TwoSenseHybrid


def _two_senses_removed() -> type[Any]:
    from quantum.controls.two_senses_removed import TwoSensesRemoved

    return TwoSensesRemoved


def _two_senses_same_size() -> type[Any]:
    from quantum.controls.two_senses_same_size import TwoSensesSameSize

    return TwoSensesSameSize


def _same_size_layer() -> type[Any]:
    from quantum.controls.same_size_layer import SameSizeLayer

    return SameSizeLayer


def _fourier_features() -> type[Any]:
    from quantum.controls.fourier_features import FourierFeatures

    return FourierFeatures


def _quadratic_surrogate() -> type[Any]:
    from quantum.controls.quadratic_surrogate import QuadraticSurrogate

    return QuadraticSurrogate


def _kernel_surrogate() -> type[Any]:
    from quantum.controls.kernel_surrogate import KernelSurrogate

    return KernelSurrogate


CLASSIFIERS: Mapping[str, Callable[[], type[Any]]] = {
    "qft-circuit": _qft_circuit,
    "qft-hybrid": _qft_hybrid,
    "two-sense-hybrid": _two_sense_hybrid,
    "qcnn": _qcnn,
    "data-reuploading": _data_reuploading,
    "quanvolution": _quanvolution,
    "fidelity-kernel": _fidelity_kernel,
    "patch-map": _patch_map,
    "circuit-removed": _circuit_removed,
    "two-senses-removed": _two_senses_removed,
    "two-senses-same-size": _two_senses_same_size,
    "same-size-layer": _same_size_layer,
    "fourier-features": _fourier_features,
    "quadratic-surrogate": _quadratic_surrogate,
    "kernel-surrogate": _kernel_surrogate,
}
