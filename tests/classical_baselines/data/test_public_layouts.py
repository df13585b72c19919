# tests/classical_baselines/data/test_public_layouts.py
"""Labels, parts and groups of the public layouts against sums on paper, and what each reader refuses."""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from classical_baselines.data.catalogue import find_manifest
from classical_baselines.data.sets.asvspoof_2019_la import logical_access_2019
from classical_baselines.data.sets.asvspoof_2021_la import logical_access_2021
from classical_baselines.data.sets.asvspoof_trials import trials_of_2019, trials_of_2021
from classical_baselines.data.sets.esc_50 import CATEGORIES, folds_of_esc_50
from classical_baselines.data.sets.icbhi_2017 import cycles_by_patient
from classical_baselines.data.sets.physionet_2016 import databases_of_heart_sounds
from classical_baselines.data.sets.speech_commands_35 import part_by_hash, words_by_speaker
from classical_baselines.data.sets.tau_urban_2020_mobile import places_of_scenes
from classical_baselines.data.sets.urbansound8k import folds_of_urbansound8k
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import (
    ESC_50_CATEGORIES,
    noise,
    public_35_words,
    public_esc_50,
    public_heart_sounds,
    public_lungs,
    public_scenes,
    public_spoofs_2019,
    public_spoofs_2021,
    public_urbansound8k,
)


def replace(path: Path, old: str, new: str, n_times: int = 1) -> None:
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, n_times).encode())


def test_esc_50_has_fifty_classes_in_five_folds_of_whole_source_recordings(tmp_path):
    public_esc_50(tmp_path)

    rows = folds_of_esc_50(tmp_path).rows

    assert CATEGORIES == ESC_50_CATEGORIES
    assert Counter(row.fold_or_split for row in rows) == dict.fromkeys("12345", 50)
    assert {(row.file, row.label, row.speaker_or_group) for row in rows if row.file.startswith("audio/3-10393")} == {
        ("audio/3-10393-A-39.wav", "glass_breaking", "10393")
    }

    table = tmp_path / "meta" / "esc50.csv"
    replace(table, "2-10002-A-0.wav,2,0,dog,True,10002", "2-10002-A-0.wav,2,0,dog,True,10001")
    with pytest.raises(InputError, match=r"esc50\.csv, line 3: the source recording '10001' stands in '2', and in '1'"):
        folds_of_esc_50(tmp_path)
    replace(table, ",3,0,dog,", ",3,0,hound,")
    with pytest.raises(InputError, match=r"esc50\.csv, line 4: category 'hound' is none of dog, rooster"):
        folds_of_esc_50(tmp_path)


def test_urbansound8k_keeps_its_ten_folds_and_refuses_a_reshuffle(tmp_path):
    public_urbansound8k(tmp_path)

    rows = folds_of_urbansound8k(tmp_path).rows

    # ten classes, one slice each in a fold, and one more of each siren
    assert Counter(row.fold_or_split for row in rows) == {str(fold): 11 for fold in range(1, 11)}
    assert Counter(row.label for row in rows)["siren"] == 20
    sirens = [row for row in rows if row.speaker_or_group == "10807"]  # class 8, fold 7
    assert [row.file for row in sirens] == ["audio/fold7/10807-8-0-0.wav", "audio/fold7/10807-8-0-1.wav"]

    # line 83: a header, 80 slices of eight classes, the first slice of this siren
    table = tmp_path / "metadata" / "UrbanSound8K.csv"
    replace(table, "10801-8-0-1.wav,10801,0.0,0.4,1,1,", "10801-8-0-1.wav,10801,0.0,0.4,1,2,")
    with pytest.raises(InputError, match=r"csv, line 83: the recording \(fsID\) '10801' stands in '2', and in '1' by"):
        folds_of_urbansound8k(tmp_path)


def test_a_set_with_missing_files_says_how_many_and_which_first(tmp_path):
    public_urbansound8k(tmp_path)
    (tmp_path / "audio" / "fold1" / "10001-0-0-0.wav").unlink()
    (tmp_path / "audio" / "fold9" / "10009-0-0-0.wav").unlink()

    with pytest.raises(InputError, match=r"csv, line 2, lists 'audio/fold1/10001-0-0-0\.wav' and 1 more files, which"):
        folds_of_urbansound8k(tmp_path)


