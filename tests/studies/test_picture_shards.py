# tests/studies/test_picture_shards.py
"""Pictures that stream: the same numbers as pictures held in memory, in every step of a cell, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from classical_baselines.augment.waveform import speed_perturbed
from classical_baselines.harness import streamed_rows
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import StreamedRows
from studies import pipeline
from studies.cell import StudyCell
from studies.picture_shards import CLIPS_PER_SHARD
from studies.pictures import pictures
from tests.studies.small_study import study

CELL = StudyCell("synthetic", "official-split", "official", "one", 0)
SYSTEMS = {
    "speeds": {"augmentation": {"speeds": [0.9, 1.0, 1.1], "time_shift_frames": 3, "mixup_alpha": 0.2}},
    "no copies": {"augmentation": {}},
    "varied sound": {
        "augmentation": {
            "speeds": [1.0],
            "waveform_copies": 2,
            "pitch_shift_semitones": 1,
            "time_shift_seconds": 0.02,
            "room_rt60_seconds": [0.2, 0.4],
            "noise_snr_db": [0, 20],
            "noise_kinds": ["white", "pink", "babble"],
        }
    },
    "features": {"front_end": "handcrafted", "classifier": {"name": "linear-model"}, "augment": False},
}


def small_pictures(**system):
    made = study(**system)
    choices = [
        choice.model_copy(update={"options": {"n_mels": 8, "hop": 128, "n_fft": 256}})
        if choice.name == "log-mel"
        else choice
        for choice in made.front_ends
    ]
    return made.model_copy(update={"front_ends": choices})


def in_memory_as_before(bench, augmentation):
    """Pictures, limits and copies as arrays of all clips, without shards, streams or counts of bits."""
    clips = bench.clips
    waveform, n_samples = clips.waveform[:], clips.n_samples

    def levels_of(waveform, n_samples):
        parts = zip(waveform.split(512), n_samples.split(512), strict=True)
        return torch.cat([bench.front_end(part, n, clips.sample_rate_hz).float() for part, n in parts])

    def scaled(levels):
        return levels if bench.scale is None else ((levels - low) / (high - low)).clamp(0, 1)

    train = list(bench.fold.train)
    levels = levels_of(waveform, n_samples)
    low, high = np.quantile(levels[train].double().numpy(), bench.study.intensity_quantiles)
    copies = []
    for speed in augmentation.speeds or (1.0,):
        parts = [
            (one, n) if speed == 1 else speed_perturbed(one, n, speed)
            for one, n in zip(waveform.split(512), n_samples.split(512), strict=True)
        ]
        copies.append(scaled(torch.cat([levels_of(*part) for part in parts]))[train])
    for number in range(augmentation.waveform_copies):
        generator = pipeline.generator_for(CELL.seed, f"waveforms/{number}")
        vary = augmentation.waveform_variation()
        copies.append(scaled(levels_of(*vary(waveform[train], n_samples[train], clips.sample_rate_hz, generator))))
    return scaled(levels), torch.stack(copies)


N_CLIPS = 800  # of an eighth of a second: two shards, of which training clips fill more than one


def noisy_tones():
    """Tones of five pitches in noise, shorter than their window; eight voices train, one validates, one tests."""
    generator = torch.Generator().manual_seed(0)
    targets, voices = torch.arange(N_CLIPS) % 5, torch.arange(N_CLIPS) // 5 % 10
    n_samples = torch.randint(700, 1001, (N_CLIPS,), generator=generator)
    place = torch.arange(1000)
    tones = torch.sin(place * (0.1 + 0.2 * targets[:, None] + 0.003 * voices[:, None]))
    waveform = 0.3 * tones + 0.2 * torch.randn(N_CLIPS, 1000, generator=generator)
    return Clips(
        inputs={"waveform": torch.where(place < n_samples[:, None], waveform, 0)},
        n_samples=n_samples,
        targets=targets,
        groups=tuple(f"voice {voice}" for voice in voices.tolist()),
        folds=tuple({8: "val", 9: "test"}.get(voice, "train") for voice in voices.tolist()),
        names=tuple(f"{number:03}" for number in range(N_CLIPS)),
        label_names=tuple("abcde"),
        sample_rate_hz=8000,
        content_hash="noisy tones",
    )


@pytest.fixture
def streaming(monkeypatch, tmp_path):
    """Clips in memory; once it is called, rows that stream."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path))
    whole = noisy_tones()
    waveform = whole.waveform
    rows = StreamedRows(lambda indices: waveform[indices], tuple(waveform.shape))

    def give(clips):
        monkeypatch.setattr(pipeline, "load_study_clips", lambda study, data_root: clips)

    def start():
        monkeypatch.setattr(streamed_rows, "IN_MEMORY_BYTES", 0)
        give(replace(whole, inputs={"waveform": rows}))

    give(whole)
    return start


