import pytest

from classical_baselines.harness.choices import InputError
from studies.specification import Study
from studies.study_file import catalogue, load_study

TEXT = """
schema = 1
name = "two"
title = "Two systems"
question = "Which?"
seeds = [0, 1]
baseline = "one"
front_ends = [{ name = "log-mel" }]
protocols = [{ name = "official-split" }, { name = "leave-one-group-out", headline = true }]

[data]
name = "fsdd"

[[systems]]
name = "one"
family = "classical"
classifier = { name = "linear-layer" }
runs = [{ backend = { name = "torch-float" } }]

[[systems]]
name = "two"
family = "neuro"
classifier = { name = "dense-snn", options = { hidden = [8] } }
training = { n_epochs = 3 }
runs = [
    { backend = { name = "torch-float" } },
    { backend = { name = "loihi-emulator" }, headline = true },
    { backend = { name = "loihi-lava" }, test_only = true, first_seed_only = true },
]
"""


@pytest.fixture
def study_file(tmp_path):
    def write(text=TEXT):
        path = tmp_path / "two.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_study_file_becomes_a_frozen_study(study_file):
    study = load_study(study_file())

    assert study.headline_protocol.name == "leave-one-group-out"
    assert study.system("two").headline_run.backend.name == "loihi-emulator"
    assert study.system("one").headline_run.backend.name == "torch-float"
    assert study.front_end_of(study.system("one")).name == "log-mel"
    with pytest.raises(ValueError, match="frozen"):
        study.name = "other"


def test_a_label_tells_two_front_ends_of_one_kind_apart(study_file):
    two = '[{ name = "log-mel" }, { name = "log-mel", label = "narrow", options = { n_mels = 8 } }]'
    text = TEXT.replace('[{ name = "log-mel" }]', two).replace(
        'family = "neuro"', 'family = "neuro"\nfront_end = "narrow"'
    )
    study = load_study(study_file(text))

    assert study.front_end_of(study.system("one")).options == {}
    assert study.front_end_of(study.system("two")).options == {"n_mels": 8}
    with pytest.raises(InputError, match="front end log-mel stands twice"):
        load_study(study_file(text.replace('label = "narrow", ', "")))


@pytest.mark.parametrize(
    ("seed", "test", "backends"),
    [
        (0, False, ["torch-float", "loihi-emulator"]),
        (0, True, ["torch-float", "loihi-emulator", "loihi-lava"]),
        (1, True, ["torch-float", "loihi-emulator"]),
    ],
)
def test_a_verification_runs_on_test_clips_of_the_first_seed_alone_where_it_says_so(study_file, seed, test, backends):
    study = load_study(study_file())

    assert [run.backend.name for run in study.system("two").runs_for(seed, study.seeds, test=test)] == backends


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("n_epochs = 3", "n_epoch = 3", r"systems\.two\.training\.n_epoch: unknown key 'n_epoch'"),
        ("n_epochs = 3", "n_epochs = 0", r"systems\.two\.training\.n_epochs: must be at least 1; got 0"),
        ('baseline = "one"', 'baseline = "none"', "baseline 'none' is not a system of this study: one, two"),
        ('name = "two"\nfamily', 'name = "one"\nfamily', "system one stands twice"),
        ("seeds = [0, 1]", "seeds = [0, 0]", "seed 0 stands twice"),
        ("seeds = [0, 1]", "seeds = []", "seeds: "),
        ("seeds = [0, 1]", "seeds = [-1]", r"seeds\.0: must be at least 0; got -1"),
        (
            'family = "neuro"',
            'family = "neural"',
            r"systems\.two\.family: must be one of 'classical', 'neuro' or 'quantum'; got 'neural'",
        ),
        ("schema = 1", "schema = 2", "schema: must be 1; got 2"),
        ("schema = 1", "schema = true", "schema: must be 1; got true"),
        ("schema = 1", "schema = 1.0", r"schema: must be 1; got 1\.0"),
        ("schema = 1", "", "schema: is missing"),
        ("n_epochs = 3", 'n_epochs = "8"', "n_epochs: must be a whole number; got '8'"),
        ("n_epochs = 3", "n_epochs = true", "n_epochs: must be a whole number; got true"),
        ("n_epochs = 3", "n_epochs = 2.0", r"n_epochs: must be a whole number; got 2\.0"),
        ("n_epochs = 3", "learning_rate = true", "learning_rate: must be a number; got true"),
        ("n_epochs = 3", "learning_rate = 0", "learning_rate: must be greater than 0; got 0"),
        ("n_epochs = 3", "label_smoothing = 1", "label_smoothing: must be less than 1; got 1"),
        ("n_epochs = 3", "weight_decay = 11", "weight_decay: must be at most 10; got 11"),
        ("headline = true }]", "headline = 1 }]", "leave-one-group-out.headline: must be true or false; got 1"),
        ("seeds = [0, 1]", 'seeds = ["0"]', r"seeds\.0: must be a whole number; got '0'"),
        ("seeds = [0, 1]", "seeds = [4294967296]", r"seeds\.0: must be at most 4294967295; got 42"),
        ("seeds = [0, 1]", "seeds = 1", "seeds: must be a list; got 1"),
        (
            "seeds = [0, 1]",
            "seeds = [0]\ncell_seconds_limit = 1e12",
            "limit: must be at most 1000000; got",
        ),
        ("{ hidden = [8] }", "8", r"classifier\.options: must be a table; got 8"),
        ('"fsdd"', '"Fsdd"', r"data\.name: must be a name of small letters, digits.*; got 'Fsdd'"),
        ('"fsdd"', "1", r"data\.name: must be a text in quotes; got 1"),
        ("seeds = [0, 1]", f"seeds = {'[' * 5000}", "not a TOML file: its lists or tables stand too deep"),
        ("seeds = [0, 1]", f"seeds = [{'9' * 5000}]", "not a TOML file: .*5000 digits"),
        ("seeds = [0, 1]", "seeds = [0, 1", "not a TOML file"),
    ],
)
def test_a_wrong_study_file_is_one_message_with_the_place_and_the_mend(study_file, old, new, message):
    assert old in TEXT
    with pytest.raises(InputError, match=message):
        load_study(study_file(TEXT.replace(old, new)))