@pytest.mark.parametrize("with_lists", [True, False])
def test_the_lists_and_the_hash_of_speech_commands_are_one_split(tmp_path, with_lists):
    public_35_words(tmp_path, with_lists=with_lists)

    rows = words_by_speaker(tmp_path).rows

    assert len(rows) == 105  # 35 words, three speakers; _background_noise_ is left out
    part_of = {(row.speaker_or_group, row.fold_or_split) for row in rows}
    assert part_of == {("004ae714", "train"), ("a69b9b3e", "val"), ("bb05582b", "test")}


def test_the_hash_rule_deals_speakers_as_the_sha_1_on_paper_says():
    # `printf 00000007 | sha1sum` ends in 040b43e; its last 27 bits over 2^27 - 1 are 4240446 / 134217727 = 3.16 %.
    percents = {"00000007": 3.16, "00000002": 16.41, "00000018": 15.10, "00000001": 50.97, "0000000f": 0.50}
    parts = {name: "val" if p < 10 else "test" if p < 20 else "train" for name, p in percents.items()}

    assert {speaker: part_by_hash(f"{speaker}_nohash_12.wav") for speaker in parts} == parts


# The recordings are never part of the project; without them the rule is held to sums on paper, above.
@pytest.mark.skipif("TRICHORD_DATA" not in os.environ, reason="reads the speakers of the canonical test set")
def test_every_speaker_of_the_canonical_test_set_is_a_test_speaker_by_the_hash():
    path = Path(os.environ["TRICHORD_DATA"]) / "SPEECH_COMMANDS" / "meta.csv"
    if not path.is_file():
        pytest.skip("TRICHORD_DATA has no SPEECH_COMMANDS")
    with path.open(encoding="utf-8", newline="") as file:
        speakers = {row["speaker_or_group"] for row in csv.DictReader(file) if row["label"] != "silence"}

    assert len(speakers) > 100
    assert {part_by_hash(f"{speaker}_nohash_0.wav") for speaker in speakers} == {"test"}


def test_speech_commands_refuse_what_is_not_as_published(tmp_path):
    public_35_words(tmp_path)
    testing = tmp_path / "testing_list.txt"
    replace(testing, "yes/bb05582b_nohash_2.wav\n", "")
    with pytest.raises(
        InputError, match=r"yes.bb05582b_nohash_2\.wav: .* lists put it into 'train', the hash .* 'test'"
    ):
        words_by_speaker(tmp_path)
    replace(testing, "no/bb05582b_nohash_2.wav\n", "no/bb05582b_nohash_7.wav\nno/bb05582b_nohash_8.wav\n")
    with pytest.raises(InputError, match=r"testing_list\.txt, line 1, lists 'no/bb05582b_nohash_7\.wav' and 1 more"):
        words_by_speaker(tmp_path)
    replace(testing, "no/bb05582b_nohash_7.wav", "no/a69b9b3e_nohash_1.wav")
    with pytest.raises(
        InputError, match=r"testing_list\.txt, line 1: 'no/a69b9b3e_nohash_1\.wav' stands in both lists"
    ):
        words_by_speaker(tmp_path)
    testing.unlink()
    with pytest.raises(InputError, match=r"testing_list\.txt: not there, and the other list is"):
        words_by_speaker(tmp_path)
    (tmp_path / "validation_list.txt").unlink()
    noise(tmp_path / "hello" / "004ae714_nohash_0.wav", 1)
    with pytest.raises(InputError, match=r"'hello' is none of the 35 words"):
        words_by_speaker(tmp_path)


