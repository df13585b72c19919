# classical_baselines/explain/__init__.py
"""The ways to explain a decision on the time-frequency plane, by name; an entry imports its module when it is chosen.

Which of them apply depends on the network: Grad-CAM needs a convolution, attention a transformer, gradients anything
that torch can differentiate (a spiking network through its spikes, a hybrid through its circuit), perturbation nothing.
"""

from collections.abc import Callable, Mapping


def _grad_cam() -> type:
    from classical_baselines.explain.grad_cam import GradCam

    return GradCam


def _grad_cam_plus_plus() -> type:
    from classical_baselines.explain.grad_cam import GradCamPlusPlus

    return GradCamPlusPlus


def _attention() -> type:
    from classical_baselines.explain.attention import LastAttention

    return LastAttention


def _attention_rollout() -> type:
    from classical_baselines.explain.attention import AttentionRollout

    return AttentionRollout


def _attention_relevance() -> type:
    from classical_baselines.explain.attention import AttentionRelevance

    return AttentionRelevance


def _gradient() -> type:
    from classical_baselines.explain.gradients import Gradient

    return Gradient


def _gradient_times_input() -> type:
    from classical_baselines.explain.gradients import GradientTimesInput

    return GradientTimesInput


def _integrated_gradients() -> type:
    from classical_baselines.explain.gradients import IntegratedGradients

    return IntegratedGradients


def _random_masks() -> type:
    from classical_baselines.explain.perturbation import RandomMasks

    return RandomMasks


# What applies to every network first.
EXPLAINERS: Mapping[str, Callable[[], type]] = {
    "random-masks": _random_masks,
    "gradient": _gradient,
    "gradient-times-input": _gradient_times_input,
    "integrated-gradients": _integrated_gradients,
    "grad-cam": _grad_cam,
    "grad-cam++": _grad_cam_plus_plus,
    "attention": _attention,
    "attention-rollout": _attention_rollout,
    "attention-relevance": _attention_relevance,
}
