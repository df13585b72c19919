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


CLASSIFIERS: Mapping[str, Callable[[], type]] = {
    "dense-snn": _dense_snn,
    "convolutional-snn": _convolutional_snn,
    "learnt-code-snn": _learnt_code_snn,
}
