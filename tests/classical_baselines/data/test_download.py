# tests/classical_baselines/data/test_download.py
"""Fetching the spoken digits from a server on this machine, and every way in which that goes wrong."""

import csv
import hashlib
import io
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import soundfile

from classical_baselines.data import download
from classical_baselines.data.checksums import check_data_set, check_manifest, describe, published_sums
from classical_baselines.data.download import get_data_set
from classical_baselines.data.sets.fsdd import recordings_by_name
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import data_root, public_fsdd


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        del arguments


@pytest.fixture
def origin(tmp_path):
    """A folder that a web server on this machine gives out."""
    folder = tmp_path / "origin"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/fsdd.zip"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def recordings(tmp_path):
    public_fsdd(tmp_path / "made", speakers=("ann", "bob"), takes=(4, 5))
    return sorted((tmp_path / "made" / "recordings").glob("*.wav"))


def sums_of(recordings) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(soundfile.read(path, dtype="int16")[0].astype("<i2").tobytes()).hexdigest()
        for path in recordings
    }


def pack(target: Path, recordings, **others: bytes) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("free-spoken-digit-dataset-26eb9aaf/README.md", "read me")
        for path in recordings:
            packed.write(path, f"free-spoken-digit-dataset-26eb9aaf/recordings/{path.name}")
        for name, content in others.items():
            packed.writestr(name, content)


