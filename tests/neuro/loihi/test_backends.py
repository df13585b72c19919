"""One small trained network on the emulator, on Lava and in floats."""

import copy

import numpy as np
import pytest
import torch

from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.seeds import generator_for, seeded_globally
from classical_baselines.harness.training import Recipe, train
from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.classifiers.delays import DelaySnn
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.recurrent import RecurrentSnn
from neuro.encoders.direct_current import DirectCurrentEncoder
from neuro.encoders.latency import LatencyEncoder
from neuro.loihi import BACKENDS
from neuro.loihi.backends import LoihiEmulator, LoihiLava
from neuro.loihi.contracts import NotMappableError

N_CLASSES = 3


def problem(n_clips=90):
    """Three classes whose rows of the picture are lit."""
    generator = torch.Generator().manual_seed(3)
    targets = torch.arange(n_clips) % N_CLASSES
    intensity = 0.4 * torch.rand(n_clips, 6, 8, generator=generator)
    for clip, target in enumerate(targets.tolist()):
        intensity[clip, 2 * target : 2 * target + 2] += 0.5
    return intensity, targets


def trained_on_the_problem(options, encoder):
    intensity, targets = problem()
    with seeded_globally(0, "weights"):
        network = options.build(encoder.shape(6, 8), N_CLASSES)
    batches = lambda epoch: zip(intensity.split(30), targets.split(30), strict=True)  # noqa: E731
    recipe = Recipe(n_epochs=12, batch_size=30, learning_rate=0.02)
    train(network, encoder, batches, 3, (intensity, targets), recipe, seed=0)
    return Trained(encoder, network, intensity)


@pytest.fixture(scope="module")
def dense():
    return trained_on_the_problem(DenseSnn(hidden=(24, 16), dropout=0.0), LatencyEncoder(n_steps=10))


@pytest.fixture(scope="module")
def graded_convolution():
    options = ConvolutionalSnn(channels=(4, 6), strides=(2, 2), dropout=0.0)
    return trained_on_the_problem(options, DirectCurrentEncoder(n_steps=6))


def accuracy(outcome, targets):
    return float((outcome.logits.argmax(1) == targets).float().mean())


def generator():
    return generator_for(0, "test")


@pytest.mark.parametrize("name", ["dense", "graded_convolution"])
def test_the_emulator_gives_the_answers_of_the_trained_network(name, request):
    trained = request.getfixturevalue(name)
    intensity, targets = problem()
    on_chip = LoihiEmulator(batch_size=40).run(trained, intensity, generator())
    as_floats = TorchFloat().run(trained, intensity, generator())

    assert bool(trained.classifier.on_chip_grid)
    assert on_chip.logits.shape == (90, N_CLASSES)
    assert accuracy(on_chip, targets) > 0.95
    assert accuracy(as_floats, targets) > 0.95
    assert (on_chip.logits - as_floats.logits).abs().median() < 1e-3


def test_the_emulators_outcome_holds_counts_notes_and_pictures(dense):
    intensity, _ = problem()
    outcome = LoihiEmulator(step_seconds=2e-6).run(dense, intensity, generator(), n_exhibits=2)
    counts, notes = outcome.counts, outcome.notes

    assert counts.stages() == ("encoder", "network")
    assert counts.total("chip_steps") == pytest.approx(10)
    assert counts.total("chip_seconds") == pytest.approx(2e-5)
    assert counts.total("state_resets") == pytest.approx(1)
    # Every spike of the last hidden layer meets the three readout neurons.
    n_spikes = counts.counts["network", "layer-2", "spikes_generated"]
    assert counts.counts["network", "readout", "synaptic_operations"] == pytest.approx(N_CLASSES * n_spikes)
    assert notes["spike_rate_by_layer"][1] == pytest.approx(n_spikes / (10 * 16))
    assert notes["spike_rate"] == pytest.approx(np.average(notes["spike_rate_by_layer"], weights=[24, 16]))
    assert notes["n_neurons"] == 24 + 16 + 3
    assert notes["n_synapses"] == 48 * 24 + 24 * 16 + 16 * 3
    assert notes["n_parameters"] == notes["n_synapses"] + notes["n_neurons"]
    assert (notes["n_cores"], notes["chip"], notes["readout_saturation_rate"]) == (3, "Loihi 1", 0.0)
    assert [exhibit.array.shape for exhibit in outcome.exhibits] == [(48, 10), (24, 10)] * 2
    assert outcome.clip_indices is None
    encoded = dense.encoder(intensity[:2], generator())
    for clip in range(2):
        assert np.array_equal(outcome.exhibits[2 * clip].array, encoded[:, clip].T.numpy())


