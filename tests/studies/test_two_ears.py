"""Front ends, augmentations and probes of one ear are refused for two, and the other way round."""

from types import SimpleNamespace

import pytest
import torch

from classical_baselines.augment import Augmentation
from classical_baselines.data.binaural.directions import Placed, sector_labels
from classical_baselines.front_ends.interaural import Interaural
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from studies.dry_run import check_study
from studies.specification import Probes
from studies.two_ears import are_binaural, check_augmentation_of_ears, check_ears_of_front_end, check_probes_of_ears
from tests.studies import small_study

clips = small_study.clips

BINAURAL = Clips(
    inputs={"waveform": torch.zeros(1, 16000)},
    n_samples=torch.tensor([16000]),
    targets=torch.tensor([0]),
    groups=("nh2",),
    folds=("a",),
    names=(Placed("ari_nh2", 1.0, 0.0, "a.wav").name,),
    label_names=sector_labels(),
    sample_rate_hz=32000,
    content_hash="0",
)


def test_a_front_end_of_one_ear_is_refused_for_clips_of_two():
    assert are_binaural(BINAURAL)
    check_ears_of_front_end("interaural", Interaural(), BINAURAL)
    with pytest.raises(InputError, match=r"'log-mel' hears with one ear, and the clips have two.*two-ears"):
        check_ears_of_front_end("log-mel", LogMel(), BINAURAL)


def test_a_front_end_of_two_ears_is_refused_for_clips_of_one_before_any_work(clips):
    clips()
    study = small_study.study(front_end="log-mel")
    front_ends = (*study.front_ends, study.front_ends[0].model_copy(update={"name": "interaural"}))
    study = study.model_copy(update={"front_ends": front_ends})
    with pytest.raises(InputError, match=r"front end 'interaural': .* hears with two ears, and the clips have one"):
        check_study(study, None)


def test_sound_in_which_two_ears_take_turns_is_not_varied():
    system = SimpleNamespace(name="one")
    check_augmentation_of_ears(system, Augmentation(), BINAURAL)
    with pytest.raises(InputError, match="the augmentation of 'one' varies the sound"):
        check_augmentation_of_ears(system, Augmentation(speeds=(0.9, 1.0)), BINAURAL)
    for probes, said in (
        (Probes(low_pass_hz=(1000.0,)), r"probes\.low_pass_hz filters"),
        (Probes(snr_db=(10.0,), noise=("pink",)), r"probes\.noise filters"),
    ):
        with pytest.raises(InputError, match=said):
            check_probes_of_ears(SimpleNamespace(name="s", probes=probes), BINAURAL)
    check_probes_of_ears(SimpleNamespace(name="s", probes=Probes(snr_db=(10.0,), gain_db=(6.0,))), BINAURAL)
