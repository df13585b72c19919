"""The clips of a binaural set: who stands where, what is even, what is refused, what is kept."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.binaural import binaural_clips as module
from classical_baselines.data.binaural.directions import (
    Placed,
    between_deg,
    is_sectors,
    lateral_deg,
    placed_of,
    sector_labels,
    sector_of,
)
from classical_baselines.data.binaural.ears import parted
from classical_baselines.data.binaural.placement import N_SCALED, Source, placements_of
from classical_baselines.data.binaural.responses import HEADS, Responses, read_responses
from classical_baselines.data.loading import load_clips
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import data_root, impulse_responses


def ring(name, head, step_deg=5):
    azimuth = np.arange(0.0, 360.0, step_deg)
    return Responses(name, head, np.ones((len(azimuth), 2, 3)), azimuth)


RINGS = {name: ring(name, head) for name, head in HEADS.items()}


@given(st.floats(-720, 720), st.integers(0, 3))
def test_angles_are_those_of_the_plane(azimuth, quarter):
    vector = np.exp(1j * np.radians(azimuth))

    assert lateral_deg(azimuth) == pytest.approx(np.degrees(np.arcsin(vector.imag)), abs=1e-4)
    apart = between_deg(azimuth, azimuth + 90 * quarter)
    assert apart == pytest.approx(np.degrees(np.arccos(np.clip((1, 0, -1, 0)[quarter], -1, 1))), abs=1e-6)
    centre = np.radians(float(sector_labels()[int(sector_of(azimuth))]))
    assert np.degrees(np.abs(np.angle(vector * np.exp(-1j * centre)))) <= 5 + 1e-6


def test_labels_in_order_go_round_the_circle():
    labels = sector_labels()

    assert labels == tuple(sorted(labels))
    assert [int(label) for label in labels] == list(range(0, 360, 10))
    assert is_sectors(labels)
    assert not is_sectors(tuple("0123456789"))
    assert not is_sectors(labels[1:])
    with pytest.raises(InputError, match="7 does not divide 360"):
        sector_labels(7)


@given(
    st.sampled_from(sorted(HEADS)),
    st.sampled_from([0.8, 1.0, 1.2]),
    st.floats(0, 359.99),
    st.text("ab/.", min_size=1),
    st.integers(-3000, 3000),
)
def test_a_name_says_where_its_source_stands(responses, scale, azimuth, source, hundredths):
    told = placed_of(Placed(responses, scale, azimuth, source, hundredths / 100).name)

    assert told is not None
    assert (told.responses, told.scale, told.source) == (responses, scale, source)
    assert told.azimuth_deg == pytest.approx(azimuth, abs=0.006)
    assert told.turn_deg == hundredths / 100
    assert between_deg(told.measured_azimuth_deg, azimuth + hundredths / 100) < 0.006


def test_no_other_name_is_one():
    assert placed_of("recordings/0_george_12.wav") is None


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=1, max_size=40),
    st.sampled_from([1, 2, 5]),
)
@settings(max_examples=25, deadline=None)
def test_sets_and_sectors_are_dealt_evenly_to_every_unit(described, n_sets):
    sources = [Source(f"{number}.wav", unit, label) for number, (unit, label) in enumerate(described)]

    placed = placements_of(sources, RINGS, n_sets)

    for measured in (True, False):
        some = [one for one in placed if one.placed.is_measured == measured]
        n_passes = 1 if measured else N_SCALED
        assert Counter(one.recording for one in some) == dict.fromkeys(range(len(sources)), n_sets * n_passes)
        assert len({one.placed.name for one in some}) == len(some)
        for unit in {source.unit for source in sources}:
            per_set = Counter(one.placed.responses for one in some if sources[one.recording].unit == unit)
            counts = [per_set[name] for name in RINGS]
            assert max(counts) - min(counts) <= n_passes
        for name in RINGS:
            here = [one for one in some if one.placed.responses == name]
            sectors = Counter(sector_of(np.array([one.placed.azimuth_deg for one in here])).tolist())
            assert max(sectors.values(), default=0) - min((sectors[s] for s in range(36)), default=0) <= n_passes
            assert len({(one.recording, one.placed.scale) for one in here}) == len(here)
            assert all(RINGS[name].azimuth_deg[one.position] == one.placed.azimuth_deg for one in here)


def test_where_a_recording_stands_does_not_depend_on_the_order_of_the_others():
    sources = [Source(f"{number}.wav", "abc"[number % 3], "xy"[number % 2]) for number in range(40)]

    one = {place.placed for place in placements_of(sources, RINGS, 1)}
    other = {place.placed for place in placements_of(sources[::-1], RINGS, 1)}

    assert one == other


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRICHORD_CACHE", str(tmp_path_factory.mktemp("cache")))
        root = data_root(tmp_path_factory.mktemp("data"))
        yield root, load_clips("fsdd-binaural", root, 0.02)


def test_a_clip_is_its_recording_through_its_response(made):
    root, clips = made
    recordings = load_clips("fsdd", root, sample_rate_hz=16000)
    responses = read_responses(root)
    number_of = {name: number for number, name in enumerate(recordings.names)}

    for index in range(0, len(clips), 7):
        placed = placed_of(clips.names[index])
        if not placed.is_measured:
            continue
        of = responses[placed.responses]
        assert clips.groups[index] == of.head
        assert clips.label_names[clips.targets[index]] == f"{round((placed.azimuth_deg + 0.01) / 10) * 10 % 360:03d}"
        number = number_of[placed.source]
        assert clips.folds[index] == recordings.groups[number]
        position = int(np.argmin(np.abs(of.azimuth_deg - placed.azimuth_deg)))
        whole = recordings.waveform[number, : int(recordings.n_samples[number])].numpy()
        left, right = (np.convolve(whole, ear) for ear in of.ir[position])
        both = parted(clips.waveform[index]).numpy()
        shifts = [
            np.corrcoef(np.concatenate([left[i : i + 320], right[i : i + 320]]), both.ravel())[0, 1]
            for i in range(len(left) - 319)
        ]
        assert max(shifts) > 0.99999


def test_clips_are_steps_of_16_bits_and_kept_by_what_they_are_made_of(made, monkeypatch):
    root, _ = made
    clips = load_clips("fsdd-binaural", root, 0.02)
    monkeypatch.setattr(module, "_clip_of", lambda *_: pytest.fail("made again"))

    again = load_clips("fsdd-binaural", root, 0.02)

    assert again.content_hash == clips.content_hash
    assert torch.equal(again.waveform, clips.waveform)
    steps = clips.waveform * 32768
    assert torch.equal(steps, steps.round())
    assert clips.sample_rate_hz == 32000
    assert clips.waveform.shape[1] == 640


def test_other_responses_are_another_set(made, tmp_path, monkeypatch):
    root, clips = made
    (tmp_path / "data").mkdir()
    for folder in root.iterdir():
        if folder.name != "SPATIAL_HRIR":
            (tmp_path / "data" / folder.name).symlink_to(folder)
    impulse_responses(tmp_path / "data" / "SPATIAL_HRIR")
    path = tmp_path / "data" / "SPATIAL_HRIR" / "ari_nh2.npz"
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **(arrays | {"ir": arrays["ir"] * np.array([1, 0.5], dtype=np.float32)[:, None]}))

    assert load_clips("fsdd-binaural", tmp_path / "data", 0.02).content_hash != clips.content_hash


def test_what_is_missing_or_wrong_is_told_with_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.delenv("TRICHORD_DATA", raising=False)
    with pytest.raises(
        InputError, match="name the folder that holds SPATIAL_HRIR with --data-root DIR or TRICHORD_DATA"
    ):
        read_responses(None)
    with pytest.raises(
        InputError, match=r"5 of 5 sets of impulse responses are not there, ari_nh2\.npz first\. .*RealRoom"
    ):
        read_responses(tmp_path)
    folder = tmp_path / "SPATIAL_HRIR"
    impulse_responses(folder)
    good = dict(np.load(folder / "fhk_ku100.npz"))
    for change, said in (
        ({"fs": np.int64(48000)}, r"fhk_ku100\.npz: fs is 48000 Hz, and 16000 is expected"),
        ({"ir": good["ir"][:, :1]}, r"ir must be \[position, 2, tap\]"),
        ({"ir": np.zeros_like(good["ir"])}, "a response is silent"),
        ({"elevation": good["elevation"] + 30}, "no response within 1 degree of the plane"),
    ):
        np.savez(folder / "fhk_ku100.npz", **(good | change))
        with pytest.raises(InputError, match=said):
            read_responses(tmp_path)
    np.savez(folder / "fhk_ku100.npz", ir=good["ir"])
    with pytest.raises(InputError, match="has no array 'azimuth'"):
        read_responses(tmp_path)
    (folder / "fhk_ku100.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"fhk_ku100\.npz cannot be read"):
        read_responses(tmp_path)


def test_no_other_rate_and_no_longer_clip_is_made(made):
    root, _ = made
    with pytest.raises(InputError, match=r"clips of two ears stand at 32000 Hz, 2 x 16000.* got 16000"):
        load_clips("fsdd-binaural", root, 0.02, 16000)
    with pytest.raises(InputError, match=r"above 0 and at most 1; got 2"):
        load_clips("fsdd-binaural", root, 2.0)
