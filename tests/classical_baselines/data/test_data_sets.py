# tests/classical_baselines/data/test_data_sets.py
"""Every data set of the catalogue: the real recordings where TRICHORD_DATA is set, small ones of the same form else."""

import os
from pathlib import Path

import pytest
import torch

from classical_baselines.data.catalogue import data_set, data_set_folder, resolve_data_root
from classical_baselines.data.checksums import describe
from classical_baselines.data.loading import load_clips
from classical_baselines.data.near_duplicates import near_duplicates, straddling
from classical_baselines.data.sets import DATA_SETS
from classical_baselines.data.splits import SPLITTERS
from classical_baselines.data.two_senses.digit_images import N_PIXELS
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.protocol import audit_fold
from studies.commands.data import describe as describe_command
from studies.two_senses import are_of_two_senses
from tests.classical_baselines.data.small_sets import WORDS, data_root, public_speech_commands

LEAVE_CLIPS_OUT = (  # and join the others by studies: test_attack_splits.py, test_head_splits.py, test_speakers.py
    "unseen-attack-and-speaker",
    "unseen-head-and-source",
    "unseen-speakers",
)
REAL_DATA = os.environ.get("TRICHORD_DATA")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return Path(REAL_DATA) if REAL_DATA else data_root(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_data_set_has_the_form_that_the_suite_reads(name, root):
    entry = data_set(name)
    if REAL_DATA and entry.folders and not any((root / folder).is_dir() for folder in entry.folders):
        # without TRICHORD_DATA, as in CI, every set is made small by the test and none is skipped
        pytest.skip(f"TRICHORD_DATA has no {name}")

    clips = load_clips(name, root, entry.clip_seconds, entry.sample_rate_hz)

    n_clips = len(clips)
    assert clips.waveform.shape == (n_clips, round(entry.clip_seconds * entry.sample_rate_hz))
    assert clips.waveform.dtype == torch.float32
    assert float(clips.waveform.abs().max()) < 1.5  # the filter of a resampled clip may ring past full scale
    assert clips.sample_rate_hz == entry.sample_rate_hz
    assert clips.label_names == tuple(sorted(entry.label_names))
    assert set(clips.targets.tolist()) == set(range(len(entry.label_names)))
    assert len(set(clips.names)) == len(clips.groups) == len(clips.folds) == n_clips
    assert all(isinstance(group, str) and group for group in clips.groups)
    assert int(clips.n_samples.min()) > 0
    n_window = clips.waveform.shape[1] - (N_PIXELS if are_of_two_senses(clips) else 0)
    for index in range(0, n_clips, max(1, n_clips // 20)):
        assert not clips.waveform[index, int(clips.n_samples[index]) : n_window].any()  # padding is silence
    assert load_clips(name, root, entry.clip_seconds, entry.sample_rate_hz).content_hash == clips.content_hash

    for protocol in entry.protocols:
        if protocol == "official-split" and "train" not in clips.folds:
            continue  # Speech Commands: the public copy has the split, the part by speakers has folds
        if protocol in LEAVE_CLIPS_OUT:
            continue
        folds = SPLITTERS[protocol](clips)
        for fold in folds:
            # Two clips of silence may be equal; what real sets hold twice is told by the audit in a cell.
            audit = audit_fold(clips, fold.train, fold.validation, fold.test, groups_apart=False)
            assert audit.n_training + audit.n_validation + audit.n_test == n_clips
    assert entry.licence and entry.citation and entry.source and entry.warnings


def test_the_page_of_data_sets_says_of_each_what_the_catalogue_says():
    page = (Path(__file__).parents[3] / "docs" / "data_sets.md").read_text(encoding="utf-8")
    told = {cells[0]: cells for line in page.splitlines() if len(cells := line.strip("| ").split(" | ")) == 8}

    for name in DATA_SETS:
        entry = data_set(name)
        cells = told[f"`{name}`"]
        assert cells[2:4] == [f"{entry.clip_seconds:g} s, {entry.sample_rate_hz} Hz", str(len(entry.label_names))]
        assert cells[4].startswith(f"`{entry.protocols[0]}`")
        assert entry.title.startswith(cells[1])
        assert entry.licence.startswith(cells[5])


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_data_set_is_described_before_any_file_is_there(name, capsys):
    assert describe_command(name, None) == 0

    said = " ".join(capsys.readouterr().out.split())  # whatever the width of the lines
    entry = data_set(name)
    assert said.startswith(entry.title)
    assert all(one in said for one in (entry.licence, entry.source, *entry.folders, *entry.protocols, *entry.warnings))


# The recordings are never part of the project, so their pairs can be counted only where a user has them.
# CI tries on made sounds that pairs are found (test_near_duplicates.py) and told (tests/studies/test_duplicates.py).
@pytest.mark.slow
@pytest.mark.skipif(not REAL_DATA, reason="counts recordings of Speech Commands under TRICHORD_DATA")
def test_silence_that_leaks_is_told_with_the_number_of_pairs_that_are_found():
    real = Path(REAL_DATA or "")
    clips = load_clips("speech-commands-12", real)
    pairs = [pair for pair in near_duplicates(clips) if clips.groups[pair.first] != clips.groups[pair.second]]
    across = straddling(pairs, SPLITTERS["official-folds"](clips))

    assert {clips.label_names[clips.targets[pair.first]] for pair in pairs} == {"silence"}
    (told,) = [one for one in describe("speech-commands-12", real)["warnings"] if "background" in one]
    assert f"{len(pairs)} pairs of them in different groups" in told
    assert f"{len(across)} pairs across the parts of an official fold" in told


def test_the_public_copy_of_speech_commands_has_ten_words_and_the_official_split(tmp_path):
    public_speech_commands(tmp_path / "speech_commands_v0.02")

    clips = load_clips("speech-commands-12", tmp_path)
    (fold,) = SPLITTERS["official-split"](clips)

    assert clips.label_names == tuple(sorted(WORDS))
    assert {clips.groups[i] for i in fold.test} == {"ffffffff"}
    assert fold.group_disjoint


def test_without_a_data_root_the_message_says_where_to_look_and_what_to_do(monkeypatch):
    monkeypatch.delenv("TRICHORD_DATA", raising=False)

    with pytest.raises(InputError, match=r"--data-root DIR or TRICHORD_DATA\. `trichord data get fsdd"):
        data_set_folder("fsdd", None)
    with pytest.raises(InputError, match=r"holds KEYSTROKES_ZOOM with --data-root"):
        load_clips("keystrokes", None)


def test_a_data_root_without_the_set_is_told_with_what_was_looked_for(tmp_path):
    with pytest.raises(InputError, match=r"no folder ESC10_16k or ESC-50-master or ESC-50 with anything in it"):
        load_clips("esc-10", tmp_path)
    (tmp_path / "FSDD").mkdir()
    with pytest.raises(InputError, match=r"no folder FSDD or .* with anything in it, .* `trichord data get fsdd"):
        load_clips("fsdd", tmp_path)
    with pytest.raises(InputError, match="the data root is not a folder"):
        load_clips("esc-10", tmp_path / "absent")


def test_the_environment_names_the_data_root_and_the_option_wins(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("TRICHORD_DATA", str(tmp_path))

    assert resolve_data_root(None) == tmp_path
    assert resolve_data_root(tmp_path / "other") == tmp_path / "other"


def test_a_set_that_lacks_a_label_or_has_one_too_many_is_refused(tmp_path):
    root = data_root(tmp_path)
    for path in (root / "free-spoken-digit-dataset" / "recordings").glob("7_*"):
        path.unlink()
    with pytest.raises(InputError, match=r"the label '7' of the data set 'fsdd' has no clips\. Restore them"):
        load_clips("fsdd", root)

    manifest = root / "ARABIC_DIGITS" / "meta.csv"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(",7,train", ",seven,train"), encoding="utf-8")
    with pytest.raises(InputError, match="'seven' is no label of the data set 'arabic-digits'"):
        load_clips("arabic-digits", root)


def test_an_unknown_name_lists_the_sets_that_exist():
    with pytest.raises(InputError, match=r"'fssd' is neither a data set \(arabic-digits, .*esc-10, .*fsdd"):
        load_clips("fssd", None)
