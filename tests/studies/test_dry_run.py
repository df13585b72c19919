"""A study is tried on one clip before any work; what is wrong is an error of input, with its place."""

import warnings
from dataclasses import replace

import pytest

from classical_baselines.harness.choices import InputError
from studies import dry_run
from studies.dry_run import check_study
from studies.specification import Study
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ({"classifier": {"name": "linear-layr"}}, "No classifier is called 'linear-layr'"),
        ({"classifier": {"name": "linear-layer", "options": {"width": 3}}}, "has no option 'width'"),
        ({"encoder": {"name": "latncy"}}, "No encoder is called 'latncy'"),
        ({"runs": [{"backend": {"name": "int9"}}]}, "No backend is called 'int9'"),
        ({"encoder": {"name": "none", "options": {"pool": [64, 1]}}}, "system 'one': pool .64, 1. is larger than the"),
        ({"encoder": {"name": "latency"}}, "system 'one': linear-layer reads intensities"),
        ({"encoder": {"name": "latency", "options": {"n_steps": "8"}}}, "n_steps should be a valid integer; got '8'"),
        ({"encoder": {"name": "latency", "options": {"pool": 2}}}, "pool should be a list; got 2"),
    ],
)
def test_a_wrong_name_or_option_is_refused_before_any_work(clips, system, message):
    with pytest.raises(InputError, match=message):
        check_study(study(**system), None)


@pytest.mark.parametrize("backend", ["noisy", "aer-noisy"])
def test_a_circuit_too_large_for_a_density_matrix_is_refused_before_any_work(clips, backend):
    of_circuits = {
        "family": "quantum",
        "encoder": {"name": "amplitude", "options": {"pool": [1, 1]}},
        "classifier": {"name": "qft-circuit"},
        "runs": [{"backend": {"name": backend}}],
    }
    with pytest.raises(InputError, match="system 'one': Noise is run on density matrices of 1 to 8 qubits"):
        check_study(study(**of_circuits), None)


GENERIC = "qiskit.providers.fake_provider:GenericBackendV2"
CANNOT_RUN = "tests.quantum.backends.test_qiskit_backend:WithoutRun"
ALIKE = [1, 1.001, 1.002]


@pytest.mark.parametrize(
    ("backend", "options", "message"),
    [
        (
            "noisy",
            {"noise_factors": ALIKE},
            "Two noise factors give the same circuit: 1, 1, 1 are realised",
        ),
        ("aer-noisy", {"noise_factors": ALIKE}, "Two noise factors give the same circuit"),
        (
            "qiskit-backend",
            {"provider": GENERIC, "provider_options": {"num_qubits": 4}, "noise_factors": ALIKE},
            "Two noise factors give the same circuit",
        ),
        (
            "qiskit-backend",
            {"provider": GENERIC, "provider_options": {"num_qubits": 3}},
            "'generic_backend_3q' has 3 qubits, and the circuit has 4",
        ),
        (
            "qiskit-backend",
            {
                "provider": CANNOT_RUN,
                "provider_options": {"num_qubits": 4},
            },
            "cannot be run by itself",
        ),
        (
            "qiskit-backend",
            {"provider": GENERIC, "provider_options": {"num_qubits": 4, "basis_gates": ["rz"]}},
            "has no gates or couplings for the circuit",
        ),
    ],
)
@pytest.mark.parametrize("encoder", ["amplitude", "angle"])
def test_what_only_the_transpiled_circuit_of_a_clip_shows_is_refused_before_any_work(
    clips, encoder, backend, options, message
):
    pool = {"amplitude": [16, 8], "angle": [32, 16]}[encoder]
    of_circuits = {
        "family": "quantum",
        "encoder": {"name": encoder, "options": {"pool": pool}},
        "classifier": {"name": "qft-circuit"},
        "runs": [{"backend": {"name": backend, "options": options}}],
    }
    with pytest.raises(InputError, match=f"system 'one': .*{message}"):
        check_study(study(**of_circuits), None)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            "front end",
            r"study 'small', front end 'log-mel': it cannot take a clip of .* samples .too large for a C long.\. ",
        ),
        ("encoder", r"study 'small', system 'one': it cannot take a picture of .* .too large for a C long.\. "),
        ("classifier", r"study 'small', system 'one': it cannot take a picture of .* .too large for a C long.\. "),
    ],
)
def test_an_overflow_anywhere_in_the_dry_run_is_an_error_of_input(clips, monkeypatch, part, message):
    """Widths of 2**63 are refused by name; what no option checks comes to torch, which says it in its own way."""

    class Overflowing:
        gives = "decibels"

        def __call__(self, *given):
            raise OverflowError("too large for a C long\nException raised from THPUtils_unpackLong")

        shape = build = __call__

    whole = dry_run.build
    monkeypatch.setattr(dry_run, "build", lambda what, choice: Overflowing() if what == part else whole(what, choice))
    with pytest.raises(InputError, match=message):
        check_study(study(), None)


@pytest.mark.parametrize("name", ["log-mel", "handcrafted"])
def test_an_option_of_a_front_end_beyond_64_bits_is_refused_before_any_work(clips, name):
    made = {**study().model_dump(by_alias=True), "front_ends": [{"name": name, "options": {"hop": 2**63}}]}
    with pytest.raises(InputError, match="hop must be greater than 0 and at most 65536; got 9223372036854775808"):
        check_study(Study.model_validate(made), None)


def test_a_clip_shorter_than_a_frame_is_refused_with_the_front_end(clips):
    clips(replace(clips(), inputs={"waveform": clips().waveform[:, :100]}))
    with pytest.raises(InputError, match="front end 'log-mel': A clip of 100 samples is shorter than one frame"):
        check_study(study(), None)


