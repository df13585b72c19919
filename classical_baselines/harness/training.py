# classical_baselines/harness/training.py
"""One training loop for every network of the suite, so that no family is trained with more care than another.

AdamW under a cosine schedule after a linear warm-up (Loshchilov & Hutter, ICLR 2017 and 2019), cross-entropy with
soft or hard targets. The weights of the last epoch are kept: nothing is chosen by the validation score, which is
only recorded. The loop never sees a test clip; it is given batches and the validation clips, no data set.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier, Encoder
from classical_baselines.harness.memory_format import safe_memory_format
from classical_baselines.harness.seeds import generator_for, seeded_globally
from classical_baselines.harness.streamed_rows import Rows

Batch = tuple[Tensor, Tensor]  # intensity [batch, mel, frame] and targets: [batch] or soft [batch, class]


@dataclass(frozen=True)
class Recipe:
    """How long and how fast; one per system, stored with it."""

    n_epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 1e-2
    label_smoothing: float = 0.0
    warmup_fraction: float = 0.1
    clip_gradient_norm: float | None = None


@dataclass(frozen=True)
class TrainingRecord:
    """What was recorded: one loss per epoch, the validation accuracy at some of them, the seconds in all."""

    losses: tuple[float, ...]
    validation_epochs: tuple[int, ...]
    validation_accuracies: tuple[float, ...]
    seconds: float


def scheduled_factor(step: int, n_steps: int, warmup_fraction: float) -> float:
    """Share of the learning rate at `step`: linear from 0 to 1 over the warm-up, then a cosine to 0.

    >>> [round(scheduled_factor(step, 10, 0.2), 3) for step in (0, 1, 2, 6)]
    [0.5, 1.0, 1.0, 0.5]
    """
    n_warmup = int(warmup_fraction * n_steps)
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


def train(
    classifier: Classifier,
    encoder: Encoder,
    batches: Callable[[int], Iterable[Batch]],
    n_batches: int,
    validation: tuple[Rows, Tensor],
    recipe: Recipe,
    seed: int,
    n_validations: int = 5,
) -> TrainingRecord:
    """Train `classifier` in place; `batches(epoch)` gives the `n_batches` augmented batches of an epoch.

    Diverging training (a loss that is not finite) is an error: a cell fails rather than report a broken network.
    """
    began = time.perf_counter()
    memory_format = safe_memory_format(classifier, classifier.memory_format)
    classifier.to(memory_format=memory_format)  # type: ignore[call-overload]
    decayed = [p for p in classifier.parameters() if p.dim() > 1]
    others = [p for p in classifier.parameters() if p.dim() <= 1]  # biases, norms, thresholds: no decay
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
    )
    n_steps = recipe.n_epochs * n_batches
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: scheduled_factor(step, n_steps, recipe.warmup_fraction)
    )
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    encoding = generator_for(seed, "encoding")
    every = max(1, recipe.n_epochs // n_validations)
    losses: list[float] = []
    validated: list[tuple[int, float]] = []

    with seeded_globally(seed, "training"):
        for epoch in range(recipe.n_epochs):
            classifier.start_epoch(epoch, recipe.n_epochs)
            classifier.train()
            total, n_clips = 0.0, 0
            for intensity, targets in batches(epoch):
                loss = criterion(classifier(encoder(intensity, encoding)), targets) + classifier.penalty()
                if not bool(torch.isfinite(loss)):
                    raise FloatingPointError(
                        f"training diverged in epoch {epoch}: the loss is {float(loss.detach())}. "
                        f"Lower the learning rate ({recipe.learning_rate}) or set clip_gradient_norm."
                    )
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                if recipe.clip_gradient_norm is not None:
                    nn.utils.clip_grad_norm_(classifier.parameters(), recipe.clip_gradient_norm)
                optimiser.step()
                schedule.step()
                total += float(loss.detach()) * len(targets)
                n_clips += len(targets)
            losses.append(total / n_clips)
            if (epoch + 1) % every == 0 or epoch + 1 == recipe.n_epochs:
                accuracy = float(
                    (predict(classifier, encoder, validation[0], seed).argmax(1) == validation[1]).float().mean()
                )
                validated.append((epoch + 1, accuracy))
    classifier.eval()
    return TrainingRecord(
        losses=tuple(losses),
        validation_epochs=tuple(epoch for epoch, _ in validated),
        validation_accuracies=tuple(accuracy for _, accuracy in validated),
        seconds=time.perf_counter() - began,
    )


@torch.no_grad()
def predict(classifier: Classifier, encoder: Encoder, intensity: Rows, seed: int, batch_size: int = 256) -> Tensor:
    """Logits [clip, class] of the float network in evaluation mode."""
    generator = generator_for(seed, "validation-encoding")
    training = classifier.training
    classifier.eval()
    logits = [classifier(encoder(part, generator)) for part in intensity.split(batch_size)]
    classifier.train(training)
    return torch.cat(logits)
