# classical_baselines/models/__init__.py
"""The classical classifiers by name; an entry imports its module when it is chosen."""

from collections.abc import Callable, Mapping


def _ds_cnn() -> type:
    from classical_baselines.models.ds_cnn import DsCnn

    return DsCnn


def _residual_cnn() -> type:
    from classical_baselines.models.residual_cnn import ResidualCnn

    return ResidualCnn


def _audio_transformer() -> type:
    from classical_baselines.models.audio_transformer import AudioTransformer

    return AudioTransformer


def _se_residual_cnn() -> type:
    from classical_baselines.models.se_residual_cnn import SeResidualCnn

    return SeResidualCnn


def _broadcast_residual_cnn() -> type:
    from classical_baselines.models.broadcast_residual_cnn import BroadcastResidualCnn

    return BroadcastResidualCnn


def _frequency_dynamic_cnn() -> type:
    from classical_baselines.models.frequency_dynamic_cnn import FrequencyDynamicCnn

    return FrequencyDynamicCnn


def _cnn_transformer() -> type:
    from classical_baselines.models.hybrid import CnnTransformer

    return CnnTransformer


def _light_transformer() -> type:
    from classical_baselines.models.light_transformer import LightTransformer

    return LightTransformer


def _spectrogram_transformer() -> type:
    from classical_baselines.models.spectrogram_transformer import SpectrogramTransformer

    return SpectrogramTransformer


def _dense_twin() -> type:
    from classical_baselines.models.dense_twin import DenseTwin

    return DenseTwin


def _convolutional_twin() -> type:
    from classical_baselines.models.dense_twin import ConvolutionalTwin

    return ConvolutionalTwin


def _graded_convolutional_twin() -> type:
    from classical_baselines.models.graded_twin import GradedConvolutionalTwin

    return GradedConvolutionalTwin


def _low_bit_cnn() -> type:
    from classical_baselines.models.low_bit_cnn import LowBitCnn

    return LowBitCnn


def _causal_tcn() -> type:
    from classical_baselines.models.causal_tcn import CausalTcn

    return CausalTcn


def _causal_rnn() -> type:
    from classical_baselines.models.causal_rnn import CausalRnn

    return CausalRnn


def _pruned() -> type:
    from classical_baselines.models.pruned import Pruned

    return Pruned


def _pruned_int8() -> type:
    from classical_baselines.models.pruned_int8 import PrunedInt8

    return PrunedInt8


def _distilled() -> type:
    from classical_baselines.models.distillation import Distilled

    return Distilled


def _linear_layer() -> type:
    from classical_baselines.models.linear import LinearLayer

    return LinearLayer


def _linear_model() -> type:
    from classical_baselines.models.linear import LinearModel

    return LinearModel


def _support_vector_machine() -> type:
    from classical_baselines.models.support_vector import SupportVectorMachine

    return SupportVectorMachine


def _raw_cnn() -> type:
    from classical_baselines.models.raw_cnn import RawCnn

    return RawCnn


def _front_end_cnn() -> type:
    from classical_baselines.models.front_end_cnn import FrontEndCnn

    return FrontEndCnn


def _sense_fusion() -> type:
    from classical_baselines.models.sense_fusion import SenseFusion

    return SenseFusion


def _cross_modal_fusion() -> type:
    from classical_baselines.models.cross_modal_fusion import CrossModalFusion

    return CrossModalFusion


def _azimuth_cnn() -> type:
    from classical_baselines.models.azimuth_cnn import AzimuthCnn

    return AzimuthCnn


def _delay_polynomial() -> type:
    from classical_baselines.models.delay_polynomial import DelayPolynomial

    return DelayPolynomial


CLASSIFIERS: Mapping[str, Callable[[], type]] = {
    "ds-cnn": _ds_cnn,
    "residual-cnn": _residual_cnn,
    "audio-transformer": _audio_transformer,
    "se-residual-cnn": _se_residual_cnn,
    "broadcast-residual-cnn": _broadcast_residual_cnn,
    "frequency-dynamic-cnn": _frequency_dynamic_cnn,
    "cnn-transformer": _cnn_transformer,
    "light-transformer": _light_transformer,
    "ast": _spectrogram_transformer,
    "dense-twin": _dense_twin,
    "convolutional-twin": _convolutional_twin,
    "graded-convolutional-twin": _graded_convolutional_twin,
    "raw-cnn": _raw_cnn,
    "front-end-cnn": _front_end_cnn,
    "cross-modal-fusion": _cross_modal_fusion,
    "sense-fusion": _sense_fusion,
    "azimuth-cnn": _azimuth_cnn,
    "delay-polynomial": _delay_polynomial,
    "low-bit-cnn": _low_bit_cnn,
    "causal-tcn": _causal_tcn,
    "causal-rnn": _causal_rnn,
    "pruned": _pruned,
    "pruned-int8": _pruned_int8,
    "distilled": _distilled,
    "linear-layer": _linear_layer,
    "linear-model": _linear_model,
    "support-vector-machine": _support_vector_machine,
}


def _int8() -> type:
    from classical_baselines.models.int8_backend import Int8

    return Int8


def _low_bit() -> type:
    from classical_baselines.models.low_bit_backend import LowBit

    return LowBit


def _int8_zeros_skipped() -> type:
    from classical_baselines.models.int8_zeros_skipped import Int8ZerosSkipped

    return Int8ZerosSkipped


BACKENDS: Mapping[str, Callable[[], type]] = {
    "int8": _int8,
    "int8-zeros-skipped": _int8_zeros_skipped,
    "low-bit": _low_bit,
}
