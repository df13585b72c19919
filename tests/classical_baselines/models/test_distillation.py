"""Distillation: the gradients of its two losses by autograd in float64, and a problem that it solves."""

import pytest
import torch
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.training import Recipe, train
from classical_baselines.harness.unencoded import Unencoded
from classical_baselines.models.distillation import Distilled, _LearnTogether, divergence

SHAPE = EncodedShape("intensity", (16, 20))
STUDENT = {"name": "audio-transformer", "options": {"width": 16, "n_blocks": 1, "stem_widths": (8, 16), "dropout": 0.0}}
TEACHER = {"name": "residual-cnn", "options": {"stem_width": 8, "widths": (8,), "strides": (1,), "dropout": 0.0}}


def new(**options):
    torch.manual_seed(0)
    return Distilled(**{"student": STUDENT, "teacher": TEACHER, **options}).build(SHAPE, 4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["hard", "mixed"])
def test_the_teacher_gets_the_gradient_of_its_own_cross_entropy(kind, smoothing):
    torch.manual_seed(0)
    student, teacher = (torch.randn(5, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    targets = torch.tensor([0, 3, 1, 1, 2]) if kind == "hard" else torch.rand(5, 4, dtype=torch.float64).softmax(1)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
    expected = torch.autograd.grad(criterion(student, targets) + criterion(teacher, targets), (student, teacher))

    found = torch.autograd.grad(criterion(_LearnTogether.apply(student, teacher), targets), (student, teacher))

    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-10)


def test_the_divergence_is_the_sum_of_its_definition():
    student, teacher = torch.randn(2, 3, 4, dtype=torch.float64)
    said, taught = (torch.exp(z / 3) / torch.exp(z / 3).sum(1, keepdim=True) for z in (student, teacher))

    expected = 9 * (taught * (taught.log() - said.log())).sum(1).mean()

    torch.testing.assert_close(divergence(student, teacher, 3.0), expected)
    assert float(divergence(teacher, teacher, 3.0)) == pytest.approx(0, abs=1e-12)


def test_what_the_teacher_says_teaches_the_student_alone_and_from_its_share_of_the_epochs_on():
    network = new(distil_from=0.5).train()
    pictures = torch.rand(6, 16, 20)

    network.start_epoch(4, 10)
    network(pictures)
    assert float(network.penalty()) == 0

    network.start_epoch(5, 10)
    network(pictures)
    network.penalty().backward()
    assert all(p.grad is None for p in network.teacher.parameters())
    assert all(p.grad is not None for p in network.student.parameters())


def test_the_loss_of_the_loop_has_the_gradients_of_all_three_terms():
    network = new(temperature=2.0, weight=0.7, distil_from=0.0).double().train()
    network.start_epoch(0, 10)
    pictures, targets = torch.rand(6, 16, 20).double(), torch.arange(6) % 4
    (functional.cross_entropy(network(pictures), targets) + network.penalty()).backward()
    found = {name: p.grad.clone() for name, p in network.named_parameters()}
    network.zero_grad()

    said, taught = network.student(pictures), network.teacher(pictures)
    loss = functional.cross_entropy(said, targets) + functional.cross_entropy(taught, targets)
    (loss + 0.7 * divergence(said, taught.detach(), 2.0)).backward()

    for name, parameter in network.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, atol=1e-10, rtol=1e-6, msg=name)


def test_what_is_deployed_is_the_student():
    network = new().eval()
    pictures = torch.rand(3, 16, 20)

    assert torch.equal(network(pictures), network.student(pictures))
    assert network.n_parameters() == network.student.n_parameters() < sum(p.numel() for p in network.parameters())
    assert dict(network.count_operations(pictures).counts) == dict(count_modules(network.student, pictures[:1]).counts)


def test_in_the_common_loop_both_learn_and_the_student_comes_to_say_what_the_teacher_says():
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(64) % 4
    pictures = 0.5 * torch.rand(64, 16, 20, generator=generator)
    for clip, target in enumerate(targets.tolist()):
        pictures[clip, 4 * target : 4 * target + 4] += 0.5  # a class is the bands that are loud
    network = new(weight=2.0)
    before = divergence(network.eval()(pictures), network.teacher(pictures), 1.0).item()

    def batches(epoch):
        order = torch.randperm(64, generator=generator)
        return [(pictures[part], targets[part]) for part in order.split(16)]

    recipe = Recipe(n_epochs=12, batch_size=16, learning_rate=5e-3)
    record = train(network, Unencoded(), batches, 4, (pictures, targets), recipe, seed=0)

    assert record.validation_accuracies[-1] > 0.95
    assert float((network.teacher(pictures).argmax(1) == targets).float().mean()) > 0.95
    assert divergence(network(pictures), network.teacher(pictures), 1.0).item() < 0.5 * before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "temperature must be greater than 0 and finite; got 0.0"),
        ({"weight": -1.0}, "weight must be greater than 0 and finite; got -1.0"),
        ({"distil_from": 1.0}, r"distil_from must lie in \[0, 1\)"),
        ({"teacher": {"name": "nobody"}}, "No network for teacher is called 'nobody'"),
        ({"student": {"name": "ds-cnn", "options": {"bits": 8}}}, "student must be a network of floats"),
    ],
)
def test_options_that_make_no_network_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Distilled(**options)
