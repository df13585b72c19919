# tests/classical_baselines/data/test_layouts.py
"""The publishers' own layouts."""

from collections import Counter

import pytest

from classical_baselines.data.sets.esc_10 import esc_10_of_esc_50
from classical_baselines.data.sets.fsdd import recordings_by_name
from classical_baselines.data.sets.speech_commands_12 import words_by_lists
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import noise, public_esc_50, public_fsdd, public_speech_commands


def test_takes_0_to_4_of_the_spoken_digits_are_the_official_test_part(tmp_path):
    public_fsdd(tmp_path)

    rows = recordings_by_name(tmp_path).rows

    assert len(rows) == 10 * 3 * 4
    found = {(row.file, row.label, row.fold_or_split, row.speaker_or_group) for row in rows}
    assert ("recordings/7_bob_4.wav", "7", "test", "bob") in found
    assert ("recordings/7_bob_5.wav", "7", "train", "bob") in found


def test_the_esc_10_part_of_esc_50_keeps_its_folds_and_source_recordings(tmp_path):
    public_esc_50(tmp_path)

    rows = esc_10_of_esc_50(tmp_path).rows

    assert Counter(row.fold_or_split for row in rows) == dict.fromkeys("12345", 10)
    assert {row.speaker_or_group for row in rows if row.label == "dog"} == {f"1000{fold}" for fold in range(1, 6)}
    assert not any("vacuum" in row.label for row in rows)


def test_the_lists_of_speech_commands_name_validation_and_test(tmp_path):
    public_speech_commands(tmp_path)

    rows = words_by_lists(tmp_path).rows

    assert len(rows) == 30  # ten words, three speakers; "marvin" is none of the ten
    part_of = {row.speaker_or_group: row.fold_or_split for row in rows}
    assert part_of == {"00000001": "train", "0487ba9b": "val", "ffffffff": "test"}


def test_a_layout_with_a_hole_is_refused(tmp_path):
    with pytest.raises(InputError, match="lists no clips"):
        recordings_by_name(tmp_path)
    (tmp_path / "zero.mp3").write_bytes(b"-")
    with pytest.raises(InputError, match=r"DIGIT_SPEAKER_TAKE\.wav, as '0_george_12\.wav', .* is 'zero\.mp3' instead"):
        recordings_by_name(tmp_path)
    noise(tmp_path / "recordings" / "seven.wav", 0)
    with pytest.raises(InputError, match=r"seven\.wav: not named DIGIT_SPEAKER_TAKE\.wav"):
        recordings_by_name(tmp_path)
    with pytest.raises(InputError, match=r"meta/esc50\.csv and audio/"):
        esc_10_of_esc_50(tmp_path)
    with pytest.raises(InputError, match=r"validation_list\.txt or testing_list\.txt is missing"):
        words_by_lists(tmp_path)


@pytest.mark.parametrize("name", ["testing_list.txt", "validation_list.txt"])
def test_a_list_of_speech_commands_that_is_no_utf_8_is_refused_by_its_line(tmp_path, name):
    public_speech_commands(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n\xff", 2))

    with pytest.raises(InputError, match=rf"{name}, line 2: the byte 0xff is no UTF-8\. Copy the list"):
        words_by_lists(tmp_path)


def test_an_esc_50_table_without_its_columns_is_refused(tmp_path):
    public_esc_50(tmp_path)
    path = tmp_path / "meta" / "esc50.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("src_file", "source"), encoding="utf-8")

    with pytest.raises(InputError, match="no column 'src_file'"):
        esc_10_of_esc_50(tmp_path)