def test_synapses_and_parameters_count_those_within_a_layer_and_delays():
    encoder = LatencyEncoder(n_steps=10)
    notes = {}
    for name, options in (("recurrent", RecurrentSnn(hidden=(7, 5))), ("delay", DelaySnn(hidden=(7, 5)))):
        network = options.build(encoder.shape(6, 8), N_CLASSES).eval()
        outcome = LoihiEmulator().run(Trained(encoder, network, problem()[0]), problem()[0][:3], generator())
        notes[name] = outcome.notes["n_synapses"], outcome.notes["n_parameters"]

    below, biases = 48 * 7 + 7 * 5 + 5 * 3, 7 + 5 + 3
    assert notes["recurrent"] == (below + 49 + 25, below + 49 + 25 + biases)
    assert notes["delay"] == (below, below + 48 * 7 + 7 * 5 + biases)


def test_what_is_clipped_is_noted_and_nothing_is_noted_where_all_fits(dense):
    intensity, _ = problem()
    assert "biases_clipped_by_layer" not in LoihiEmulator().run(dense, intensity, generator()).notes

    huge = copy.deepcopy(dense)
    with torch.no_grad():
        huge.classifier.layers[1].norm.bias[:4] = 1e9  # of 16
    notes = LoihiEmulator().run(huge, intensity[:4], generator()).notes
    assert notes["biases_clipped_by_layer"] == [0.0, 4 / 16, 0.0]
    assert notes["weights_clipped_by_layer"] == [0.0, 0.0, 0.0]


def test_readouts_that_saturate_are_noted_per_clip_whatever_the_batch(dense):
    intensity, _ = problem()
    assert LoihiEmulator().run(dense, intensity, generator()).notes["readouts_saturated_per_clip"] == 0.0

    encoder = LatencyEncoder(n_steps=20)
    eager = DenseSnn(hidden=(7,)).build(encoder.shape(6, 8), N_CLASSES).eval()
    with torch.no_grad():
        eager.readout.bias.copy_(torch.tensor([50.0, -50.0, 0.0]))  # the first fires, the second sinks
        eager.readout.weights.weight.fill_(0.01)
    for batch_size in (40, 128):
        outcome = LoihiEmulator(batch_size=batch_size).run(Trained(encoder, eager, intensity), intensity, generator())
        assert outcome.notes["readouts_saturated_per_clip"] == pytest.approx(2.0)
        assert outcome.notes["readout_saturation_rate"] == pytest.approx(1 / (3 * 20))  # once, of 20 steps


def test_the_batch_size_changes_nothing(dense):
    intensity, _ = problem()
    whole = LoihiEmulator().run(dense, intensity, generator())
    parts = LoihiEmulator(batch_size=7).run(dense, intensity, generator())

    assert torch.equal(whole.logits, parts.logits)
    assert dict(parts.counts.counts) == pytest.approx(dict(whole.counts.counts))


