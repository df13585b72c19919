# neuro/classifiers/__init__.py
"""The spiking classifiers by name; an entry imports its module when it is chosen."""

from collections.abc import Callable, Mapping


def _dense_snn() -> type:
    from neuro.classifiers.dense import DenseSnn

    return DenseSnn


def _convolutional_snn() -> type:
    from neuro.classifiers.convolutional import ConvolutionalSnn

    return ConvolutionalSnn


def _learnt_code_snn() -> type:
    from neuro.classifiers.learnt_code import LearntCodeSnn

    return LearntCodeSnn


def _delay_snn() -> type:
    from neuro.classifiers.delays import DelaySnn

    return DelaySnn


def _recurrent_snn() -> type:
    from neuro.classifiers.recurrent import RecurrentSnn

    return RecurrentSnn


def _adaptive_snn() -> type:
    from neuro.classifiers.adaptive import AdaptiveSnn

    return AdaptiveSnn


def _spiking_transformer() -> type:
    from neuro.classifiers.spiking_transformer import SpikingTransformerSnn

    return SpikingTransformerSnn


def _ternary_snn() -> type:
    from neuro.classifiers.ternary import TernarySnn

    return TernarySnn


def _sigma_delta_network() -> type:
    from neuro.classifiers.sigma_delta import SigmaDeltaOptions

    return SigmaDeltaOptions


def _nir_file() -> type:
    from neuro.classifiers.nir_file import NirFile  # optional: needs the package nir

    return NirFile


CLASSIFIERS: Mapping[str, Callable[[], type]] = {
    "dense-snn": _dense_snn,
    "convolutional-snn": _convolutional_snn,
    "learnt-code-snn": _learnt_code_snn,
    "delay-snn": _delay_snn,
    "recurrent-snn": _recurrent_snn,
    "adaptive-snn": _adaptive_snn,
    "spiking-transformer": _spiking_transformer,
    "ternary-snn": _ternary_snn,
    "sigma-delta-network": _sigma_delta_network,
    "nir-file": _nir_file,
}
