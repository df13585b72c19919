# tests/classical_baselines/data/test_event_recordings.py
"""Event recordings, from a small file that is written here in the layout of SHD."""

import h5py
import numpy as np
import pytest
import torch

from classical_baselines.data.event_recordings import event_files
from classical_baselines.data.loading import load_clips
from classical_baselines.data.manifest import ManifestError
from classical_baselines.data.splits import official_split
from classical_baselines.front_ends.events import Events
from classical_baselines.harness.choices import InputError
from neuro.encoders.events import EventsEncoder

# a clip: (seconds, units)
TRAIN = [([0.0, 0.011, 0.0119, 0.5], [0, 3, 3, 1]), ([0.02], [5]), ([], [])]
TEST = [([0.049, 0.051], [2, 2])]


def write(path, clips, labels, speakers=None, keys=(b"zero", b"one")):
    """A file as SHD has it: times of 16 bits, units of 64, lists of their own length."""
    with h5py.File(path, "w") as file:
        for name, place, dtype in (("times", 0, np.float16), ("units", 1, np.int64)):
            lists = file.create_dataset(f"spikes/{name}", (len(clips),), dtype=h5py.vlen_dtype(dtype))
            for number, clip in enumerate(clips):
                lists[number] = np.array(clip[place], dtype)
        file["labels"] = np.array(labels, np.uint16)
        if speakers is not None:
            file["extra/speaker"] = np.array(speakers, np.uint16)
        if keys:
            file["extra/keys"] = np.array(keys)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "shd_train.h5", TRAIN, [0, 1, 0], speakers=[4, 4, 7])
    write(tmp_path / "shd_test.h5", TEST, [1], speakers=[9])
    return tmp_path


def test_clips_labels_speakers_and_parts_are_those_of_the_files(folder):
    clips = load_clips(f"{folder}", None, 0.1, 100)

    assert clips.targets.tolist() == [0, 1, 0, 1]
    assert clips.label_names == ("zero", "one")
    assert clips.groups == ("4", "4", "7", "9")
    assert clips.folds == ("train", "train", "train", "test")
    assert clips.names[-1] == "shd_test.h5#0"
    assert clips.waveform.shape == (4, 10 * 6)
    assert clips.waveform.shape[1] / clips.sample_rate_hz == pytest.approx(0.1)
    assert len({name for fold in official_split(clips) for name in (fold.train, fold.test)}) == 2


def test_an_event_falls_into_the_step_of_its_time_and_late_ones_are_cut(folder):
    clips = load_clips(f"{folder}", None, 0.1, 100)
    counts = Events(n_units=6)(clips.waveform[:], clips.n_samples, clips.sample_rate_hz)
    expected = torch.zeros(4, 6, 10)
    expected[0, 0, 0], expected[0, 3, 1] = 1, 2  # the one at 0.5 s is beyond the clip
    expected[1, 5, int(float(np.float16(0.02)) * 100)] = 1
    expected[3, 2, 4] = expected[3, 2, 5] = 1

    assert torch.equal(counts, expected)


def test_events_become_spikes_of_the_channels_that_their_units_share(folder):
    clips = load_clips(f"{folder}", None, 0.1, 100)
    counts = Events(n_units=6)(clips.waveform[:], clips.n_samples, clips.sample_rate_hz)
    encoder = EventsEncoder(units_per_channel=2)
    spikes = encoder(counts, torch.Generator())

    assert spikes.shape == (10, 4, 3)
    assert spikes[:, 0].nonzero().tolist() == [[0, 0], [1, 1]]
    assert spikes[:, 2].sum() == 0
    assert encoder.operations(counts, spikes).total("requantise_int32") == pytest.approx((3 + 1 + 0 + 2) / 4)
    assert Events(n_units=6).operations(60, 600).total("sram_bytes") == 240


def test_the_validation_file_is_a_part_of_its_own(folder):
    write(folder / "ssc_valid.h5", TEST, [0], speakers=[3])

    assert list(event_files(folder)) == ["train", "val", "test"]
    assert load_clips(f"{folder}", None, 0.1, 100).folds == ("train",) * 3 + ("val", "test")


def test_the_hash_is_that_of_the_files(folder):
    before = load_clips(f"{folder}", None, 0.1, 100).content_hash
    assert load_clips(f"{folder}", None, 0.2, 100).content_hash == before
    write(folder / "shd_test.h5", TEST, [0], speakers=[9])

    assert load_clips(f"{folder}", None, 0.1, 100).content_hash != before


@pytest.mark.parametrize(
    ("clips", "labels", "message"),
    [
        ([([0.1], [1, 2])], [0], "clip 0: 1 times and 2 units"),
        ([([-0.1], [1])], [0], "a time is negative or not finite"),
        ([([np.nan], [1])], [0], "a time is negative or not finite"),
        ([([0.1], [-1])], [0], "units must be 0 to 65535"),
        ([([0.1], [1])], [0, 1], "of equally many clips, at least one; got 2, 1 and 1"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_its_clip(tmp_path, clips, labels, message):
    write(tmp_path / "x_train.h5", clips, labels)
    with pytest.raises(ManifestError, match=message):
        load_clips(f"{tmp_path}", None, 0.1, 100)


def test_what_is_missing_is_named(folder):
    with pytest.raises(InputError, match="say how long a clip is and how many steps a second has"):
        load_clips(f"{folder}", None, 0.1, None)
    with h5py.File(folder / "shd_test.h5", "a") as file:
        del file["spikes/units"]
    with pytest.raises(ManifestError, match="has no spikes/units"):
        load_clips(f"{folder}", None, 0.1, 100)
    (folder / "shd_test.h5").write_text("no HDF5")
    with pytest.raises(ManifestError, match="is not readable as HDF5"):
        load_clips(f"{folder}", None, 0.1, 100)
    (folder / "other_test.hdf5").write_text("")
    with pytest.raises(ManifestError, match="are both of the part test"):
        event_files(folder)


def test_another_number_of_units_and_what_is_no_count_are_refused(folder):
    clips = load_clips(f"{folder}", None, 0.1, 100)
    with pytest.raises(InputError, match="told n_units = 7; clips of 60 counters at 600"):
        Events(n_units=7)(clips.waveform[:], clips.n_samples, clips.sample_rate_hz)
    with pytest.raises(ValueError, match="events are counts; got -1"):
        EventsEncoder()(torch.full((1, 2, 3), -1.0), torch.Generator())
    with pytest.raises(InputError, match="units_per_channel is 5, and there are 2 units"):
        EventsEncoder(units_per_channel=5).shape(2, 3)
