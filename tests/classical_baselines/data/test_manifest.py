# tests/classical_baselines/data/test_manifest.py
"""Manifests: strings stay strings, and each way to be wrong has one clear message."""

import pytest

from classical_baselines.data.manifest import Manifest, ManifestRow, read_manifest, write_manifest
from classical_baselines.harness.choices import InputError

HEADER = "file,label,fold_or_split,speaker_or_group,note\n"
GOOD = HEADER + "b.wav,1,train,00000001,x\nsub/a.wav,2,test,3e4,\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.wav", "sub/a.wav"):
        (tmp_path / name).write_bytes(b"-")
    return tmp_path


def test_values_stay_the_strings_that_were_written(folder):
    (folder / "meta.csv").write_text(GOOD, encoding="utf-8")

    rows = read_manifest(folder).rows

    assert rows == (ManifestRow("b.wav", "1", "train", "00000001"), ManifestRow("sub/a.wav", "2", "test", "3e4"))


def test_a_byte_order_mark_and_windows_line_ends_are_read(folder):
    (folder / "meta.csv").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert [row.label for row in read_manifest(folder).rows] == ["1", "2"]


def test_the_order_is_that_of_the_names_without_their_suffix(folder):
    for name in ("a_1.flac", "a_10.flac", "a_1-b.flac"):
        (folder / name).write_bytes(b"-")
    lines = "".join(f"{name},{number},,\n" for number, name in enumerate(("a_10.flac", "a_1.flac", "a_1-b.flac")))
    (folder / "meta.csv").write_text(HEADER.replace(",note", "") + lines, encoding="utf-8")

    # By "a_1" < "a_1-b" < "a_10"; with their suffixes "a_1-b.flac" < "a_1.flac".
    assert [row.file for row in read_manifest(folder).rows] == ["a_1.flac", "a_1-b.flac", "a_10.flac"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "lists no clips"),
        (GOOD.replace("label", "lable"), r"meta\.csv has no column 'label'\. Its first line must name file, label"),
        ("", "has no column 'file', 'label', 'fold_or_split', 'speaker_or_group'"),
        (GOOD + "c.wav,1,train,s,\n", r"lists 'c\.wav', which .* does not have\. Restore"),
        (GOOD + "b.wav,2,train,s,\n", r"lists 'b\.wav' twice \(clips 1 and 3\)"),
        (GOOD.replace("b.wav", "../b.wav"), r"clip 1: '\.\./b\.wav' leads out of the folder"),
        (GOOD.replace("b.wav", "/etc/passwd"), "leads out of the folder"),
        (GOOD.replace("b.wav", "sub/../../b.wav"), "leads out of the folder"),
        (GOOD.replace("b.wav", "C:\\b.wav"), "leads out of the folder"),
        (GOOD.replace("b.wav", "C:/b.wav"), "leads out of the folder"),
        (GOOD.replace("b.wav,1", "b.wav,"), r"clip 1: 'b\.wav' has no label"),
        (GOOD.replace("b.wav,1", ",7"), "the label '7' has no file"),
        (GOOD.replace(",2,test", ",1,test"), "has one label only, '1'"),
        (GOOD + "b.wav,1\n", "line 4: values are missing"),
        (GOOD + '"b.wav,1,train', "is not a CSV file in UTF-8"),
    ],
)
def test_a_manifest_that_does_not_describe_its_folder_is_refused(folder, text, message):
    (folder / "meta.csv").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_manifest(folder)


def test_a_manifest_in_another_encoding_is_refused(folder):
    (folder / "meta.csv").write_bytes(GOOD.replace("train", "é").encode("latin-1"))

    with pytest.raises(InputError, match="not a CSV file in UTF-8"):
        read_manifest(folder)


def test_a_folder_without_a_manifest_is_told_which_columns_to_write(tmp_path):
    with pytest.raises(InputError, match=r"has no meta\.csv\. Write one with the columns file, label"):
        read_manifest(tmp_path)


def test_what_is_written_is_read_back_and_never_overwritten(folder):
    rows = (ManifestRow("b.wav", 'a "quoted", label', "", "g\n1"), ManifestRow("sub/a.wav", "2", "test", "007"))
    write_manifest(Manifest(folder, rows), folder / "meta.csv")

    assert read_manifest(folder).rows == rows
    with pytest.raises(InputError, match="is there already and is kept"):
        write_manifest(Manifest(folder, rows), folder / "meta.csv")