def test_what_is_fetched_is_checked_and_put_in_place_with_its_licence(tmp_path, origin, recordings):
    folder, url = origin
    pack(folder / "fsdd.zip", recordings, **{"../../evil.wav": b"x", "a/recordings/unlisted.wav": b"x"})
    root = tmp_path / "new" / "data"

    target = get_data_set("fsdd", root, url=url, sums=sums_of(recordings))

    assert target == root / "FSDD"
    assert {path.name for path in target.iterdir()} == {"LICENCE.txt", "meta.csv", "recordings"}
    assert "CC BY-SA 4.0" in (target / "LICENCE.txt").read_text(encoding="utf-8")
    assert [path.read_bytes() for path in sorted((target / "recordings").iterdir())] == [
        path.read_bytes() for path in recordings
    ]
    with (target / "meta.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert len(rows) == 40
    assert rows["recordings/3_bob_4.wav"] == {
        "file": "recordings/3_bob_4.wav", "label": "3", "fold_or_split": "test", "speaker_or_group": "bob",
    }  # fmt: skip
    assert not list(tmp_path.rglob("evil*"))
    assert [path.name for path in root.iterdir()] == ["FSDD"]


def refused(root, url, sums, message):
    with pytest.raises(InputError, match=message):
        get_data_set("fsdd", root, url=url, sums=sums)
    assert not root.exists() or not list(root.iterdir())


def test_an_archive_that_is_not_the_published_one_leaves_nothing_behind(tmp_path, origin, recordings):
    folder, url = origin
    sums, root = sums_of(recordings), tmp_path / "root"

    pack(folder / "fsdd.zip", recordings[1:])
    refused(root, url, sums, r"lacks the recording 0_ann_4\.wav")
    pack(folder / "fsdd.zip", recordings)
    refused(root, url, {**sums, recordings[5].name: "0" * 64}, f"{recordings[5].name} .* differs from the published")
    recordings[0].write_bytes(recordings[0].read_bytes()[:-5])
    pack(folder / "fsdd.zip", recordings)
    refused(root, url, sums, r"damaged recording: 0_ann_4\.wav")
    recordings[0].write_bytes(b"\0" * (2**20 + 1))
    pack(folder / "fsdd.zip", recordings)
    refused(root, url, sums, "has more than 1048576 bytes")
    (folder / "fsdd.zip").write_bytes(b"<html>not found</html>")
    refused(root, url, sums, "no sound zip archive")
    buffer = io.BytesIO(b"PK\x03\x04" + b"\0" * 100)
    (folder / "fsdd.zip").write_bytes(buffer.getvalue())
    refused(root, url, sums, "no sound zip archive")


def test_a_download_that_grows_beyond_the_limit_is_stopped(tmp_path, origin, monkeypatch):
    folder, url = origin
    (folder / "fsdd.zip").write_bytes(b"\0" * 100_000)
    monkeypatch.setattr(download, "_MAX_ARCHIVE_BYTES", 50_000)

    refused(tmp_path / "root", url, {}, "more than 50000 bytes")


def test_without_the_source_the_message_says_what_to_do_by_hand(tmp_path, origin):
    _, url = origin
    refused(tmp_path / "root", url, {}, r"404 .*fetch it on another machine, unpack it, put its folder `recordings`")
    refused(tmp_path / "root", "http://127.0.0.1:9/fsdd.zip", {}, "could not be fetched .* `trichord data check fsdd`")


def test_a_folder_that_is_there_already_is_checked_and_never_touched(tmp_path, recordings):
    del recordings
    public_fsdd(tmp_path / "FSDD")

    with pytest.raises(InputError, match="is there already and is not the published set"):
        get_data_set("fsdd", tmp_path, url="http://127.0.0.1:9/")
    assert len(list((tmp_path / "FSDD" / "recordings").iterdir())) == 120


def test_other_sets_cannot_be_fetched_and_a_place_is_needed(monkeypatch, tmp_path):
    monkeypatch.delenv("TRICHORD_DATA", raising=False)
    with pytest.raises(InputError, match="only fsdd can be fetched"):
        get_data_set("esc-10", tmp_path)
    with pytest.raises(InputError, match="--data-root DIR or TRICHORD_DATA"):
        get_data_set("fsdd", None)


def test_the_table_has_a_sum_for_each_of_3000_published_clips():
    sums = published_sums("fsdd")
    speakers = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")

    assert set(sums) == {f"{d}_{s}_{t}.wav" for d in range(10) for s in speakers for t in range(50)}
    assert all(len(bytes.fromhex(sum_of_clip)) == 32 for sum_of_clip in sums.values())
    assert len(set(sums.values())) == 3000


def test_a_check_names_the_clips_that_differ_are_missing_or_do_not_belong(recordings):
    folder = recordings[0].parents[1]
    sums = sums_of(recordings)
    assert check_manifest("fsdd", recordings_by_name(folder), sums).problems == ()

    recordings[0].write_bytes(recordings[1].read_bytes())
    recordings[2].write_bytes(b"RIFF")
    recordings[3].rename(folder / "recordings" / "9_zoe_7.wav")
    check = check_manifest("fsdd", recordings_by_name(folder), sums)

    problems = "\n".join(check.problems)
    assert (check.n_clips, check.n_verified) == (40, 37)
    assert f"{recordings[0].name} differs from the published" in problems
    assert f"{recordings[2].name} is not a RIFF WAVE file" in problems
    assert "9_zoe_7.wav is not among the published clips" in problems
    assert f"{recordings[3].stem} is published and missing" in problems


def test_sets_without_a_table_are_read_through_and_the_check_says_so(tmp_path):
    check = check_data_set("arabic-digits", data_root(tmp_path))

    assert (check.n_clips, check.n_verified, check.has_table, check.problems) == (240, 0, False, ())


def test_a_description_counts_what_is_there_or_says_that_it_is_not(tmp_path, monkeypatch):
    monkeypatch.delenv("TRICHORD_DATA", raising=False)
    told = describe("esc-10", data_root(tmp_path))

    assert told["licence"] == "CC BY 3.0"
    assert told["clips_per"]["folds"] == {"1": 10, "2": 10, "3": 10, "4": 10, "5": 10}
    assert "needs recordings" in describe("esc-10", None)["not_found"]
    with pytest.raises(InputError, match="No data set is called 'nothing'"):
        describe("nothing", None)
