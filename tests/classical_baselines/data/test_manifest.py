# tests/classical_baselines/data/test_manifest.py
"""Manifests: strings stay strings, and each way to be wrong has one clear message."""

import os
import re
import tracemalloc

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
        (GOOD + "b.wav,2,train,s,\n", r"lists 'b\.wav' twice \(lines 2 and 4\)"),
        (GOOD + "./b.wav,2,train,s,\n", r"lists 'b\.wav' twice \(lines 2 and 4\)"),
        (GOOD + "\nsub//a.wav,2,train,s,\n", r"lists 'sub/a\.wav' twice \(lines 3 and 5\)"),
        (GOOD.replace("b.wav", "."), r"line 2: '\.' is the folder itself\. Name a file in it"),
        (GOOD.replace("b.wav", "./"), r"line 2: '\./' is the folder itself"),
        (GOOD.replace("b.wav", "sub"), r"line 2, lists 'sub', .*'sub' is a folder; a row names one file"),
        (GOOD.replace("b.wav", "b" * 300), r"line 2, lists 'b+', which .* does not have"),
        (GOOD.replace("b.wav", "../b.wav"), r"line 2: '\.\./b\.wav' leads out of the folder"),
        (GOOD.replace("b.wav", "/etc/passwd"), "leads out of the folder"),
        (GOOD.replace("b.wav", "sub/../../b.wav"), "leads out of the folder"),
        (GOOD.replace("b.wav", "C:\\b.wav"), "leads out of the folder"),
        (GOOD.replace("b.wav", "C:/b.wav"), "leads out of the folder"),
        (GOOD.replace("b.wav,1", "b.wav,"), r"line 2: 'b\.wav' has no label"),
        (GOOD.replace("b.wav,1", ",7"), "the label '7' has no file"),
        (GOOD.replace(",2,test", ",1,test"), "has one label only, '1'"),
        (GOOD + "b.wav,1\n", "line 4: values are missing"),
        (GOOD + "b.wav,1,train,s,x,y\n", "line 4: there are too many values: 6, for 5 columns"),
        (GOOD.replace("note", "label"), r"meta\.csv, line 1: the column 'label' stands there 2 times"),
        (GOOD.replace("note", "note,note"), r"line 1: the column 'note' stands there 2 times"),
        (GOOD + '"b.wav,1,train\n\n', r"line 4: it is not a CSV file in UTF-8 \(unexpected end of data\)"),
        (GOOD.replace(",2,", ",\0,"), r"line 3: it is not a CSV file in UTF-8 \(a NUL byte\)"),
        (GOOD + "x" * 70_000, r"line 4: it has more than 65536 characters"),
        (GOOD + '"' + "x\n" * 70_000, r"line 4: it is not a CSV file in UTF-8 \(field larger than field limit"),
    ],
)
def test_a_manifest_that_does_not_describe_its_folder_is_refused(folder, text, message):
    (folder / "meta.csv").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_manifest(folder)


@pytest.mark.parametrize("label", ["a/b", "a\\b", "c:x", "a\tb", "a\u2028b", " a", "a "])
def test_a_label_that_cannot_name_a_folder_everywhere_is_refused(folder, label):
    (folder / "meta.csv").write_text(GOOD.replace("b.wav,1", f"b.wav,{label}"), encoding="utf-8")

    allowed = (
        "A label is one line of text without '/', '\\', ':' or control characters, and without a space at its ends"
    )
    with pytest.raises(
        InputError, match=re.escape(f"line 2: the label {label!r} of 'b.wav' cannot be taken. {allowed}")
    ):
        read_manifest(folder)


@pytest.mark.parametrize("label", ["a b", "café", "可", "می\u200cروم", "👩\u200d🚀", "a.b", "1"])
def test_a_label_of_any_script_is_taken(folder, label):
    (folder / "meta.csv").write_text(GOOD.replace("b.wav,1", f"b.wav,{label}"), encoding="utf-8")

    assert label in read_manifest(folder).label_names


def test_a_name_with_a_needless_dot_is_the_name_without_it(folder):
    (folder / "meta.csv").write_text(GOOD.replace("b.wav", "./b.wav").replace("sub/", "sub/.//"), encoding="utf-8")

    assert [row.file for row in read_manifest(folder).rows] == ["b.wav", "sub/a.wav"]


