# quantum/encoders/__init__.py
"""The state encoders: from an intensity picture to unit vectors [batch, amplitude]."""

from collections.abc import Callable, Mapping
from typing import Any


def _amplitude() -> type[Any]:
    from quantum.encoders.amplitude import AmplitudeEncoder

    return AmplitudeEncoder


def _angle() -> type[Any]:
    from quantum.encoders.angle import AngleEncoder

    return AngleEncoder


def _dense_angle() -> type[Any]:
    from quantum.encoders.dense_angle import DenseAngleEncoder

    return DenseAngleEncoder


def _phase() -> type[Any]:
    from quantum.encoders.phase import PhaseEncoder

    return PhaseEncoder


def _iqp() -> type[Any]:
    from quantum.encoders.iqp import IqpEncoder

    return IqpEncoder


def _matrix_product() -> type[Any]:
    from quantum.encoders.matrix_product import MatrixProductEncoder

    return MatrixProductEncoder


def _frqi() -> type[Any]:
    from quantum.encoders.frqi import FrqiEncoder

    return FrqiEncoder


def _basis() -> type[Any]:
    from quantum.encoders.basis import BasisEncoder

    return BasisEncoder


ENCODERS: Mapping[str, Callable[[], type[Any]]] = {
    "amplitude": _amplitude,
    "angle": _angle,
    "dense-angle": _dense_angle,
    "phase": _phase,
    "iqp": _iqp,
    "matrix-product": _matrix_product,
    "frqi": _frqi,
    "basis": _basis,
}
