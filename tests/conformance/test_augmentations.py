# tests/conformance/test_augmentations.py
"""Every way to vary training clips, within a cell: what it reaches, and what it must never reach."""

from contextlib import nullcontext
from dataclasses import dataclass, fields, replace

import pytest
import torch

from classical_baselines.augment import BELONGS_TO, Augmentation
from classical_baselines.harness.choices import InputError
from studies import dry_run, pipeline
from studies.cell import StudyCell
from studies.specification import Study
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture

CELL = StudyCell("synthetic", "official-split", "official", "one", 0)
CNN = {"name": "residual-cnn", "options": {"widths": [16], "strides": [2], "stem_width": 8, "dropout": 0.0}}
EACH = {
    "speeds": {"speeds": [0.9, 1.1]},
    "frequency warp": {"frequency_warp": 0.1},
    "frequency offset": {"frequency_offset": 1.0},
    "time shift of the picture": {"time_shift_frames": 3},
    "time mask": {"time_mask_frames": 8},
    "frequency mask": {"frequency_mask_bands": 5},
    "level jitter": {"level_jitter": 0.1},
    "filter": {"filter_gain": 0.1},
    "mixup": {"mixup_alpha": 0.4},
    "SpecMix": {"specmix_bands": 3},
    "RandMasking": {"rand_masks": 4},
    "SpecAugment++, zero": {"hidden_mask": "zero"},
    "SpecAugment++, mixture": {"hidden_mask": "mixture"},
    "SpecAugment++, cut": {"hidden_mask": "cut"},
    "pitch": {"waveform_copies": 1, "pitch_shift_semitones": 2},
    "time shift of the sound": {"waveform_copies": 2, "time_shift_seconds": 0.05},
    "room": {"waveform_copies": 1, "room_rt60_seconds": [0.2, 0.6]},
    "white noise": {"waveform_copies": 1, "noise_snr_db": [0, 20]},
    "pink noise": {"waveform_copies": 1, "noise_snr_db": [0, 20], "noise_kinds": ["pink"]},
    "babble": {"waveform_copies": 1, "noise_snr_db": [0, 20], "noise_kinds": ["babble"], "noise_probability": 0.5},
}


@dataclass
class Seen:
    """What the parts of a cell are given, while nothing is trained."""

    training: list
    validation: list
    run: list


@pytest.fixture
def seen(clips, monkeypatch):
    seen, build = Seen([], [], []), pipeline.build

    class Watched:
        def __init__(self, backend):
            self.backend = backend

        def run(self, trained, intensity, generator, n_exhibits=0):
            seen.run.append(intensity.clone())
            return self.backend.run(trained, intensity, generator, n_exhibits)

    def one_epoch(classifier, encoder, batches, n_batches, validation, recipe, seed):
        classifier.train()
        seen.validation.append(validation[0].clone())
        with torch.no_grad():  # the maps that a network makes of a batch are part of what training sees
            for intensity, targets in batches(0):
                seen.training += [intensity, targets, classifier(intensity)]
        classifier.eval()
        return EMPTY

    monkeypatch.setattr(pipeline, "train", one_epoch)
    monkeypatch.setattr(
        pipeline,
        "build",
        lambda what, choice: Watched(build(what, choice)) if what == "backend" else build(what, choice),
    )
    return seen


@dataclass(frozen=True)
class Record:
    seconds: float = 0.0


EMPTY = Record()


def bytes_of(tensors):
    return [tensor.numpy().tobytes() for tensor in tensors]


def run_of(seen, augmentation):
    """What training, validation and test are given under an augmentation."""
    for given in (seen.training, seen.validation, seen.run):
        given.clear()
    made = study(classifier=CNN, training={"n_epochs": 2, "batch_size": 32}, augmentation=augmentation)
    fitted = pipeline.fit_cell(made, CELL, None)
    pipeline.test_cell(made, CELL, fitted.weights, None)
    return bytes_of(seen.training), bytes_of(seen.validation), bytes_of(seen.run)


def test_no_way_to_vary_clips_is_left_out_below():
    tried = {option for options in EACH.values() for option in options}

    assert {field.name for field in fields(Augmentation)} - set(BELONGS_TO) == tried - set(BELONGS_TO)


@pytest.mark.parametrize("named", EACH)
def test_it_varies_the_training_clips_and_leaves_validation_and_test_clips_byte_for_byte(named, seen):
    without, augmented, again = (run_of(seen, options) for options in ({}, EACH[named], EACH[named]))

    assert augmented[0] != without[0]
    assert augmented[0] == again[0]
    assert len(without[1]) == 1
    assert augmented[1] == without[1]
    assert len(without[2]) == 2  # the validation clips, and the test clips
    assert augmented[2] == without[2]


