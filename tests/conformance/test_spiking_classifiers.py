"""Every spiking classifier keeps the contract, with every code that it reads."""

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers import CLASSIFIERS
from neuro.encoders import ENCODERS
from neuro.loihi.contracts import NotMappableError
from neuro.loihi.quantise import quantised

N_CLASSES = 4
PICTURE_CODES = ("latency", "rate", "direct-current", "centred-current")
READS_SPIKES = sorted(set(CLASSIFIERS) - {"learnt-code-snn", "nir-file"})  # of which one learns its code, one no weight
READS_PICTURES = ("convolutional-snn", "spiking-transformer")
ALL_CODES = tuple(code for code, entry in ENCODERS.items() if entry().reads == "intensity")
CODES = {name: PICTURE_CODES if name in READS_PICTURES else ALL_CODES for name in READS_SPIKES}
GRADED = {code for code in ALL_CODES if ENCODERS[code]()().shape(8, 12).code == "graded"}
PAIRS = [
    (name, code) for name, codes in CODES.items() for code in codes if not (name == "recurrent-snn" and code in GRADED)
]
SMALL = {
    "dense-snn": {"hidden": (12, 10)},
    "convolutional-snn": {"channels": (4, 6), "strides": (2, 1)},
    "delay-snn": {"hidden": (12, 10), "max_delay": 3},
    "recurrent-snn": {"hidden": (12, 10)},
    "adaptive-snn": {"hidden": (12, 10), "kappa": 0.3},
    "spiking-transformer": {"stem_channels": (4, 8), "strides": (2, 2), "n_heads": 2, "threshold": 0.5},
    "ternary-snn": {"hidden": (12, 10)},
    "sigma-delta-network": {"hidden": (12, 10), "threshold": 0.2},
}
ON_CHIP = ("dense-snn", "convolutional-snn", "delay-snn", "recurrent-snn", "ternary-snn", "sigma-delta-network")


def built(name, encoder, seed=0, **options):
    torch.manual_seed(seed)
    return CLASSIFIERS[name]()(**{**SMALL[name], **options}).build(encoder.shape(8, 12), N_CLASSES)


def encoded_by(encoder, n_clips=5):
    intensity = torch.rand(n_clips, 8, 12, generator=torch.Generator().manual_seed(1))
    return encoder(intensity, torch.Generator().manual_seed(2))


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request):
    name, code = request.param
    return name, ENCODERS[code]()()


@pytest.fixture(params=[pair for pair in PAIRS if pair[0] in ON_CHIP], ids="-".join)
def chip_pair(request):
    name, code = request.param
    return name, ENCODERS[code]()()


def test_logits_are_finite_one_row_per_clip(pair):
    name, encoder = pair
    logits = built(name, encoder)(encoded_by(encoder))

    assert logits.shape == (5, N_CLASSES)
    assert bool(torch.isfinite(logits).all())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(pair):
    name, encoder = pair
    first, again, other = (built(name, encoder, seed).state_dict() for seed in (0, 0, 1))

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_the_first_epoch_is_always_trained_as_floats(chip_pair):
    name, encoder = chip_pair
    network = built(name, encoder, quantise_from=0.0)
    network.start_epoch(0, 4)

    assert not bool(network.on_chip_grid)


@pytest.mark.parametrize("on_chip_grid", [False, True])
def test_a_gradient_reaches_every_parameter(pair, on_chip_grid):
    name, encoder = pair
    network = built(name, encoder, dropout=0.0)
    encoded = encoded_by(encoder)
    with torch.no_grad():
        for _ in range(100):  # until the running statistics are those of the batch
            network(encoded)
    if name in ON_CHIP:
        network.on_chip_grid.fill_(on_chip_grid)
    torch.nn.functional.cross_entropy(network(encoded), torch.arange(5) % N_CLASSES).backward()

    silent = [key for key, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())]
    assert silent == []


def test_the_penalty_is_a_number_that_the_loss_can_take(pair):
    name, encoder = pair
    without, with_one = built(name, encoder), built(name, encoder, spike_rate_weight=1.0, spike_rate_target=0.0)
    for network in (without, with_one):
        network(encoded_by(encoder))

    assert float(without.penalty()) == 0.0
    assert float(with_one.penalty().detach()) > 0.0
    with_one.penalty().backward()


def test_training_moves_to_the_chips_grid_after_its_share_of_the_epochs(chip_pair):
    name, encoder = chip_pair
    network = built(name, encoder, quantise_from=0.5)
    switched = []
    for epoch in range(4):
        network.start_epoch(epoch, 4)
        switched.append(bool(network.on_chip_grid))

    assert switched == [False, False, True, True]


def test_evaluation_is_deterministic_and_reads_each_clip_alone(pair):
    name, encoder = pair
    network, encoded = built(name, encoder), encoded_by(encoder)
    network(encoded)
    network.eval()
    with torch.no_grad():
        logits = network(encoded)
        assert torch.equal(logits, network(encoded))
        assert torch.allclose(logits[2:3], network(encoded[:, 2:3]), atol=1e-5)


def test_a_code_without_steps_is_refused():
    for name in READS_SPIKES:
        with pytest.raises(InputError, match=f"{name} reads spikes"):
            CLASSIFIERS[name]()().build(EncodedShape("intensity", (8, 12)), N_CLASSES)


@pytest.mark.parametrize("name", READS_PICTURES)
def test_what_sees_a_picture_refuses_a_code_that_is_none(name):
    shape = ENCODERS["send-on-delta"]()().shape(8, 12)
    with pytest.raises(InputError, match=f"{name} reads a picture code"):
        CLASSIFIERS[name]()().build(shape, N_CLASSES)


@pytest.mark.parametrize("name", sorted(set(READS_SPIKES) - set(ON_CHIP)))
def test_what_the_chip_cannot_run_is_refused_by_name_with_the_reason(name):
    with pytest.raises(NotMappableError, match=f"{name} .*torch-float"):
        quantised(built(name, ENCODERS["latency"]()()))


@pytest.mark.parametrize("name", ON_CHIP)
def test_what_the_chip_can_run_has_integers(name):
    assert len(quantised(built(name, ENCODERS["latency"]()())).layers) > 1


@pytest.mark.parametrize("name", READS_SPIKES)
def test_a_rate_below_the_target_costs_something_on_both_sides_alone(name):
    encoder = ENCODERS["latency"]()()
    penalties = {}
    for side in ("above", "both"):
        network = built(name, encoder, spike_rate_weight=1.0, spike_rate_target=1.0, spike_rate_side=side)
        network(encoded_by(encoder))
        penalties[side] = float(network.penalty().detach())

    assert penalties["above"] == 0.0
    assert penalties["both"] > 0.1


@pytest.mark.parametrize("name", READS_SPIKES)
def test_operations_are_counted_per_clip_and_grow_with_the_spikes(name):
    encoder = ENCODERS["rate"]()()
    network = built(name, encoder).eval()
    encoded = encoded_by(encoder)
    silent, some = (network.count_operations(spikes) for spikes in (torch.zeros_like(encoded), encoded))
    twice = network.count_operations(torch.cat([encoded, encoded], dim=1))

    assert some.stages() == ("network",)
    assert sum(some.counts.values()) > sum(silent.counts.values())
    assert twice.counts == pytest.approx(some.counts)
