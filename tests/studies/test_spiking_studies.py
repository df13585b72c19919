"""What the shipped studies of spiking networks ask of every run, whatever it costs."""

import pytest

from studies.study_file import load_study

MAPPED = (
    *("break-even-rate", "integer-cost", "lava-check", "network-from-elsewhere", "spike-codes"),
    *(f"spiking-baselines{of}" for of in ("", "-arabic-digits", "-esc-10", "-speech-commands")),
)
NOTE_RATES = {"snn-float", "loihi-emulator"}  # backends whose runs hold the spike rate


@pytest.mark.parametrize("name", MAPPED)
def test_every_network_of_integers_is_mapped_to_the_first_chip_that_it_is_priced_for(name):
    for system in load_study(name).systems:
        for run in system.runs:
            if run.backend.name == "loihi-emulator":
                on_loihi_1 = any("+loihi-1" in deployment for deployment in run.deployments)
                assert run.backend.options["chip"] == ("loihi-1" if on_loihi_1 else "loihi-2"), system.name


@pytest.mark.parametrize("name", [*MAPPED, "early-decision", "word-pictures"])
def test_a_rate_that_is_trained_for_is_noted(name):
    for system in load_study(name).systems:
        if "spike_rate_weight" in system.classifier.options:
            assert NOTE_RATES & {run.backend.name for run in system.runs}, system.name


def test_lava_runs_clips_of_the_networks_that_learn_delays_and_that_hear_themselves():
    checked = {
        system.classifier.name
        for system in load_study("spiking-baselines-arabic-digits").systems
        for run in system.runs
        if run.backend.name == "loihi-lava"
    }
    assert checked == {"dense-snn", "ternary-snn", "delay-snn", "recurrent-snn"}


def test_lava_is_asked_for_every_membrane_of_each_kind_of_network_with_the_options_that_are_published():
    published = {
        **dict.fromkeys(("convolutional-snn", "convolutional-snn-latency"), "spiking-baselines"),
        **dict.fromkeys(("dense-snn", "ternary-snn", "delay-snn", "recurrent-snn"), "spiking-baselines-arabic-digits"),
        "sigma-delta": "break-even-rate",
    }
    systems = load_study("lava-check").systems
    assert {system.name for system in systems} == set(published)
    for system in systems:
        where = load_study(published[system.name]).system(system.name)
        assert (system.encoder, system.classifier) == (where.encoder, where.classifier), system.name
        assert "loihi-lava-membranes" in {run.backend.name for run in system.runs}, system.name