def test_babble_is_made_of_training_clips_alone_and_the_copies_are_drawn_by_seed_and_number(clips, seen):
    babble = {"waveform_copies": 2, "noise_snr_db": [0, 0], "noise_kinds": ["babble"]}
    before = run_of(seen, babble)[0]
    given_ = clips()
    rows = [index for index, fold in enumerate(given_.folds) if fold != "train"]
    waveform = given_.waveform.clone()
    waveform[rows] = torch.rand(len(rows), waveform.shape[1], generator=torch.Generator().manual_seed(1)) - 0.5
    clips(replace(given_, inputs={"waveform": waveform}, content_hash="other than training clips replaced"))

    assert run_of(seen, babble)[0] == before

    bench = pipeline.bench_of(study(augmentation=babble), CELL, None)
    other = pipeline.bench_of(study(augmentation=babble), replace(CELL, seed=1), None)
    recipe = pipeline.Recipe(n_epochs=1, batch_size=8, learning_rate=0.1)
    made, of_other = (pipeline.Batches(one, torch.tensor(one.fold.train), recipe).copies for one in (bench, other))
    assert len(made) == 3
    assert torch.equal(made[0], bench.intensity[list(bench.fold.train)])
    assert not torch.equal(made[1], made[2])
    assert not torch.equal(made[1], of_other[1])


def test_a_copy_is_of_the_training_clips_in_their_order(clips):
    bench = pipeline.bench_of(study(augmentation={"waveform_copies": 1, "noise_snr_db": [80, 80]}), CELL, None)
    rows = torch.tensor(bench.fold.train[::-2])
    whole, copy = pipeline.Batches(bench, rows, pipeline.Recipe(1, 8, 0.1)).copies

    torch.testing.assert_close(copy, whole, atol=0.05, rtol=0)  # of an intensity in 0 to 1
    assert not torch.equal(copy, whole)


def test_features_are_made_of_varied_sound_too(clips):
    made = study(
        front_end="handcrafted",
        classifier={"name": "linear-layer"},
        augmentation={"waveform_copies": 1, "noise_snr_db": [0, 0]},
    )
    bench = pipeline.bench_of(made, CELL, None)
    copies = pipeline.Batches(bench, torch.tensor(bench.fold.train), pipeline.Recipe(1, 8, 0.1)).copies

    assert len(copies) == 2
    assert not torch.equal(copies[0], copies[1])


def test_another_seed_draws_other_variations(seen):
    pipeline.fit_cell(study(classifier=CNN, augmentation={"specmix_bands": 3}), CELL, None)
    first = bytes_of(seen.training)
    seen.training.clear()
    pipeline.fit_cell(study(classifier=CNN, augmentation={"specmix_bands": 3}), replace(CELL, seed=1), None)

    assert bytes_of(seen.training) != first


def test_a_systems_own_augmentation_stands_in_place_of_the_studys_as_a_whole(seen):
    made = Study.model_validate({**study().model_dump(by_alias=True), "augmentation": {"mixup_alpha": 0.2}})
    system = made.systems[0]
    own = system.model_copy(update={"augmentation": {"time_shift_frames": 3}})

    assert pipeline.augmentation_of(made, system) == Augmentation(mixup_alpha=0.2)
    assert pipeline.augmentation_of(made, own) == Augmentation(time_shift_frames=3)
    assert pipeline.augmentation_of(made, system.model_copy(update={"augment": False})) == Augmentation()
    assert run_of(seen, {"time_shift_frames": 3})[0] != run_of(seen, {})[0]


def test_an_option_that_does_not_exist_is_refused_with_the_system_and_beside_augment_false(clips):
    with pytest.raises(InputError, match="augmentation of the system 'one' has no option 'loudness'"):
        dry_run.check_study(study(augmentation={"loudness": 1}), None)
    with pytest.raises(ValueError, match="'one' has an augmentation and augment = false; leave one of them out"):
        study(augmentation={"mixup_alpha": 1.0}, augment=False)


def test_a_network_without_hidden_maps_is_refused_before_any_work(clips):
    made = study(augmentation={"hidden_mask": "cut"})

    with pytest.raises(InputError, match=r"system 'one': hidden_mask masks the first 1 hidden map .* offers none"):
        dry_run.check_study(made, None)


def test_a_network_with_hidden_maps_passes_and_a_training_masks_them(clips, monkeypatch):
    made = study(classifier=CNN, augmentation={"hidden_mask": "mixture", "hidden_mask_maps": 2})

    dry_run.check_study(made, None)
    fitted = pipeline.fit_cell(made, CELL, None)
    monkeypatch.setattr(Augmentation, "within", lambda self, classifier, generator: nullcontext())
    of_picture_alone = pipeline.fit_cell(made, CELL, None)

    assert len(fitted.result.training["losses"]) == 2
    assert fitted.result.training["losses"] != of_picture_alone.result.training["losses"]