def test_a_fold_of_heart_sounds_is_a_database(tmp_path):
    public_heart_sounds(tmp_path)

    rows = databases_of_heart_sounds(tmp_path).rows

    assert Counter((row.fold_or_split, row.label) for row in rows) == {
        **{(fold, "normal"): 2 for fold in "123456"},
        **{(fold, "abnormal"): 1 for fold in "123456"},
    }
    found = {(row.file, row.label, row.fold_or_split, row.speaker_or_group) for row in rows}
    assert ("training-c/c0002.wav", "abnormal", "3", "c0002") in found

    replace(tmp_path / "training-d" / "REFERENCE.csv", "d0002,1", "d0002,0")
    with pytest.raises(InputError, match=r"training-d.REFERENCE\.csv, line 2: class '0' is none of -1, 1"):
        databases_of_heart_sounds(tmp_path)
    (tmp_path / "training-b" / "REFERENCE.csv").unlink()
    with pytest.raises(InputError, match=r"training-b.REFERENCE\.csv: not there"):
        databases_of_heart_sounds(tmp_path)


def test_breath_cycles_are_parts_of_recordings_and_patients_stay_in_one_part(tmp_path):
    public_lungs(tmp_path)

    rows = cycles_by_patient(tmp_path).rows

    # ten training patients, one in five of them for validation, two test patients; four cycles each
    assert Counter(row.fold_or_split for row in rows) == {"train": 32, "val": 8, "test": 8}
    assert Counter(row.label for row in rows) == dict.fromkeys(("normal", "crackle", "wheeze", "both"), 12)
    cycles = [(row.label, row.part) for row in rows if row.speaker_or_group == "201"]
    assert cycles == [
        ("normal", (0.0, 0.02)),
        ("crackle", (0.02, 0.04)),
        ("wheeze", (0.04, 0.06)),
        ("both", (0.06, 0.08)),
    ]
    parts_of = {row.speaker_or_group: set() for row in rows}
    for row in rows:
        parts_of[row.speaker_or_group].add(row.fold_or_split)
    assert all(len(parts) == 1 for parts in parts_of.values())


def test_training_recordings_of_patients_in_both_parts_are_left_out_and_more_than_two_are_refused(tmp_path):
    patients = {str(patient): "train" for patient in range(101, 111)}
    public_lungs(tmp_path / "two", {**patients, "156": "train test", "218": "test train", "201": "test"})

    rows = cycles_by_patient(tmp_path / "two").rows

    both = {(row.file, row.fold_or_split) for row in rows if row.speaker_or_group in ("156", "218")}
    assert both == {("156_2b1_Al_sc_Meditron.wav", "test"), ("218_1b1_Al_sc_Meditron.wav", "test")}
    assert Counter(row.fold_or_split for row in rows) == {"train": 32, "val": 8, "test": 12}

    public_lungs(tmp_path / "three", {**patients, "156": "train test", "218": "test train", "102": "train test"})
    with pytest.raises(InputError, match=r"test\.txt: 3 patients stand in both parts, the first '102'"):
        cycles_by_patient(tmp_path / "three")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.020\t0.040\t1\t0", "0.020\t0.040\t1", "line 2: 3 values stand there; begin, end, crackle, wheeze belong"),
        ("0.020\t0.040\t1\t0", "0.020\t0.040\t01\t0", "line 2: crackle '01' is none of 0, 1"),
        ("0.020\t0.040", "0.040\t0.040", "line 2: the cycle ends at 0.04 s, where it begins"),
        ("0.020\t0.040", "0.020\tnan", "line 2: end 'nan' is no time in seconds"),
    ],
)
def test_a_table_of_cycles_that_cannot_be_read_is_told_by_its_line(tmp_path, old, new, said):
    public_lungs(tmp_path)
    replace(tmp_path / "103_1b1_Al_sc_Meditron.txt", old, new)

    with pytest.raises(InputError, match=rf"103_1b1_Al_sc_Meditron\.txt, {said}"):
        cycles_by_patient(tmp_path)


def test_a_list_of_recordings_that_cannot_be_followed_is_told_by_its_line(tmp_path):
    public_lungs(tmp_path)
    (tmp_path / "103_1b1_Al_sc_Meditron.txt").unlink()
    (tmp_path / "104_1b1_Al_sc_Meditron.txt").unlink()
    with pytest.raises(InputError, match=r"line 3: the table of its cycles, '103_.*\.txt' and 1 more tables"):
        cycles_by_patient(tmp_path)

    path = tmp_path / "ICBHI_challenge_train_test.txt"
    replace(path, "102_1b1_Al_sc_Meditron\ttrain", "102_1b1_Al_sc_Meditron\tdev")
    with pytest.raises(InputError, match=r"test\.txt, line 2: part 'dev' is none of train, test"):
        cycles_by_patient(tmp_path)
    replace(path, "101_1b1_Al_sc_Meditron", "first")
    with pytest.raises(InputError, match=r"test\.txt, line 1: 'first' is not named PATIENT_RECORDING"):
        cycles_by_patient(tmp_path)


