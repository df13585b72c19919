from dataclasses import dataclass

import pytest
import torch

from classical_baselines.augment.waveform import speed_perturbed
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.contracts import Clips
from studies import code_version
from studies.pictures import pictures


@dataclass(frozen=True)
class Doubled:
    """A front end of one band: the waveform times a gain; it counts its calls."""

    gain: float = 2.0
    calls: tuple = ()

    def __call__(self, waveforms, n_samples, sample_rate_hz):
        CALLS.append(len(waveforms))
        return self.gain * waveforms[:, None]


CALLS = []


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path))
    CALLS.clear()


def clips(content_hash="one"):
    waveform = torch.rand(5, 64, generator=torch.Generator().manual_seed(0))
    return Clips(
        inputs={"waveform": waveform},
        n_samples=torch.full((5,), 64),
        targets=torch.zeros(5, dtype=torch.long),
        groups=("",) * 5,
        folds=("",) * 5,
        names=tuple("abcde"),
        label_names=("x", "y"),
        sample_rate_hz=8000,
        content_hash=content_hash,
    )


def test_a_picture_is_what_the_front_end_gives_and_is_computed_once():
    first, again = pictures(clips(), Doubled()), pictures(clips(), Doubled())

    assert torch.equal(first, 2 * clips().waveform[:, None])
    assert torch.equal(again, first)
    assert len(CALLS) == 1


@pytest.mark.parametrize(
    "changed", [(clips("two"), Doubled(), 1.0), (clips(), Doubled(3.0), 1.0), (clips(), Doubled(), 0.9)]
)
def test_other_recordings_options_or_speed_are_other_pictures(changed):
    pictures(clips(), Doubled())
    pictures(*changed)

    assert len(CALLS) == 2


def test_changed_code_behind_a_front_end_makes_other_pictures(tmp_path, monkeypatch):
    front_end = LogMel(n_mels=4, n_fft=32, hop=16)
    pictures(clips(), front_end)
    written = code_version.module_hash
    behind = "classical_baselines.front_ends.stretching"
    monkeypatch.setattr(code_version, "_code_of", code_version._code_of.__wrapped__)  # a process knows one code
    monkeypatch.setattr(code_version, "module_hash", lambda name: "changed" if name == behind else written(name))
    pictures(clips(), front_end)

    assert len(list((tmp_path / "pictures").rglob("*.f32"))) == 2


def test_a_speed_is_played_before_the_front_end():
    given = clips()
    faster, _ = speed_perturbed(given.waveform, given.n_samples, 1.25)

    assert torch.equal(pictures(given, Doubled(), 1.25), 2 * faster[:, None])


@pytest.mark.parametrize("content", [b"", b"no array at all", b"\x93NUMPY\x01\x00"])
def test_a_damaged_cache_is_computed_again(tmp_path, content):
    expected = pictures(clips(), Doubled())
    (path,) = (tmp_path / "pictures").rglob("*.f32")
    path.write_bytes(content)

    assert torch.equal(pictures(clips(), Doubled()), expected)
    assert len(CALLS) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("TRICHORD_CACHE", str(blocked))

    assert torch.equal(pictures(clips(), Doubled()), 2 * clips().waveform[:, None])


def test_what_is_given_may_be_changed_without_harm_to_the_cache():
    first = pictures(clips(), Doubled())
    expected = first.clone()
    first.zero_()

    assert torch.equal(pictures(clips(), Doubled()), expected)
