# classical_baselines/explain/randomised.py
"""The same network with its weights at random, for the sanity check of an explanation.

Every weight tensor keeps its values and loses their order: each is permuted on its own. Initial weights would do too,
but an untrained spiking network may be silent and has nothing to explain. Of a classifier that is fitted directly,
which has no parameters, the fitted matrices are permuted; scales of features and of the kernel stay what they are.

Reference: Adebayo et al., NeurIPS 2018, arXiv 1810.03292, section 3 (all layers at random, at once).
"""

import copy
from dataclasses import replace

import torch
from torch import Tensor

from classical_baselines.explain.contract import Subject
from classical_baselines.harness.seeds import generator_for


def randomised(subject: Subject) -> Subject:
    """A copy of the subject whose weights are permuted; the subject itself stays as it is."""
    classifier = copy.deepcopy(subject.classifier)
    generator = generator_for(subject.seed, "explain/randomised")
    fitted: list[Tensor] = [*classifier.parameters()]
    fitted = fitted or [one for one in classifier.buffers() if one.is_floating_point() and one.dim() > 1]
    with torch.no_grad():
        for weights in fitted:
            order = torch.randperm(weights.numel(), generator=generator)
            weights.copy_(weights.flatten()[order].view_as(weights))
    return replace(subject, classifier=classifier)
