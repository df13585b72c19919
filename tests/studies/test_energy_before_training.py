# tests/studies/test_energy_before_training.py
"""What an untrained system will cost, against sums on paper."""

import pytest
import torch

from neuro.loihi.contracts import LoihiNetwork
from neuro.loihi.quantise import quantised
from studies.energy_before_training import counts_at_rate, energies_before_training
from studies.registries import build
from studies.specification import Choice
from tests.studies.small_study import clips, study  # noqa: F401  # a fixture

SPIKING = {
    "family": "neuro",
    "encoder": {"name": "latency", "options": {"n_steps": 4}},
    "classifier": {"name": "dense-snn", "options": {"hidden": [20, 10]}},
    "runs": [{"backend": {"name": "loihi-emulator"}, "deployments": ["cortex-m4+loihi-1"]}],
}


def dense_network(n_inputs: int) -> LoihiNetwork:
    """Two hidden layers of 20 and 10, 3 classes, untrained."""
    encoder = build("encoder", Choice(name="latency", options={"n_steps": 4}))
    options = build("classifier", Choice(name="dense-snn", options={"hidden": [20, 10]}))
    return quantised(options.build(encoder.shape(1, n_inputs), 3))


def test_spikes_of_the_layers_follow_the_rate_and_those_of_the_input_the_clip():
    inputs = torch.zeros(4, 1, 6)
    inputs[0, 0, :3] = 1  # three spikes of 24 places
    counts = counts_at_rate(dense_network(6), inputs, rate=0.1).counts

    assert counts["network", "layer-1", "synaptic_operations"] == 3 * 20
    assert counts["network", "layer-2", "synaptic_operations"] == pytest.approx(0.1 * 4 * 20 * 10)
    assert counts["network", "readout", "synaptic_operations"] == pytest.approx(0.1 * 4 * 10 * 3)
    assert counts["network", "layer-1", "spikes_in"] == 3
    assert counts["network", "layer-2", "spikes_routed"] == pytest.approx(0.1 * 4 * 20)  # to one core
    assert counts["network", "layer-1", "spikes_generated"] == pytest.approx(0.1 * 4 * 20)
    assert counts["network", "readout", "spikes_generated"] == 0
    assert counts["network", "layer-1", "neuron_updates_inactive"] == pytest.approx(80 * (21 / 24) ** 6)
    assert counts["network", "layer-2", "neuron_updates_inactive"] == pytest.approx(40 * 0.9**20)
    assert counts["network", "layer-2", "neuron_updates_active"] == pytest.approx(40 * (1 - 0.9**20))
    assert counts["network", "chip", "chip_steps"] == 4


def test_spikes_of_a_layer_that_hears_itself_meet_its_own_synapses():
    encoder = build("encoder", Choice(name="latency", options={"n_steps": 4}))
    options = build("classifier", Choice(name="recurrent-snn", options={"hidden": [20]}))
    inputs = torch.zeros(4, 1, 6)
    inputs[0, 0, :3] = 1
    counts = counts_at_rate(quantised(options.build(encoder.shape(1, 6), 3)), inputs, rate=0.1).counts

    assert counts["network", "layer-1", "synaptic_operations"] == pytest.approx(3 * 20 + 0.1 * 3 * 20 * 20)
    assert counts["network", "layer-1", "spikes_routed"] == pytest.approx(3 + 0.1 * 4 * 20)
    assert counts["network", "layer-1", "spikes_in"] == 3
    assert counts["network", "layer-1", "neuron_updates_inactive"] == pytest.approx(80 * (21 / 24) ** 6 * 0.9**20)


def test_a_linear_layer_costs_before_training_what_its_multiplications_will(clips):  # noqa: F811
    run = {"backend": {"name": "torch-float"}, "deployments": ["cmos-45nm-fp32"]}
    (found,) = energies_before_training(study(runs=[run]), None)
    clip = clips()
    front_end = build("front end", Choice(name="log-mel"))
    picture = front_end(clip.waveform[:1], clip.n_samples[:1], clip.sample_rate_hz)

    (energy,) = found.energies
    macs = [term for term in energy.terms if (term.stage, term.operation) == ("network", "mac_fp32")]
    assert sum(term.count for term in macs) == picture.numel() * len(clip.label_names)
    assert sum(term.joules for term in macs) == pytest.approx(picture.numel() * len(clip.label_names) * 4.6e-12)
    assert (found.reason, energy.kind) == ("", "lower-bound")


def test_a_spiking_network_is_a_band_and_a_directly_fitted_model_is_not_known(clips):  # noqa: F811
    (band,) = energies_before_training(study(**SPIKING), None)
    direct = {"classifier": {"name": "linear-model"}, "runs": [{"backend": {"name": "torch-float"}}]}
    direct["runs"][0]["deployments"] = ["cortex-m4"]
    (unknown,) = energies_before_training(study(front_end="handcrafted", **direct), None)

    low, high = (energy.nominal_joules for energy in band.network)
    assert low < high
    assert len(band.energies) == 2
    assert band.low_joules < band.energies[0].nominal_joules < band.high_joules
    assert unknown.energies == ()
    assert "fitted directly" in unknown.reason
