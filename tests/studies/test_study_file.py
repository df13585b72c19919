"""A study that extends another says what differs, and nothing else changes."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from classical_baselines.harness.choices import InputError
from studies.study_file import CATALOGUE, catalogue, load_study

QUICK = load_study("quickstart")


def written(folder: Path, text: str, name: str = "mine.toml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_study_that_extends_another_differs_in_what_it_says_alone(tmp_path):
    mine = load_study(
        written(
            tmp_path,
            """
            extends = "quickstart"
            name = "mine"
            seeds = [7]
            augmentation.frequency_offset = 2.0
            systems = [
                { name = "ds-cnn", training = { n_epochs = 3 } },
                { name = "ds-cnn-int8", classifier = { name = "convolutional-twin", options = { n_steps = 4 } } },
                { name = "added", family = "neuro", classifier.name = "dense-snn", runs = [{ backend.name = "x" }] },
            ]
            """,
        )
    )

    assert (mine.name, mine.seeds, mine.question, mine.protocols) == ("mine", (7,), QUICK.question, QUICK.protocols)
    assert mine.augmentation == {**QUICK.augmentation, "frequency_offset": 2.0}
    assert [system.name for system in mine.systems] == [*(system.name for system in QUICK.systems), "added"]
    cnn, before = mine.system("ds-cnn"), QUICK.system("ds-cnn")
    trained = before.training.model_copy(update={"n_epochs": 3})
    assert cnn == before.model_copy(update={"training": trained})
    assert mine.system("ds-cnn-int8").classifier.options == {"n_steps": 4}  # not those of the other network
    assert mine.system("dense-snn") == QUICK.system("dense-snn")


def test_a_file_may_extend_one_beside_it_that_extends_another(tmp_path):
    written(tmp_path, 'extends = "quickstart"\nname = "base"\nseeds = [1]\n', "base.toml")
    mine = load_study(written(tmp_path, 'extends = "base.toml"\nname = "mine"\ntitle = "Mine"\n'))

    assert (mine.name, mine.title, mine.seeds) == ("mine", "Mine", (1,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extends = "quickstart"\n', "extends 'quickstart' and has no name of its own; give it one"),
        ('extends = "quickstrat"\nname = "mine"\n', "No study is called 'quickstrat'"),
        ('extends = 3\nname = "mine"\n', "extends must name one study.*got 3"),
        ('extends = "mine.toml"\nname = "mine"\n', "extends 'mine.toml', which extends it in turn"),
        ('extends = "quickstart"\nname = "mine"\nseed = [1]\n', "unknown key 'seed'"),
        ('extends = "quickstart"\nname = "mine"\nsystems = []\n', "systems: must hold at least 1"),
        (
            'extends = "quickstart"\nname = "mine"\nsystems = [{ name = "ds-cnn" }, { name = "ds-cnn" }]\n',
            r"systems\.ds-cnn\.family: is missing",
        ),
    ],
)
def test_what_cannot_be_extended_is_said(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        load_study(written(tmp_path, text))


def test_two_files_that_extend_each_other_are_refused(tmp_path):
    written(tmp_path, 'extends = "mine.toml"\nname = "base"\n', "base.toml")
    with pytest.raises(InputError, match=r"extends 'mine\.toml', which extends it in turn"):
        load_study(written(tmp_path, 'extends = "base.toml"\nname = "mine"\n'))


def test_the_schema_lets_a_study_that_extends_another_say_little():
    done = subprocess.run([sys.executable, "-m", "studies.cli", "schema"], capture_output=True, text=True, check=True)
    schema = json.loads(done.stdout)

    little = {"extends": "quickstart", "name": "mine", "systems": [{"name": "ds-cnn", "training": {"n_epochs": 3}}]}
    whole = tomllib.loads(catalogue()["quickstart"].read_text())

    for valid in (little, whole):
        jsonschema.validate(valid, schema)
    for invalid in (
        {**little, "seed": [1]},
        {key: value for key, value in little.items() if key != "name"},
        {key: value for key, value in little.items() if key != "extends"},
        {**little, "systems": [{"training": {"n_epoch": 3}}]},
        {key: value for key, value in whole.items() if key != "systems"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(invalid, schema)


def test_a_front_end_is_set_and_extended_by_its_label(tmp_path):
    by_label = load_study("word-pictures", {"front_ends.cut.options.hop": "80"})
    text = 'extends = "word-pictures"\nname = "mine"\nfront_ends = [{ label = "cut", options = { hop = 80 } }]\n'
    extended = load_study(written(tmp_path, text))

    for study in (by_label, extended):
        assert {front_end.key: front_end.options["hop"] for front_end in study.front_ends} == {
            "as-recorded": 126,
            "cut": 80,
            "cut-and-stretched": 64,
        }
    with pytest.raises(InputError, match="'log-mel' stands for several; name one by its label"):
        load_study("word-pictures", {"front_ends.log-mel.options.hop": "80"})


def test_a_bare_folder_is_a_folder_and_never_the_set_of_that_name():
    assert load_study("quickstart", {"data.folder": '"fsdd"'}).data.folder == "./fsdd"
    assert load_study("quickstart", {"data.folder": '"/data/mine"'}).data.folder == "/data/mine"


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + b'extends = "quickstart"\nname = "mine"\n')

    assert load_study(str(tmp_path / "mine.toml")).name == "mine"


@pytest.mark.parametrize("name", ["deepfake-arabic-digits", "speaker-verification-commands"])
def test_a_study_of_the_catalogue_asks_the_same_of_other_recordings_at_the_length_and_rate_of_the_first(name):
    first = load_study(tomllib.loads((CATALOGUE / f"{name}.toml").read_text())["extends"])
    other = load_study(name)

    assert other.data.name != first.data.name
    assert other.data.clip_seconds == first.data.clip_seconds
    assert other.data.sample_rate_hz == first.data.sample_rate_hz
    assert (other.systems, other.seeds, other.front_ends) == (first.systems, first.seeds, first.front_ends)