def test_a_manifest_in_another_encoding_is_refused_by_its_line(folder):
    (folder / "meta.csv").write_bytes(GOOD.replace("test", "é").encode("latin-1"))

    with pytest.raises(InputError, match=r"line 3: it is not a CSV file in UTF-8 \(a byte that is no UTF-8\)"):
        read_manifest(folder)


def test_a_huge_file_of_one_line_is_refused_without_being_read_into_memory(folder):
    with (folder / "meta.csv").open("wb") as file:
        for _ in range(100):
            file.write(b"x," * 2**19)
    tracemalloc.start()
    with pytest.raises(InputError, match="line 1: it has more than 65536 characters"):
        read_manifest(folder)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 2**22


def test_a_folder_without_a_manifest_is_told_which_columns_to_write(tmp_path):
    with pytest.raises(InputError, match=r"has no meta\.csv\. Write one with the columns file, label"):
        read_manifest(tmp_path)


def test_what_is_written_is_read_back_and_never_overwritten(folder):
    rows = (ManifestRow("b.wav", 'a "quoted", label', "", "g\n1"), ManifestRow("sub/a.wav", "2", "test", "007"))
    write_manifest(Manifest(folder, rows), folder / "meta.csv")

    assert read_manifest(folder).rows == rows
    with pytest.raises(InputError, match="is there already and is kept"):
        write_manifest(Manifest(folder, rows), folder / "meta.csv")


PARTS = "file,label,fold_or_split,speaker_or_group,from_seconds,to_seconds\n"


def test_a_file_may_hold_several_clips(folder):
    text = PARTS + "b.wav,1,train,p,0.5,1.25\nb.wav,2,train,p,1.25,3\nsub/a.wav,1,test,q,,\n"
    (folder / "meta.csv").write_text(text, encoding="utf-8")

    manifest = read_manifest(folder)
    write_manifest(manifest, folder / "again.csv")
    (folder / "meta.csv").write_text((folder / "again.csv").read_text(encoding="utf-8"), encoding="utf-8")

    assert [row.name for row in manifest.rows] == ["b.wav#0.5-1.25", "b.wav#1.25-3", "sub/a.wav"]
    assert [row.part for row in manifest.rows] == [(0.5, 1.25), (1.25, 3.0), None]
    assert read_manifest(folder) == manifest


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("1,0.5", r"line 3: from 1 to 0\.5 seconds is no part of 'b\.wav'"),
        ("-1,0.5", r"line 3: from -1 to 0\.5 seconds is no part"),
        ("0,inf", r"line 3: from 0 to inf seconds is no part"),
        ("0.5,", r"line 3: from_seconds '0\.5' and to_seconds '' must both be numbers"),
        ("a,b", r"line 3: from_seconds 'a' and to_seconds 'b' must both"),
        ("0,1", r"lists 'b\.wav#0-1' twice \(lines 2 and 3\)"),
    ],
)
def test_what_is_no_part_of_a_file_is_refused(folder, part, message):
    text = PARTS + f"b.wav,1,train,p,0,1\nb.wav,2,train,p,{part}\n"
    (folder / "meta.csv").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_manifest(folder)


def test_one_of_the_two_columns_of_parts_is_refused(folder):
    (folder / "meta.csv").write_text(GOOD.replace("note", "from_seconds"), encoding="utf-8")

    with pytest.raises(InputError, match="has the column 'from_seconds' and no column 'to_seconds'"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ManifestRow("b\udcff.wav", "1", "", ""), r"'b\\udcff\.wav' has a character that no text can hold"),
        (ManifestRow("b.wav", "1\udcff", "", ""), r"label '1\\udcff' of 'b\.wav' cannot be taken"),
        (ManifestRow("b.wav", "1", "", "g\udcff"), r"the group 'g\\udcff' of 'b\.wav' has a character"),
    ],
)
def test_a_name_that_is_no_text_is_refused_and_nothing_is_written(folder, row, message):
    with pytest.raises(InputError, match=message):
        write_manifest(Manifest(folder, (row,)), folder / "meta.csv")

    assert sorted(path.name for path in folder.iterdir()) == ["b.wav", "sub"]


def test_a_write_that_fails_leaves_nothing_behind(folder, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    rows = (ManifestRow("b.wav", "1", "", ""), ManifestRow("sub/a.wav", "2", "", ""))
    with pytest.raises(InputError, match=r"meta\.csv cannot be written \(No space left on device\)"):
        write_manifest(Manifest(folder, rows), folder / "meta.csv")

    assert sorted(path.name for path in folder.iterdir()) == ["b.wav", "sub"]