def test_a_mistake_within_a_list_is_told_without_a_second_one_about_its_length(study_file):
    with pytest.raises(InputError) as caught:
        load_study(study_file(TEXT.replace("n_epochs = 3", "n_epochs = 0").replace("seeds = [0, 1]", "seeds = [-1]")))

    assert str(caught.value).endswith(
        "two.toml: seeds.0: must be at least 0; got -1; systems.two.training.n_epochs: must be at least 1; got 0"
    )


def test_a_whole_number_may_stand_for_a_float_and_the_largest_seed_passes(study_file):
    text = TEXT.replace("n_epochs = 3", "learning_rate = 1").replace("seeds = [0, 1]", "seeds = [4294967295]")
    study = load_study(study_file(text + "\n[augmentation]\nspeeds = [1]\n"))

    assert study.system("two").training.learning_rate == 1
    assert study.seeds == (2**32 - 1,)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2.0", r"threads_per_cell: must be a whole number; got 2\.0"),
        ("two", "threads_per_cell: must be a whole number; got 'two'"),
        ("[" * 5000, "--set threads_per_cell=.*stand too deep"),
        ("9" * 5000, "--set threads_per_cell=.*5000 digits"),
    ],
)
def test_an_override_is_as_strict_as_the_file(study_file, value, message):
    with pytest.raises(InputError, match=message):
        load_study(study_file(), {"threads_per_cell": value})


def test_overrides_reach_into_named_tables_and_keep_their_types(study_file):
    study = load_study(
        study_file(),
        {"seeds": "[7]", "systems.two.training.learning_rate": "1e-3", "data.name": "esc-10", "title": "Other"},
    )

    assert (study.seeds, study.data.name, study.title) == ((7,), "esc-10", "Other")
    assert study.system("two").training.learning_rate == 1e-3


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("systems.three.training.n_epochs", "there is no 'three'"),
        ("systems", "systems: "),
        ("wings", "unknown key 'wings'"),
    ],
)
def test_an_override_of_what_is_not_there_is_refused(study_file, key, message):
    with pytest.raises(InputError, match=message):
        load_study(study_file(), {key: "3"})


def test_a_name_that_is_no_study_lists_those_that_are():
    with pytest.raises(InputError, match="No study is called 'quickstrat'"):
        load_study("quickstrat")


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_study_of_the_catalogue_is_valid_and_named_as_its_file(name):
    assert load_study(name).name == name


def test_the_json_schema_names_every_key_of_a_study():
    assert set(Study.model_json_schema(by_alias=True)["properties"]) >= {"schema", "seeds", "systems", "protocols"}


@pytest.mark.parametrize("n_draws", ["1001", "1000000000", "1" + "0" * 3000])
def test_more_draws_than_can_be_trained_are_refused_when_the_study_is_read(study_file, n_draws):
    """Every command makes the folds; a billion of them would be made for hours without a word."""
    drawn = '[{ name = "few-groups", options = { n_draws = %s } }]'
    path = study_file(
        TEXT.replace('[{ name = "official-split" }, { name = "leave-one-group-out", headline = true }]', drawn % 1000)
    )
    assert load_study(path).protocols[0].options == {"n_draws": 1000}
    with pytest.raises(InputError, match=r"protocols.few-groups: n_draws .* must lie in 1 to 1000; got 1"):
        load_study(path, {"protocols.few-groups.options.n_draws": n_draws})
