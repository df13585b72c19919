"""What of a study is refused before its recordings are read, and where the message says it stands."""

import pytest
import torch

from classical_baselines.front_ends import FRONT_ENDS
from classical_baselines.harness.choices import InputError
from classical_baselines.models.front_end_cnn import FRONT_ENDS as LEARNT_FRONT_ENDS
from studies import checks_before_work
from studies.checks_before_work import check_before_work
from studies.plugins import OWN
from studies.specification import Study
from studies.study_file import catalogue, load_study
from tests.studies.test_pipeline import study

INF, NAN = float("inf"), float("nan")
ON_A_GPU = "circuit-backends-gpu"


def with_run(backend, classifier="linear-layer", **options):
    backend = {"name": backend} if isinstance(backend, str) else backend
    return study(classifier={"name": classifier, "options": options}, runs=[{"backend": backend}])


@pytest.mark.parametrize("name", sorted(set(catalogue()) - {ON_A_GPU}))
def test_every_study_of_the_catalogue_holds(name):
    check_before_work(load_study(name))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_the_study_on_a_gpu_is_refused_without_one():
    with pytest.raises(InputError, match=r"'circuit'.*device is 'gpu', but Aer has CPU"):
        check_before_work(load_study(ON_A_GPU))


def test_every_front_end_fixed_or_learnt_and_a_dilated_network_stand_in_a_study_of_the_catalogue():
    studies = [load_study(name) for name in catalogue()]
    options = [system.classifier.options for made in studies for system in made.systems]

    of_more_than_one_paradigm = {plugin.name for plugin in OWN if plugin.what == "front end"}
    in_studies = {choice.name for made in studies for choice in made.front_ends}
    assert in_studies == set(FRONT_ENDS) | of_more_than_one_paradigm
    assert {one["front_end"] for one in options if "front_end" in one} == set(LEARNT_FRONT_ENDS)
    assert any(max(one.get("dilations", [1])) > 1 for one in options)


