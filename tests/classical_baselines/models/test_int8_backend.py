"""The integer backend runs the integer network, whatever the batch, and counts no float arithmetic in it."""

import pytest
import torch

from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape, Trained
from classical_baselines.harness.unencoded import Unencoded
from classical_baselines.models import BACKENDS, CLASSIFIERS
from classical_baselines.models.integer_network import IntegerNetwork

INTENSITY = torch.rand(9, 16, 32, generator=torch.Generator().manual_seed(0))
ENCODER = Unencoded(pool=(1, 2))
INT8 = BACKENDS["int8"]()


def trained(name, **options):
    torch.manual_seed(0)
    classifier = CLASSIFIERS[name]()(**options).build(EncodedShape("intensity", (16, 16)), 4)
    classifier.start_epoch(0, 10)
    classifier.train()(ENCODER(INTENSITY, torch.Generator()))
    classifier.start_epoch(9, 10)
    return Trained(ENCODER, classifier, INTENSITY)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("residual-cnn", {"bits": 8}),
        ("ds-cnn", {"bits": 8}),
        ("dense-twin", {"hidden": (12,)}),
        ("convolutional-twin", {}),
        ("graded-convolutional-twin", {}),
    ],
)
@pytest.mark.parametrize("batch_size", [2, 256])
def test_the_logits_are_those_of_the_integer_network_in_any_batch(name, options, batch_size):
    system = trained(name, **options)

    outcome = INT8(batch_size=batch_size).run(system, INTENSITY, torch.Generator())

    network = IntegerNetwork(system.classifier)
    expected = network.logits(ENCODER(INTENSITY, torch.Generator()))
    assert torch.equal(outcome.logits, expected)
    assert outcome.counts.total("mac_int8") == pytest.approx(network.counts.total("mac_int8"))
    assert outcome.counts.total("mac_fp32") == 0
    assert {stage for (stage, _, operation), _ in outcome.counts if "fp32" in operation} <= {"encoder", "readout"}
    assert outcome.counts.total("add_fp32", stage="encoder") == pytest.approx(16 * 16)


def test_its_multiply_accumulates_are_those_of_the_float_network():
    system = trained("residual-cnn", bits=8)

    integers = INT8().run(system, INTENSITY, torch.Generator()).counts
    floats = TorchFloat().run(system, INTENSITY, torch.Generator()).counts

    assert integers.total("mac_int8") == pytest.approx(floats.total("mac_fp32"))
    assert integers.total("sram_bytes") < 0.5 * floats.total("sram_bytes")


def test_a_float_network_is_refused():
    with pytest.raises(InputError, match="Set bits = 8"):
        INT8().run(trained("residual-cnn"), INTENSITY, torch.Generator())
