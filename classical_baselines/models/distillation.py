# classical_baselines/models/distillation.py
"""A student that learns from the labels and from a teacher, which learns beside it on the same batches.

    loss = CE(z, y) + CE(z_t, y) + weight * T^2 * KL(softmax(z_t / T) || softmax(z / T))        z the student's logits

Teacher and student are any two of the networks in `nested`: a CNN teaches a transformer, or the other way. Both pass
through the one training loop, see each augmented batch once and are never shown anything else; the last term teaches
the student alone, from the share `distil_from` of the epochs on. What is deployed, counted and run is the student;
the teacher stays in the weights' file, where it can be looked into.

The loop knows one output and one mean cross-entropy. Its gradient at the student's logits is g = (softmax(z) - y) /
batch, so that the teacher's own, (softmax(z_t) - y) / batch, is g + (softmax(z_t) - softmax(z)) / batch: exact for
hard, mixed and smoothed targets alike, and no label has to be known here.

References: Hinton, Vinyals & Dean, arXiv 1503.02531, section 2 (temperature, T^2); Zhang et al., CVPR 2018, arXiv
1706.00384 (networks that learn together); Gong et al., arXiv 2203.06760 (between a CNN and an AST).
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.models.convolutions import check_share
from classical_baselines.models.nested import chosen_network


@dataclass(frozen=True)
class Distilled:
    """The options of distillation, the student and the teacher."""

    student: dict[str, Any] = field(default_factory=lambda: {"name": "audio-transformer"})
    teacher: dict[str, Any] = field(default_factory=lambda: {"name": "se-residual-cnn"})
    temperature: float = 2.0
    weight: float = 1.0  # of what the teacher says, against the labels
    distil_from: float = 0.2  # share of the epochs that the teacher has for itself

    def __post_init__(self) -> None:
        for what in ("student", "teacher"):
            chosen_network(getattr(self, what), what=what)
        for name in ("temperature", "weight"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} must be greater than 0 and finite; got {getattr(self, name)}.")
        check_share("distil_from", self.distil_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        student, teacher = (
            chosen_network(getattr(self, what), what=what).build(shape, n_classes) for what in ("student", "teacher")
        )
        return DistilledClassifier(self, student, teacher)


class DistilledClassifier(Classifier):
    """The networks of `Distilled`; in evaluation it is the student."""

    def __init__(self, options: Distilled, student: Classifier, teacher: Classifier) -> None:
        super().__init__()
        self.options = options
        self.student = student
        self.teacher = teacher
        self._teaches = False
        self._said: tuple[Tensor, Tensor] | None = None  # logits of student and teacher for the last training batch

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.student(encoded)
        if not self.training:
            return logits
        taught = self.teacher(encoded)
        self._said = logits, taught.detach()
        both: Tensor = _LearnTogether.apply(logits, taught)
        return both

    def penalty(self) -> Tensor:
        """What the teacher says of the last training batch, and what either network asks for by itself."""
        own = self.student.penalty() + self.teacher.penalty()
        if self._said is None or not self._teaches:
            return own
        student, teacher = self._said
        return own + self.options.weight * divergence(student, teacher, self.options.temperature)

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        self._teaches = epoch >= self.options.distil_from * n_epochs
        for network in (self.student, self.teacher):
            network.start_epoch(epoch, n_epochs)

    def n_parameters(self) -> int:
        """The student's."""
        return self.student.n_parameters()

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """The student's, of one clip."""
        return count_modules(self.student, encoded[:1])


def divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)) of logits [batch, class], the mean over the batch."""
    said, taught = ((logits / temperature).log_softmax(1) for logits in (student, teacher))
    return temperature**2 * functional.kl_div(said, taught, reduction="batchmean", log_target=True)


class _LearnTogether(torch.autograd.Function):
    """Gives the student's logits; backwards, the teacher's get the gradient of the same mean cross-entropy."""

    @staticmethod
    def forward(ctx: Any, student: Tensor, teacher: Tensor) -> Tensor:
        ctx.save_for_backward(student, teacher)
        return student.clone()

    @staticmethod
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, Tensor]:
        student, teacher = ctx.saved_tensors
        difference: Tensor = (teacher.softmax(1) - student.softmax(1)) / len(student)
        return gradients, gradients + difference
