"""Handwritten digits behind spoken ones: scikit-learn's own pixels, true pairs, and no image on two sides of a fold."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from classical_baselines.augment.balanced_babble import babble_of
from classical_baselines.augment.noise import white_noise
from classical_baselines.augment.waveform import added_at_snr
from classical_baselines.data.loading import load_clips
from classical_baselines.data.splits import SPLITTERS
from classical_baselines.data.two_senses import digit_images as module
from classical_baselines.data.two_senses.digit_images import checked_images, digit_images
from classical_baselines.data.two_senses.image_behind import parted
from classical_baselines.data.two_senses.pairing import clips_of_two_senses, image_of, images_beside
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import public_fsdd

SPEAKERS = ("ann", "bob", "cleo", "dan")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRICHORD_CACHE", str(tmp_path_factory.mktemp("cache")))
        root = tmp_path_factory.mktemp("data")
        public_fsdd(root / "FSDD", speakers=SPEAKERS, takes=range(6))
        yield root, load_clips("fsdd-images", root)


def test_the_image_behind_a_sound_is_scikit_learns_and_shows_the_digit_that_is_said(made):
    _, clips = made
    bundle = load_digits()

    _, images = parted(clips.waveform)
    for name, target, image in zip(clips.names, clips.targets.tolist(), images, strict=True):
        number = int(name[-4:])
        assert image_of(name) == number
        np.testing.assert_array_equal(image.numpy() * 16, bundle.images[number])
        assert bundle.target[number] == target
        assert f"/{target}_" in name  # as the recording is called
    assert clips.label_names == tuple(map(str, range(10)))


def test_the_sound_before_an_image_is_the_recording_as_it_is(made):
    root, clips = made
    recordings = load_clips("fsdd", root)

    sound, _ = parted(clips.waveform)

    assert torch.equal(sound, recordings.waveform)
    assert torch.equal(clips.n_samples, recordings.n_samples)
    assert clips.groups == recordings.groups
    assert tuple(name.removesuffix(name[-10:]) for name in clips.names) == recordings.names
    assert clips.content_hash != recordings.content_hash


def test_no_recording_and_no_image_stands_in_two_parts_of_a_fold(made):
    _, clips = made
    folds = SPLITTERS["leave-one-group-out"](clips)

    assert len(folds) == len(SPEAKERS)
    for fold in folds:
        parts = [[clips.names[i] for i in part] for part in (fold.train, fold.validation, fold.test)]
        for of in (lambda name: name[-4:], lambda name: name[:-10]):
            train, validation, test = ({of(name) for name in part} for part in parts)
            assert not (train & validation or train & test or validation & test)
        assert sum(map(len, parts)) == len(clips)


def test_the_images_of_the_whole_set_go_to_six_speakers_and_each_stands_beside_one_or_two_recordings():
    """As FSDD has them: 50 takes of ten digits by six speakers."""
    labels = load_digits().target
    places = [(digit, speaker, take) for digit in range(10) for speaker in "abcdef" for take in range(50)]
    names = [f"{digit}_{speaker}_{take}" for digit, speaker, take in places]

    beside = images_beside(names, [digit for digit, _, _ in places], [speaker for _, speaker, _ in places], labels)

    assert set(Counter(beside.tolist()).values()) == {1, 2}
    assert len(set(beside.tolist())) == 1797
    by_speaker = {speaker: {int(i) for i, place in zip(beside, places, strict=True) if place[1] == speaker}
                  for speaker in "abcdef"}  # fmt: skip
    assert sum(map(len, by_speaker.values())) == 1797  # so none is of two
    assert max(map(len, by_speaker.values())) - min(map(len, by_speaker.values())) <= 10


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(24)), st.integers(3, 6))
def test_who_sees_what_does_not_depend_on_the_order_of_the_recordings(order, n_speakers):
    labels = np.arange(120) % 10
    names = [f"{i:02d}.wav" for i in range(24)]
    digits, speakers = [i % 2 for i in range(24)], [f"s{i % n_speakers}" for i in range(24)]

    one = images_beside(names, digits, speakers, labels)
    other = images_beside(*([values[i] for i in order] for values in (names, digits, speakers)), labels)

    assert other.tolist() == one[list(order)].tolist()
    assert (labels[one] == digits).all()


def test_images_that_are_not_those_are_refused_and_so_are_more_speakers_than_images():
    bundle = load_digits()
    changed = bundle.images.copy()
    changed[3, 4, 5] = (changed[3, 4, 5] + 1) % 17
    with pytest.raises(InputError, match="SHA-256"):
        checked_images(changed, bundle.target)
    assert checked_images(bundle.images, bundle.target).pixels.max() == module.LARGEST
    with pytest.raises(InputError, match="3 speakers cannot have images of their own: there are 2 of the digit 0"):
        images_beside(["a", "b", "c"], [0, 0, 0], ["x", "y", "z"], np.array([0, 1, 0]))


def test_what_minds_the_end_of_a_clip_leaves_the_image_alone_and_hears_none_of_it(made):
    _, clips = made
    sound, images = parted(clips.waveform)
    generator = torch.Generator().manual_seed(0)
    noise = white_noise(len(clips), clips.waveform.shape[1], generator)

    noisy_sound, same_images = parted(added_at_snr(clips.waveform, noise, clips.n_samples, 0.0))
    assert torch.equal(same_images, images)
    within = torch.arange(sound.shape[1]) < clips.n_samples[:, None]
    power = lambda x: (x * within).square().sum(dim=1)  # noqa: E731
    torch.testing.assert_close(power(noisy_sound - sound), power(sound))  # 0 dB, and no pixel in the sum

    blank = replace(clips, inputs={"waveform": torch.cat([sound, torch.zeros(len(clips), 64)], dim=1)})
    talkers = torch.arange(8).repeat(3, 1)
    babbles = [
        babble_of(of.waveform, clips.n_samples, talkers, torch.Generator().manual_seed(1)) for of in (clips, blank)
    ]
    assert torch.equal(*babbles)
    levels = [LogMel()(of.waveform[:5], clips.n_samples[:5], 8000) for of in (clips, blank)]
    assert torch.equal(*levels)


def test_a_set_that_is_held_and_one_that_streams_are_the_same(made, monkeypatch):
    root, clips = made
    recordings = load_clips("fsdd", root)
    monkeypatch.setattr("classical_baselines.data.two_senses.pairing.fits_in_memory", lambda _: False)

    streamed = clips_of_two_senses(recordings, digit_images())

    rows = torch.tensor([7, 3, 11])
    assert torch.equal(streamed.waveform[rows], clips.waveform[rows])
    assert streamed.content_hash == clips.content_hash


def test_a_window_without_sound_is_refused_and_another_length_is_one_of_the_sound(made):
    root, clips = made
    with pytest.raises(InputError, match=r"holds 64 pixels behind the sound, 0.008 s at 8000 Hz; got 0.008"):
        load_clips("fsdd-images", root, 0.008)
    shorter = load_clips("fsdd-images", root, 0.028)
    assert shorter.waveform.shape[1] == 224
    assert torch.equal(parted(shorter.waveform)[1], parted(clips.waveform)[1])
    assert torch.equal(parted(shorter.waveform)[0], parted(clips.waveform)[0][:, :160])