def test_what_a_layer_only_warns_of_does_not_reach_the_user(clips, monkeypatch, recwarn):
    whole = dry_run._one_picture

    def warning(*given):
        warnings.warn("Using padding='same' with even kernel lengths", stacklevel=1)
        return whole(*given)

    monkeypatch.setattr(dry_run, "_one_picture", warning)
    check_study(study(), None)

    assert [str(told.message) for told in recwarn] == []


def test_an_encoder_that_takes_intensities_alone_is_tried_on_one(clips):
    """The limits of the decibels are fitted when a cell runs; until then a clip is silence."""
    check_study(study(family="neuro", encoder={"name": "latency"}, classifier={"name": "dense-snn"}), None)


@pytest.mark.parametrize(
    ("classifier", "backend", "message"),
    [
        ({"name": "ds-cnn"}, "int8", "has no integers to run. Set bits = 8"),
        ({"name": "pruned"}, "int8-zeros-skipped", "has no integers to run. Set bits = 8"),
        ({"name": "ds-cnn", "options": {"bits": 8}}, "low-bit", "has no integers to run here"),
        ({"name": "linear-layer"}, "loihi-emulator", "is no network of leaky integrate-and-fire"),
    ],
)
def test_a_network_without_integers_is_refused_before_any_work(clips, classifier, backend, message):
    with pytest.raises(InputError, match=f"system 'one': its backend '{backend}' cannot run it: .*{message}"):
        check_study(study(classifier=classifier, runs=[{"backend": {"name": backend}}]), None)


def test_a_network_of_integers_is_tried_as_such_before_any_work(clips):
    small = {"stem_width": 8, "stem_stride": [4, 4], "widths": [8], "strides": [1]}
    runs = [{"backend": {"name": "int8"}}, {"backend": {"name": "int8-zeros-skipped"}, "test_only": True}]
    check_study(study(classifier={"name": "ds-cnn", "options": {**small, "bits": 8}}, runs=runs), None)
    pruned = {"network": {"name": "ds-cnn", "options": small}}
    check_study(study(classifier={"name": "pruned-int8", "options": pruned}, runs=runs), None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_shift_frames": 64}, "time_shift_frames = 64 may leave nothing of its picture of 32 bands x 64 frames"),
        (
            {"time_mask_frames": 10**6},
            "time_mask_frames = 1000000 may .* Give fewer than 64 frames, or 0 to turn it off",
        ),
        ({"frequency_mask_bands": 32}, "frequency_mask_bands = 32 may .* Give fewer than 32 bands, or 0"),
        ({"frequency_offset": 32.5}, "frequency_offset = 32.5 may leave nothing"),
        (
            {"time_shift_seconds": 1.25, "waveform_copies": 1},
            "time_shift_seconds = 1.25 may leave nothing of a clip of 1.008 s",
        ),
    ],
)
def test_an_augmentation_that_may_leave_nothing_of_a_clip_is_refused_before_any_work(clips, options, message):
    within = {name: value - (name != "waveform_copies") for name, value in options.items() if value != 10**6}
    with pytest.raises(InputError, match=f"study 'small', system 'one': the augmentation's {message}"):
        check_study(study(augmentation=options), None)
    check_study(study(augmentation=within), None)
    check_study(study(augment=False).model_copy(update={"augmentation": options}), None)


def test_features_are_not_distorted_so_no_shift_is_too_wide_for_them(clips):
    check_study(study(front_end="handcrafted", augmentation={"time_shift_frames": 1000}), None)


def few_groups(**options):
    protocol = {"name": "few-groups", "options": options}
    return Study.model_validate({**study().model_dump(by_alias=True), "protocols": [protocol]})


def test_folds_that_are_the_same_clips_are_refused_before_any_work(clips):
    given = clips()
    n_groups = len({group for group, part in zip(given.groups, given.folds, strict=True) if part == "train"})

    check_study(few_groups(n_groups=n_groups, n_draws=1), None)
    check_study(few_groups(n_groups=3, n_draws=2), None)
    with pytest.raises(
        InputError, match="protocol 'few-groups': its folds draw-1 and draw-2, of 3, are the same clips"
    ):
        check_study(few_groups(n_groups=n_groups, n_draws=3), None)


def test_a_protocol_that_is_built_on_another_is_named_itself(clips):
    clips(replace(clips(), folds=("1",) * len(clips())))
    with pytest.raises(InputError, match="study 'small', protocol 'few-groups': official-split needs each clip marked"):
        check_study(few_groups(), None)


def learnt(sample_rate_hz):
    whole = study(classifier={"name": "front-end-cnn", "options": {"sample_rate_hz": sample_rate_hz}})
    return Study.model_validate({**whole.model_dump(by_alias=True), "front_ends": [{"name": "waveform"}]})


def test_a_classifier_that_is_told_another_sample_rate_than_the_clips_have_is_refused(clips):
    assert clips().sample_rate_hz == 8000
    check_study(learnt(8000), None)

    with pytest.raises(InputError, match="system 'one': its classifier 'front-end-cnn' is told sample_rate_hz = 16000"):
        check_study(learnt(16000), None)


def test_an_encoder_that_is_told_another_sample_rate_than_the_clips_have_is_refused(clips):
    assert clips().sample_rate_hz == 8000
    whole = study(
        family="neuro",
        encoder={"name": "cochlea", "options": {"sample_rate_hz": 16000}},
        classifier={"name": "dense-snn"},
    )
    told = Study.model_validate({**whole.model_dump(by_alias=True), "front_ends": [{"name": "waveform"}]})

    with pytest.raises(InputError, match="system 'one': its encoder 'cochlea' is told sample_rate_hz = 16000"):
        check_study(told, None)
