# tests/classical_baselines/front_ends/test_part_of_clip.py
"""A part of a clip against the same part as a clip of its own, which the reader of recordings cuts."""

import pytest
import torch

from classical_baselines.data.loading import load_clips
from classical_baselines.front_ends import FRONT_ENDS
from classical_baselines.front_ends.part_of_clip import OF, PartOfClip
from classical_baselines.harness.choices import InputError
from studies.code_version import code_of
from tests.classical_baselines.data.small_sets import noise, table

COLUMNS = "file,label,fold_or_split,speaker_or_group"
RATE = 8000


def sets(root, part):
    """The same two recordings whole, and as the rows of a table that names a part of each."""
    for seed, name in enumerate(("a.wav", "b.wav")):
        for folder in ("whole", "part"):
            noise(root / folder / name, seed, n_samples=4000, rate_hz=RATE)
    rows = [("a.wav", "x", "1", "g"), ("b.wav", "y", "1", "h")]
    table(root / "whole" / "meta.csv", COLUMNS, rows)
    table(root / "part" / "meta.csv", f"{COLUMNS},from_seconds,to_seconds", [(*row, *map(str, part)) for row in rows])
    return (load_clips(str(root / which), None, clip_seconds=0.5) for which in ("whole", "part"))


@pytest.mark.parametrize("part", [(0.0, 0.05), (0.1, 0.35)])
@pytest.mark.parametrize("name", OF)
def test_it_is_what_the_front_end_gives_of_that_part_as_a_clip_of_its_own(name, part, tmp_path):
    whole, cut = sets(tmp_path, part)
    front_end = PartOfClip({"name": name}, *part)
    inner = FRONT_ENDS[name]()()

    assert torch.equal(front_end(whole.waveform, whole.n_samples, RATE), inner(cut.waveform, cut.n_samples, RATE))
    assert front_end.gives == inner.gives
    assert front_end.operations(4000, RATE) == inner.operations(4000, RATE)


def test_what_lies_outside_of_the_part_is_not_heard():
    front_end = PartOfClip({"name": "band-statistics"}, 0.1, 0.2)
    waveforms, n_samples = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0)), torch.tensor([4000])
    other = torch.full_like(waveforms, 0.9)
    other[:, 800:1600] = waveforms[:, 800:1600]

    assert torch.equal(front_end(other, n_samples, RATE), front_end(waveforms, n_samples, RATE))
    other[:, 800] += 1
    assert not torch.equal(front_end(other, n_samples, RATE), front_end(waveforms, n_samples, RATE))


def test_the_code_of_what_sees_the_part_is_in_the_key():
    modules = code_of({"classical_baselines.front_ends.part_of_clip"}).modules

    assert "classical_baselines.front_ends.band_statistics" in modules
    assert all(entry.__module__ in modules for entry in OF.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_seconds": 0.2, "to_seconds": 0.1}, "0 <= from_seconds < to_seconds; got 0.2 and 0.1"),
        ({"from_seconds": -0.1}, "0 <= from_seconds < to_seconds; got -0.1"),
        ({"of": {"name": "events"}}, "No front end of a part of a clip is called 'events'. Choose one of: .*log-mel"),
        ({"of": {"name": "log-mel", "options": {"n_mel": 4}}}, "`of`, 'log-mel', has no option 'n_mel'"),
        ({"of": {}}, "`of`, needs the option 'name'"),
    ],
)
def test_what_cannot_be_built_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        PartOfClip(**options)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ((0.0, 0.6), "from 0 to 0.6 s is samples 0 to 4800 at 8000 Hz, and a clip has 4000"),
        ((0.1, 0.10001), "samples 800 to 800"),
        ((0.25, 0.3), "a clip ends after 1500 samples, before its part begins .sample 2000."),
    ],
)
def test_a_part_that_a_clip_does_not_have_is_refused(part, message):
    with pytest.raises(InputError, match=message):
        PartOfClip({"name": "waveform"}, *part)(torch.ones(2, 4000), torch.tensor([4000, 1500]), RATE)
