"""The backend that skips zeros: the integers of `int8`, and counts against sums on paper."""

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape, Trained
from classical_baselines.harness.unencoded import Unencoded
from classical_baselines.models import BACKENDS, CLASSIFIERS
from classical_baselines.models.dense_twin import ConvolutionalTwin

INTENSITY = torch.rand(9, 16, 32, generator=torch.Generator().manual_seed(0))
ENCODER = Unencoded(pool=(1, 2))
INT8, SKIPPED = BACKENDS["int8"](), BACKENDS["int8-zeros-skipped"]()
WEIGHT_COUNTS = ("mac_int8", "sram_bytes")


def trained(name, grid=(16, 16), **options):
    torch.manual_seed(0)
    classifier = CLASSIFIERS[name]()(**options).build(EncodedShape("intensity", grid), 4)
    classifier.start_epoch(0, 10)
    classifier.train()(ENCODER(INTENSITY, torch.Generator()))
    classifier.start_epoch(9, 10)
    return Trained(ENCODER, classifier, INTENSITY)


def run(backend, system, **options):
    return backend(**options).run(system, INTENSITY, torch.Generator())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pruned-int8", {}),
        ("pruned-int8", {"network": {"name": "ds-cnn"}, "sparsity": 0.5}),
        ("residual-cnn", {"bits": 8}),
        ("convolutional-twin", {}),
    ],
)
@pytest.mark.parametrize("batch_size", [2, 256])
def test_it_is_int8_bit_for_bit_and_differs_in_the_counts_of_weights_alone(name, options, batch_size):
    system = trained(name, **options)

    dense, skipped = run(INT8, system), run(SKIPPED, system, batch_size=batch_size)

    assert torch.equal(skipped.logits, dense.logits)
    others = [{key: n for key, n in one.counts if key[2] not in WEIGHT_COUNTS} for one in (dense, skipped)]
    assert others[0].keys() == others[1].keys()
    assert all(others[1][key] == pytest.approx(n) for key, n in others[0].items())
    in_encoder = [one.counts.total("sram_bytes", stage="encoder") for one in (dense, skipped)]
    assert in_encoder[0] == pytest.approx(in_encoder[1])


def test_a_network_most_of_whose_weights_are_zero_costs_less_and_one_without_zeros_more_bytes():
    pruned, full = trained("pruned-int8"), trained("residual-cnn", bits=8)

    assert run(SKIPPED, pruned).counts.total("mac_int8") < 0.25 * run(INT8, pruned).counts.total("mac_int8")
    assert run(SKIPPED, pruned).notes["weight_bytes"] < 0.7 * run(INT8, pruned).notes["weight_bytes"]
    assert run(SKIPPED, full).counts.total("sram_bytes") > run(INT8, full).counts.total("sram_bytes")


def tiny():
    """One layer of two channels and a readout of three classes, on a picture of 2 bands and 4 frames."""
    network = ConvolutionalTwin(channels=(2,), strides=(1,), n_steps=255).build(EncodedShape("intensity", (2, 4)), 3)
    first, readout = network.layers[0].convolution.weight, network.readout.convolution.weight
    with torch.no_grad():
        first.zero_()
        first[0].flatten()[:2] = torch.tensor([1.0, 0.002])  # 0.002 / 1 * 127 = 0.25: an integer of 0
        first[1].flatten()[-3:] = torch.tensor([0.5, -0.5, 0.004])  # 0.004 / 0.5 * 127 = 1.02: an integer of 1
        readout.fill_(0.3)
        readout[0] = 0.0
        readout[0].flatten()[3] = -0.1
    network.start_epoch(9, 10)
    return Trained(Unencoded(), network.eval(), torch.rand(2, 2, 4))


def test_the_counts_of_a_tiny_network_are_sums_on_paper():
    system = tiny()

    outcome = SKIPPED().run(system, torch.rand(2, 2, 4), torch.Generator())

    found = {key[1:]: n for key, n in outcome.counts if key[0] == "network"}
    kept_first, kept_readout = 1 + 3, 1 + 2 * 16
    assert found == {
        ("input", "requantise_int32"): 8,
        ("input", "sram_bytes"): 5 * 8,
        ("layers.0", "mac_int8"): 8 * kept_first,  # at 2 x 4 places
        ("layers.0", "add_int32"): 16,
        ("layers.0", "requantise_int32"): 16,
        ("layers.0", "sram_bytes"): 8 + 3 * kept_first + 16 + 2 * (4 + 4),
        ("readout", "mac_int8"): kept_readout,
        ("readout", "add_int32"): 3,
        ("readout", "requantise_int32"): 3,
        ("readout", "sram_bytes"): 16 + 3 * kept_readout + 4 * 3 + 3 * (4 + 4),
    }
    n_kept, n_biases = kept_first + kept_readout, 2 + 3
    assert outcome.notes == {"n_parameters": n_kept + n_biases, "weight_bytes": 3 * n_kept + 4 * n_biases}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [("residual-cnn", {}, "Set bits = 8"), ("low-bit-cnn", {}, "Run it on the backend 'low-bit'")],
)
def test_what_int8_refuses_is_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        run(SKIPPED, trained(name, **options))
