# tests/classical_baselines/data/test_duplicate_groups.py
"""Clips cut from one recording get one group, and no fold by groups has them on two sides."""

import csv

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from classical_baselines.data.cache import ENVIRONMENT_VARIABLE
from classical_baselines.data.duplicate_groups import groups_of
from classical_baselines.data.loading import load_clips
from classical_baselines.data.near_duplicates import DuplicatePair
from classical_baselines.data.phonocardiogram import SAMPLE_RATE_HZ, Heart, Murmur, heart_sound
from classical_baselines.data.splits import SPLITTERS
from classical_baselines.harness.choices import InputError
from studies.commands.new import new

N = 12
PAIRS = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda p: p[0] != p[1]), max_size=10)
GIVEN = st.lists(st.sampled_from(["", "", "anna", "ben", "cleo"]), min_size=N, max_size=N)


@given(PAIRS, GIVEN)
def test_a_group_is_what_hangs_together_by_pairs_and_given_groups(pairs, given):
    owners = sorted(set(given) - {""})
    joined = np.zeros((N + len(owners), N + len(owners)))  # clips, then one node for each given group
    for one, other in [*pairs, *((clip, N + owners.index(group)) for clip, group in enumerate(given) if group)]:
        joined[one, other] = 1
    _, part = connected_components(joined, directed=False)
    expected = {frozenset(i for i in range(N) if part[i] == number) for number in part[:N]}

    found = groups_of([f"{i}.wav" for i in range(N)], given, [DuplicatePair(*pair, 1.0, 0.0) for pair in pairs])

    assert {frozenset(i for i in range(N) if found[i] == name) for name in set(found)} == expected
    for clip, group in enumerate(given):
        if group and not any(clip in pair or given[i] == group for pair in pairs for i in pair):
            assert found[clip] == group


@pytest.fixture
def hearts(tmp_path, monkeypatch):
    """Two classes, four made-up hearts of each: three cuts of the first one, which overlap, and one of each other."""
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for label, murmur in (("normal", None), ("murmur", Murmur("holosystolic", 100, 250, -6))):
        (tmp_path / "hearts" / label).mkdir(parents=True)
        for number in range(4):
            heart = Heart(rate_bpm=60 + 9 * number, s1_hz=38 + 5 * number, murmur=murmur)
            sound = heart_sound(heart, 8.0, draw)
            sound = 0.5 * (sound + 0.02 * draw.standard_normal(len(sound)))
            for cut in range(3 if number == 0 else 1):
                begin = round(0.9 * cut * SAMPLE_RATE_HZ)
                part = (1 - 0.3 * cut) * sound[begin : begin + 3 * SAMPLE_RATE_HZ]
                soundfile.write(tmp_path / "hearts" / label / f"heart{number}-{cut}.wav", part, SAMPLE_RATE_HZ)
    return tmp_path / "hearts"


def test_the_command_groups_cuts_of_a_heart_and_no_fold_parts_them(hearts, capsys):
    assert new("mine", "quickstart", hearts, None, group_duplicates=True) == 0

    assert "12 clips in 8 groups" in capsys.readouterr().out
    with (hearts / "meta.csv").open() as file:
        group_of = {row["file"]: row["speaker_or_group"] for row in csv.DictReader(file)}
    for label in ("normal", "murmur"):
        assert {group_of[f"{label}/heart0-{cut}.wav"] for cut in range(3)} == {f"like-{label}/heart0-0"}
        assert len({group_of[f"{label}/heart{number}-0.wav"] for number in range(4)}) == 4
    clips = load_clips(str(hearts), None, 3.0)
    for fold in SPLITTERS["grouped-k-fold"](clips, n_folds=4):
        for part in (fold.train, fold.validation, fold.test):
            cuts = [i for i in part if "heart0" in clips.names[i]]
            assert len(cuts) % 3 == 0


def test_groups_by_sound_need_a_folder_without_a_table_of_its_own(hearts):
    with pytest.raises(InputError, match="--group-duplicates goes with --from-folder DIR"):
        new("mine", "quickstart", None, None, group_duplicates=True)
    (hearts / "meta.csv").write_text("file,label,fold_or_split,speaker_or_group\n")
    with pytest.raises(InputError, match=r"names the groups already\. Leave --group-duplicates out"):
        new("mine", "quickstart", hearts, None, group_duplicates=True)