@pytest.mark.parametrize("name", ["dense", "graded_convolution"])
def test_a_trained_network_on_lava_equals_the_emulator(name, request):
    trained = request.getfixturevalue(name)
    intensity, _ = problem()
    outcome = LoihiLava(n_clips=4).run(trained, intensity, generator())
    emulated = LoihiEmulator().run(trained, intensity, generator())
    (check,) = outcome.checks

    assert outcome.clip_indices == (0, 30, 59, 89)
    assert (check.name, check.passed, check.details["n_clips"]) == ("lava-equality", True, 4)
    assert min(check.details["spikes_per_layer"][:-1]) > 0
    assert torch.equal(outcome.logits, emulated.logits[[0, 30, 59, 89]])


def test_graded_input_needs_the_second_chip_and_multiplies(graded_convolution):
    outcome = LoihiEmulator().run(graded_convolution, problem()[0], generator())

    assert outcome.notes["chip"] == "Loihi 2 (graded input)"
    assert outcome.counts.counts["network", "layer-1", "mac_int8"] > 0
    assert ("network", "layer-1", "synaptic_operations") not in outcome.counts.counts


def test_a_network_that_is_loaded_again_answers_from_the_chips_grid(dense):
    fresh = DenseSnn(hidden=(24, 16), dropout=0.0).build(dense.encoder.shape(6, 8), N_CLASSES).eval()
    fresh.load_state_dict(dense.classifier.state_dict())
    encoded = dense.encoder(problem()[0], generator())

    assert bool(fresh.on_chip_grid)
    assert torch.equal(fresh(encoded), dense.classifier(encoded))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LoihiLava(n_clips=0), "n_clips must be 1 or more"),
        (lambda: LoihiEmulator(batch_size=0), "batch_size must be 1 or more"),
        (lambda: LoihiEmulator(step_seconds=0.0), "step_seconds must be positive"),
        (lambda: LoihiEmulator(chip="loihi-3"), r"chip must be one of loihi-1, loihi-2, or be left out; got 'loihi-3'"),
        (lambda: LoihiEmulator(chip="loihi-1", step_seconds=1e-5), "step_seconds of 1e-05 with the chip loihi-1"),
    ],
)
def test_impossible_options_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("batch_size", [128, 7])
def test_a_chip_changes_no_logit_and_takes_counts_and_time_from_the_placement(dense, batch_size):
    intensity, _ = problem()
    plain = LoihiEmulator(batch_size).run(dense, intensity, generator())
    mapped = LoihiEmulator(batch_size, chip="loihi-1").run(dense, intensity, generator())

    assert torch.equal(plain.logits, mapped.logits)
    assert mapped.counts.total("messages_placed") == pytest.approx(plain.counts.total("spikes_routed"))
    assert mapped.counts.total("spikes_routed") == 0
    assert mapped.counts.total("chip_steps") == pytest.approx(12)  # 10 of the code, and 2 until the readout has heard
    seconds = mapped.counts.total("chip_seconds")
    assert seconds == pytest.approx(12 * mapped.notes["step_seconds_sana-fe"])
    assert seconds > 12 * mapped.notes["step_seconds_davies"] > 12 * 113e-9
    assert mapped.notes["n_cores_by_layer"] == [1, 1, 1]
    assert mapped.notes["model"] == "Lava's fixed-point model (Loihi 2 rules) with Loihi 1 prices"
    assert set(plain.notes) < set(mapped.notes)


def test_graded_input_is_mapped_to_loihi_2_and_refused_for_loihi_1(graded_convolution):
    intensity, _ = problem()
    outcome = LoihiEmulator(chip="loihi-2").run(graded_convolution, intensity[:4], generator())

    assert outcome.counts.total("mac_int8") > 0
    assert "model" not in outcome.notes
    with pytest.raises(NotMappableError, match=r"layer 1 .*graded events; Loihi 1"):
        LoihiEmulator(chip="loihi-1").run(graded_convolution, intensity[:4], generator())


def test_the_registry_names_both_backends():
    assert BACKENDS["loihi-emulator"]() is LoihiEmulator
    assert BACKENDS["loihi-lava"]() is LoihiLava