def test_the_trials_of_2019_keep_speaker_part_and_attack(tmp_path):
    public_spoofs_2019(tmp_path)

    rows = logical_access_2019(tmp_path).rows
    attacks = {trial.row.name: trial.attack for trial in trials_of_2019(tmp_path)}

    assert Counter((row.fold_or_split, row.label) for row in rows) == {
        (part, key): 2 for part in ("train", "val", "test") for key in ("bonafide", "spoof")
    }
    speakers = {part: {row.speaker_or_group for row in rows if row.fold_or_split == part} for part in ("train", "test")}
    assert speakers == {"train": {"LA_0000", "LA_0001"}, "test": {"LA_0020", "LA_0021"}}
    assert set(attacks) == {row.name for row in rows}
    assert attacks["ASVspoof2019_LA_eval/flac/LA_E_1000001.flac"] == "A17"
    assert attacks["ASVspoof2019_LA_train/flac/LA_T_1000000.flac"] == ""
    assert Counter(attacks.values()) == {"": 6, "A01": 2, "A02": 2, "A17": 2}


def test_trials_of_2019_that_are_not_as_published_are_told_by_their_line(tmp_path):
    public_spoofs_2019(tmp_path)
    path = tmp_path / "ASVspoof2019_LA_cm_protocols" / "ASVspoof2019.LA.cm.dev.trl.txt"
    replace(path, "LA_0011", "LA_0000")
    with pytest.raises(
        InputError, match=r"dev\.trl\.txt, line 3: the speaker 'LA_0000' stands in 'val', and in 'train'"
    ):
        logical_access_2019(tmp_path)
    replace(path, "A02 spoof", "- spoof")
    with pytest.raises(InputError, match=r"dev\.trl\.txt, line 2: 'LA_D_1000001' is spoof, and its attack '-' is none"):
        logical_access_2019(tmp_path)
    replace(path, "- bonafide", "- genuine")
    with pytest.raises(InputError, match=r"dev\.trl\.txt, line 1: key 'genuine' is none of bonafide, spoof"):
        logical_access_2019(tmp_path)


def test_the_set_of_2021_is_trained_on_2019_and_tested_on_the_phase_eval(tmp_path):
    folder = tmp_path / "ASVspoof2021_LA_eval"
    public_spoofs_2021(folder)
    with pytest.raises(InputError, match=r"trained on ASVspoof 2019 LA, and .* has no folder LA or ASVspoof2019/LA"):
        logical_access_2021(folder)
    public_spoofs_2019(tmp_path / "LA")

    manifest = logical_access_2021(folder)

    assert Counter(row.fold_or_split for row in manifest.rows) == {"train": 4, "val": 4, "test": 2}
    tested = {(row.file, row.label) for row in manifest.rows if row.fold_or_split == "test"}
    assert tested == {
        ("ASVspoof2021_LA_eval/flac/LA_E_9000000.flac", "spoof"),
        ("ASVspoof2021_LA_eval/flac/LA_E_9000001.flac", "bonafide"),
    }
    assert manifest.folder == tmp_path
    keys = folder / "keys" / "LA" / "CM" / "trial_metadata.txt"
    assert {trial.attack for trial in trials_of_2021(keys, "x")} == {"A07", ""}

    keys.rename(tmp_path / "trial_metadata.txt")
    with pytest.raises(InputError, match=r"has no keys/LA/CM/trial_metadata\.txt or .*published apart from the clips"):
        logical_access_2021(folder)
    beside = tmp_path / "keys" / "LA" / "CM"
    beside.mkdir(parents=True)
    (tmp_path / "trial_metadata.txt").rename(beside / "trial_metadata.txt")
    assert len(logical_access_2021(folder).rows) == 10
    replace(beside / "trial_metadata.txt", "notrim progress", "notrim practice")
    with pytest.raises(InputError, match=r"trial_metadata\.txt, line 3: phase 'practice' is none of progress, eval"):
        logical_access_2021(folder)


