"""What would change an image, or show one where there is none, is refused before any work."""

from types import SimpleNamespace

import pytest
import torch

from classical_baselines.augment import Augmentation
from classical_baselines.data.splits import SPLITTERS, Fold
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.sound_and_image import SoundAndImage
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from studies.dry_run import check_study
from studies.specification import Probes
from studies.two_senses import (
    are_of_two_senses,
    check_augmentation_of_senses,
    check_images_apart,
    check_probes_of_senses,
    check_senses_of_front_end,
)
from tests.studies import small_study

clips = small_study.clips


def of_two_senses(images=(1, 2, 3, 4)):
    names = tuple(f"{take}.wav+digit{image:04d}" for take, image in enumerate(images))
    return Clips(
        inputs={"waveform": torch.zeros(len(names), 164)},
        n_samples=torch.full((len(names),), 100),
        targets=torch.arange(len(names)) % 2,
        groups=tuple("abcd"[: len(names)]),
        folds=tuple("abcd"[: len(names)]),
        names=names,
        label_names=("0", "1"),
        sample_rate_hz=8000,
        content_hash="0",
    )


def test_an_image_is_shown_only_where_there_is_one():
    assert are_of_two_senses(of_two_senses())
    check_senses_of_front_end("sound-and-image", SoundAndImage(), of_two_senses())
    check_senses_of_front_end("log-mel", LogMel(), of_two_senses())  # hears the sound alone


def test_a_front_end_that_shows_images_is_refused_for_other_clips_before_any_work(clips):
    clips()
    study = small_study.study(front_end="log-mel")
    front_ends = (*study.front_ends, study.front_ends[0].model_copy(update={"name": "sound-and-image"}))
    study = study.model_copy(update={"front_ends": front_ends})
    with pytest.raises(InputError, match=r"front end 'sound-and-image': .*image behind a sound, and these clips have"):
        check_study(study, None)


def test_what_changes_the_whole_window_is_refused_and_noise_is_not():
    for probes, said in (
        (Probes(low_pass_hz=(1000.0,)), r"probes\.low_pass_hz changes the whole window"),
        (Probes(gain_db=(6.0,)), r"probes\.gain_db changes the whole window"),
    ):
        with pytest.raises(InputError, match=said):
            check_probes_of_senses(SimpleNamespace(name="s", probes=probes), of_two_senses())
    noise = Probes(snr_db=(10.0,), noise=("white", "babble"))
    check_probes_of_senses(SimpleNamespace(name="s", probes=noise), of_two_senses())


def test_sound_is_not_varied_with_an_image_behind_it_nor_bands_moved_below_one():
    system, both, sound = SimpleNamespace(name="one"), SoundAndImage(), SoundAndImage(only="sound")
    check_augmentation_of_senses(system, Augmentation(time_shift_frames=3, time_mask_frames=8), both, of_two_senses())
    for speeds in ((0.9, 1.0), (1.1,)):
        with pytest.raises(InputError, match="the augmentation of 'one' varies the sound"):
            check_augmentation_of_senses(system, Augmentation(speeds=speeds), sound, of_two_senses())
    for options in ({"frequency_warp": 0.1}, {"frequency_offset": 1.0}):
        with pytest.raises(InputError, match=f"moves bands .{next(iter(options))}., and would carry the sound into"):
            check_augmentation_of_senses(system, Augmentation(**options), both, of_two_senses())
        check_augmentation_of_senses(system, Augmentation(**options), sound, of_two_senses())


def test_an_image_in_two_parts_of_a_fold_is_refused():
    apart, shared = of_two_senses(), of_two_senses((1, 2, 3, 2))
    check_images_apart("leave-one-group-out", SPLITTERS["leave-one-group-out"](apart), apart)
    with pytest.raises(InputError, match=r"fold 'a': image 2 stands in train and, beside '1.wav.*, in validation"):
        check_images_apart("leave-one-group-out", SPLITTERS["leave-one-group-out"](shared), shared)
    within = [Fold("a", (1, 3), (0,), (2,), group_disjoint=True)]
    check_images_apart("own", within, shared)