@pytest.mark.parametrize("named", SYSTEMS)
def test_a_cell_that_streams_is_the_cell_in_memory_to_the_last_bit(streaming, named):
    made = small_pictures(**SYSTEMS[named])
    held = pipeline.fit_cell(made, CELL, None)
    streaming()
    streamed = pipeline.fit_cell(made, CELL, None)
    tested = pipeline.test_cell(made, CELL, streamed.weights, None)

    assert isinstance(pipeline.bench_of(made, CELL, None).intensity, StreamedRows)
    assert all(torch.equal(value, streamed.weights[name]) for name, value in held.weights.items())
    assert streamed.result.training.get("losses") == held.result.training.get("losses")
    np.testing.assert_array_equal(streamed.result.runs[0].logits, held.result.runs[0].logits)
    assert streamed.result.runs[0].counts == held.result.runs[0].counts
    assert len(tested.clip_names) == len(tested.runs[0].logits)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("named", ["speeds", "varied sound"])
def test_pictures_and_batches_are_those_of_arrays_of_all_clips(streaming, named, streams):
    if streams:
        streaming()
    made = small_pictures(**SYSTEMS[named])
    bench = pipeline.bench_of(made, CELL, None)
    augmentation = pipeline.augmentation_of(made, bench.system)
    intensity, copies = in_memory_as_before(bench, augmentation)
    batches = pipeline.Batches(bench, torch.tensor(bench.fold.train), pipeline.Recipe(1, 64, 0.1))
    which, rows = torch.arange(50) % len(copies), torch.randperm(len(bench.fold.train))[:50]

    assert torch.equal(bench.intensity[:], intensity)
    assert torch.equal(pipeline._one_copy_each(batches.copies, which, rows), copies[which, rows])


def test_varied_pictures_leave_the_disk_with_the_batches(streaming, tmp_path):
    streaming()
    made = small_pictures(augmentation={"waveform_copies": 1, "time_shift_seconds": 0.05})
    bench = pipeline.bench_of(made, CELL, None)
    batches = pipeline.Batches(bench, torch.tensor(bench.fold.train), pipeline.Recipe(1, 64, 0.1))
    assert len(list(tmp_path.glob("varied-*/*.f32"))) == 2
    del batches

    assert not list(tmp_path.glob("varied-*"))


def test_a_lost_shard_is_made_again_alone_from_its_own_clips(streaming, tmp_path):
    streaming()
    bench = pipeline.bench_of(small_pictures(), CELL, None)
    expected = bench.intensity[:]
    shard = next((tmp_path / "pictures").rglob("1.f32"))
    shard.unlink()
    asked = []

    class Watched(type(bench.front_end)):
        def __call__(self, waveforms, n_samples, sample_rate_hz):
            asked.append(len(waveforms))
            return super().__call__(waveforms, n_samples, sample_rate_hz)

    watched = object.__new__(Watched)
    watched.__dict__.update(bench.front_end.__dict__)
    Watched.__qualname__, Watched.__module__ = type(bench.front_end).__qualname__, type(bench.front_end).__module__

    assert torch.equal(bench.scale(pictures(bench.clips, watched)[:]), expected)
    assert asked == [N_CLIPS - CLIPS_PER_SHARD]