@pytest.mark.parametrize("options", [{"n_layers": 1}, {"n_layers": 2}])
def test_a_misspelt_entangler_does_not_exist_before_it_does_nothing(options):
    with pytest.raises(InputError, match=r"No entangler is called 'cz-rign'\. Choose one of: cx-ring, cz-ring, none\."):
        check_before_work(with_run("exact-states", "data-reuploading", entangler="cz-rign", **options))
    with pytest.raises(InputError, match="entangler = 'cx-ring' is of the two-qubit gates between two layers"):
        check_before_work(with_run("exact-states", "data-reuploading", entangler="cx-ring", n_layers=1))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (with_run("int8"), "system 'one': the backend 'int8' runs networks that were trained with 8 bits, and 'linear"),
        (with_run("int8", "ds-cnn"), "'ds-cnn' as given here is not"),
        (
            with_run("int8-zeros-skipped", "pruned"),
            "'int8-zeros-skipped' runs networks .* 'pruned' as given here is not",
        ),
        (with_run("loihi-emulator", "ds-cnn"), "'loihi-emulator' runs spiking networks .*, and 'ds-cnn' is none"),
        (with_run("aer-shots"), "'aer-shots' runs circuits .qft-circuit, qft-hybrid, .*, and 'linear-layer' has none"),
        (with_run({"name": "torch-float", "options": {"batch_size": 0}}), "batch_size of the backend 'torch-float'"),
        (with_run("torch-float", "audio-transformer", n_heads=0), "system 'one': n_heads must lie in 1 to 4096; got 0"),
        (with_run({"name": "torch-float", "options": {"batch_size": 2**63}}), "must lie in 1 to 65536; got 92233720"),
        (with_run("torch-float", "linear-model", c=INF), r"systems\.one\.classifier\.options\.c is inf"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_system_that_it_stands_in(made, message):
    with pytest.raises(InputError, match=message):
        check_before_work(made)


def test_a_device_that_this_machine_lacks_is_refused_before_any_training(monkeypatch):
    monkeypatch.setattr("quantum.backends.aer_circuits.AerSimulator.available_devices", lambda self: ("CPU",))
    for backend in ("aer-gpu", {"name": "aer-shots", "options": {"device": "gpu"}}):
        with pytest.raises(InputError, match=r"system 'one': device is 'gpu', but Aer has CPU"):
            check_before_work(with_run(backend, "qft-circuit"))


@pytest.mark.parametrize("name", ["exact-states", "shots", "measured-fourier", "noisy"])
def test_a_gpu_that_torch_does_not_see_is_refused_before_any_training(monkeypatch, name):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    check_before_work(with_run({"name": name, "options": {"device": "auto"}}, "qft-circuit"))
    with pytest.raises(InputError, match="system 'one': device is 'gpu', but torch sees none"):
        check_before_work(with_run({"name": name, "options": {"device": "gpu"}}, "qft-circuit"))


def test_a_device_is_no_option_of_the_dynamic_circuit_which_aer_runs_on_the_cpu():
    with pytest.raises(InputError, match="has no option 'device'"):
        check_before_work(with_run({"name": "aer-measured-fourier", "options": {"device": "gpu"}}, "qft-circuit"))


def test_what_only_python_complains_of_is_told_with_its_place(monkeypatch):
    def building(what, choice):
        raise ZeroDivisionError("integer modulo by zero")

    monkeypatch.setattr(checks_before_work, "build", building)
    with pytest.raises(InputError, match=r"front end 'log-mel': its options do not hold together .ZeroDivisionError"):
        check_before_work(study())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"intensity_quantiles": (0.9, 0.1)}, "intensity_quantiles must satisfy 0 <= low < high <= 1; got 0.9 and 0.1"),
        ({"augmentation": {"filter_gain": NAN}}, "augmentation.filter_gain is nan"),
        ({"front_ends": [{"name": "log-mel", "options": {"hop": 0}}]}, "front end 'log-mel': hop must be greater"),
        ({"front_ends": [{"name": "log-mel", "options": {"hop": 300}}]}, "hop of 300 .* longer than a frame"),
        ({"front_ends": [{"name": "stft", "options": {"win_length": 64}}]}, "hop of 128 .* longer than the window"),
        ({"protocols": [{"name": "grouped-k-fold", "options": {"k": 3}}]}, "no option 'k'. Its options: n_folds"),
        ({"protocols": [{"name": "grouped-k-fold", "options": {"n_folds": "3"}}]}, "of type int; got '3'"),
        ({"protocols": [{"name": "official-split", "options": {"n_folds": 3}}]}, "Its options: none"),
        (
            {"augmentation": {"room_rt60_seconds": [0.5]}},
            r"small': augmentation: room_rt60_seconds must be a list of two",
        ),
        ({"augmentation": {"noise_snr_db": 10.0}}, r"noise_snr_db must be a list of two numbers, .from, to.; got 10.0"),
        ({"protocols": [{"name": "k-fold"}]}, "protocol 'k-fold': No protocol is called 'k-fold'"),
    ],
)
def test_what_the_study_itself_says_is_refused_with_its_place(changes, message):
    made = Study.model_validate({**study().model_dump(by_alias=True), **changes})
    with pytest.raises(InputError, match=message):
        check_before_work(made)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mixup_alpa": 0.2}, "small', system 'one': augmentation has no option 'mixup_alpa'"),
        ({"noise_snr_db": [1.0, 2.0, 3.0], "waveform_copies": 1}, "system 'one': augmentation: noise_snr_db must be a"),
    ],
)
def test_an_augmentation_of_a_systems_own_is_refused_with_study_and_system(options, message):
    with pytest.raises(InputError, match=message):
        check_before_work(study(augmentation=options))


@pytest.mark.parametrize(
    ("probes", "system", "message"),
    [
        (
            {"n_shots": [10]},
            {},
            r"probes.n_shots = .10. changes nothing: no system that is probed .every contender. sam",
        ),
        (
            {"firing_threshold": [0.5], "systems": ["one"]},
            {},
            r"system that is probed .one. is a spiking network whose",
        ),
        ({"snr_db": [10.0]}, {"role": "rival"}, "probes.snr_db = .10.0. changes nothing"),
    ],
)
def test_a_probe_that_no_system_is_put_through_is_refused(probes, system, message):
    made = Study.model_validate({**study(**system).model_dump(by_alias=True), "probes": probes})
    with pytest.raises(InputError, match=message):
        check_before_work(made)


@pytest.mark.parametrize(
    "made",
    [
        with_run("int8", "ds-cnn", bits=8),
        with_run("int8", "dense-twin", hidden=[4], n_steps=4),
        with_run("int8", "pruned-int8"),
        with_run("int8-zeros-skipped", "pruned-int8"),
        with_run("int8-zeros-skipped", "residual-cnn", bits=8),
        with_run("torch-float", "dense-snn", hidden=[4]),
    ],
)
def test_what_goes_together_passes(made):
    check_before_work(made)
