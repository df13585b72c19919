# tests/neuro/encoders/test_learnt.py
"""The learnt code against a loop over frames, and the chip's view of it against the spikes handed over by hand."""

import pytest
import torch

from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape, Trained
from classical_baselines.harness.unencoded import Unencoded
from neuro.classifiers.learnt_code import LearntCodeSnn
from neuro.encoders.code_backend import SpikeCode
from neuro.encoders.latency import LatencyEncoder
from neuro.encoders.learnt import coded
from neuro.encoders.measures import address_bits
from neuro.loihi.backends import LoihiEmulator, logits_of
from neuro.loihi.emulator import emulate
from neuro.loihi.precisions import SnnFloat
from neuro.loihi.quantise import quantised

N_MELS, N_FRAMES, N_CLASSES = 6, 10, 4


def built(seed=0, **options):
    torch.manual_seed(seed)
    network = LearntCodeSnn(**{"n_units": 16, "hidden": (12,), "dropout": 0.0, **options}).build(
        EncodedShape("intensity", (N_MELS, N_FRAMES)), N_CLASSES
    )
    with torch.no_grad():
        for _ in range(60):  # until the running statistics are those of the clips
            network(pictures(40))
    return network.eval()


def pictures(n_clips, seed=1):
    return torch.rand(n_clips, N_MELS, N_FRAMES, generator=torch.Generator().manual_seed(seed))


def trained(network):
    return Trained(Unencoded(), network, pictures(8))


def test_a_unit_reads_the_last_frames_and_leaks_and_resets():
    code = built(n_context=3).code
    clips = pictures(3)
    weights, norm = code.weights.weight, code.norm
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    potential = torch.zeros(3, 16)
    with torch.no_grad():
        spikes = code(clips)
        for frame in range(N_FRAMES):
            current = torch.zeros(3, 16)
            for back in range(min(3, frame + 1)):
                current += clips[:, :, frame - back] @ weights[:, :, 2 - back].T
            potential = code.neuron.chip_beta * potential + (current - norm.running_mean) * gain + norm.bias
            fired = potential > code.neuron.threshold
            assert torch.equal(spikes[frame], fired.float())
            potential = potential * ~fired

    assert 0 < spikes.mean() < 1


def test_a_gradient_reaches_the_code_and_the_network_behind_it():
    network = built().train()
    torch.nn.functional.cross_entropy(network(pictures(20)), torch.arange(20) % N_CLASSES).backward()

    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_codes_own_rate_is_penalised_above_its_target():
    network = built(code_rate_target=0.0, code_rate_weight=2.0)
    spikes = network.code(pictures(5))
    network(pictures(5))

    assert float(network.penalty().detach()) == pytest.approx(2 * float(spikes.detach().mean()) ** 2)


def test_training_moves_the_network_behind_it_to_the_chips_grid():
    network = built(quantise_from=0.5)
    network.start_epoch(2, 4)

    assert bool(network.body.on_chip_grid)


def test_on_the_chip_the_code_is_the_encoder_and_its_macs_are_counted_there():
    network, clips = built(n_context=2), pictures(7)
    outcome = LoihiEmulator().run(trained(network), clips, torch.Generator())
    with torch.no_grad():
        spikes = network.code(clips)
    integers = quantised(network.body)

    assert torch.equal(outcome.logits, logits_of(integers, emulate(integers, spikes)))
    assert outcome.counts.total("mac_fp32", stage="encoder") == N_FRAMES * 16 * (N_MELS * 2 + 1)
    assert outcome.counts.total("compare_fp32", stage="encoder") == 2 * N_FRAMES * 16
    assert outcome.counts.total("mac_fp32", stage="network") == 0


def test_as_floats_the_code_is_part_of_the_network():
    network, clips = built(n_context=2), pictures(7)
    counts = TorchFloat().run(trained(network), clips, torch.Generator()).counts

    assert counts.counts["network", "learnt-code", "mac_fp32"] == N_FRAMES * 16 * (N_MELS * 2 + 1)
    assert counts.total("mac_fp32", stage="encoder") == 0


def test_the_backend_measures_the_learnt_spikes_and_any_other_code():
    network, clips = built(), pictures(7)
    outcome = SpikeCode(batch_size=3).run(trained(network), clips, torch.Generator())
    n_spikes = float(network.code(clips).detach().sum()) / 7

    assert torch.equal(outcome.logits, TorchFloat(3).run(trained(network), clips, torch.Generator()).logits)
    assert outcome.notes["code_n_channels"] == 16
    assert outcome.notes["code_spikes_per_clip"] == pytest.approx(n_spikes)
    assert outcome.notes["code_bits_per_clip"] == pytest.approx(n_spikes * address_bits(16))
    assert "code_relative_rms_error" not in outcome.notes  # what was learnt has no decoder


def test_the_backend_notes_the_error_of_a_code_that_is_decoded():
    from neuro.classifiers.dense import DenseSnn

    encoder = LatencyEncoder(n_steps=32)
    network = DenseSnn(hidden=(8,)).build(encoder.shape(N_MELS, N_FRAMES), N_CLASSES)
    network(encoder(pictures(4), torch.Generator()))
    outcome = SpikeCode().run(Trained(encoder, network, pictures(4)), pictures(4), torch.Generator())

    assert 0 < outcome.notes["code_relative_rms_error"] < 0.05


def test_other_systems_are_left_as_they_are():
    system = trained(torch.nn.Linear(1, 1))

    assert coded(system) is system


def test_what_is_no_picture_and_what_is_no_spike_code_are_refused():
    with pytest.raises(InputError, match=r"given spikes of shape 12\. Choose the encoder 'none'"):
        LearntCodeSnn().build(EncodedShape("spikes", (12,), 5), N_CLASSES)
    with pytest.raises(InputError, match="the encoder gives 'intensity'"):
        network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(N_MELS * N_FRAMES, 2))
        network.n_parameters = lambda: 0
        network.count_operations = lambda encoded: Unencoded().operations(encoded, encoded)
        SpikeCode().run(Trained(Unencoded(), network, pictures(2)), pictures(2), torch.Generator())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_units": 0}, "n_units must be 1 to 4096; got 0"),
        ({"n_context": 65}, "n_context must be 1 to 64 frames; got 65"),
        ({"code_threshold": 0.0}, "threshold must be positive"),
        ({"code_rate_target": 2.0}, "code_rate_target must lie in"),
        ({"hidden": ()}, "hidden must name at least one layer"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        LearntCodeSnn(**options)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["weights.weight", "norm.running_mean", "norm.bias"])
def test_a_learnt_code_that_is_no_number_is_refused_on_the_chip_and_as_floats(name, value):
    network = built()
    network.code.state_dict()[name].view(-1)[2] = value
    for backend in (LoihiEmulator(), SnnFloat(), SpikeCode()):
        with pytest.raises(InputError, match=f"^learnt-code: {name} holds {value} \\(1 of its"):
            backend.run(trained(network), pictures(3), torch.Generator())


def test_a_norm_of_the_code_without_a_deviation_is_refused():
    network = built()
    network.code.norm.running_var[1] = -1.0
    with pytest.raises(InputError, match=r"^learnt-code: norm.deviation holds nan \(1 of its 16"):
        LoihiEmulator().run(trained(network), pictures(3), torch.Generator())