def test_scenes_are_split_by_place_and_the_publishers_meta_csv_is_not_taken_for_a_manifest(tmp_path):
    folder = tmp_path / "TAU-urban-acoustic-scenes-2020-mobile-development"
    public_scenes(folder)

    manifest = find_manifest("tau-urban-2020-mobile", tmp_path)

    # ten scenes; devices a and b at two places of training, one of validation and one of test; s1 is in no list
    assert Counter(row.fold_or_split for row in manifest.rows) == {"train": 40, "val": 20, "test": 20}
    assert {row.speaker_or_group.split("-")[0] for row in manifest.rows if row.fold_or_split == "test"} == {"vienna"}
    sides = [
        {r.speaker_or_group for r in manifest.rows if r.fold_or_split == part} for part in ("train", "val", "test")
    ]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 40
    assert not any("-s1." in row.file for row in manifest.rows)
    assert manifest.folder == folder


def test_scenes_that_are_not_as_published_are_told_by_their_line(tmp_path):
    public_scenes(tmp_path)
    setup = tmp_path / "evaluation_setup"
    evaluate, known = setup / "fold1_evaluate.csv", tmp_path / "meta.csv"
    replace(known, "\tvienna-3\tb", "\tparis-2\tb")
    with pytest.raises(
        InputError, match=r"evaluate\.csv, line 3: the place 'paris-2' stands in 'test', and in 'train'"
    ):
        places_of_scenes(setup)
    replace(evaluate, "-b.wav\tairport", "-b.wav\tbus")
    with pytest.raises(InputError, match=r"evaluate\.csv, line 3: .*-b\.wav' is 'bus', and 'airport' in .*meta\.csv"):
        places_of_scenes(setup)
    replace(evaluate, "vienna-3-3-a.wav", "vienna-3-9-a.wav")
    with pytest.raises(InputError, match=r"evaluate\.csv, line 2: 'audio/airport-vienna-3-9-a\.wav' is not in"):
        places_of_scenes(setup)
    replace(known, "identifier", "place")
    with pytest.raises(InputError, match=r"meta\.csv, line 1: no column 'identifier'"):
        places_of_scenes(setup)


def test_a_table_that_is_no_text_or_lists_a_clip_twice_is_refused(tmp_path):
    public_esc_50(tmp_path)
    table = tmp_path / "meta" / "esc50.csv"
    whole = table.read_bytes()
    table.write_bytes(whole.replace(b"dog", b"d\xffg", 1))
    with pytest.raises(InputError, match=r"esc50\.csv, line 2: the byte 0xff is no UTF-8"):
        folds_of_esc_50(tmp_path)
    table.write_bytes(whole.replace(b"dog", b"d\0g", 1))
    with pytest.raises(InputError, match=r"esc50\.csv, line 2: a NUL byte"):
        folds_of_esc_50(tmp_path)
    table.write_bytes(whole.replace(b",10001,A", b",10001", 1))
    with pytest.raises(InputError, match=r"esc50\.csv, line 2: 6 values stand there, for 7 columns"):
        folds_of_esc_50(tmp_path)
    table.write_bytes(whole.replace(b"dog,True", b'"dog",Tr"ue', 1).replace(b'"dog"', b'"dog"x', 1))
    with pytest.raises(InputError, match=r"esc50\.csv, line 2: it cannot be read as a table"):
        folds_of_esc_50(tmp_path)
    first = whole.splitlines(keepends=True)[1]
    table.write_bytes(whole + first)
    with pytest.raises(InputError, match=r"line 252: 'audio/1-10001-A-0\.wav' is listed twice; first in .*line 2\."):
        folds_of_esc_50(tmp_path)
    table.unlink()
    with pytest.raises(InputError, match=r"esc50\.csv: not there"):
        folds_of_esc_50(tmp_path)
