# tests/studies/test_price_list.py
"""A study priced with a device of the user's own, from the file to the table."""

import json
from pathlib import Path

import pytest

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.cell_key import fit_key, specification_of
from studies.checks_before_work import check_before_work
from studies.commands.listing import listing
from studies.grid import describe
from studies.price_list import deployments, price_list
from studies.results import load_results
from studies.running import make_plan
from studies.specification import Study
from studies.store import open_store
from studies.study_file import load_study
from studies.tables import provenance_lines
from tests.studies.fake_study import GROUND, fake_study, raw_study, result_of

SHOWN = Path(__file__).parents[2] / "docs" / "energy.md"
BOARD = SHOWN.read_text(encoding="utf-8").partition("```toml\n# my_board.toml\n")[2].partition("```")[0]
RUNS = [{"backend": {"name": "torch-float"}, "deployments": ["my-board"]}]


@pytest.fixture
def board(tmp_path):
    """The example of docs/energy.md, written where a study can name it."""
    path = tmp_path / "my_board.toml"
    path.write_text(BOARD)
    return path


def changed(board, old, new):
    text = board.read_text()
    assert old in text
    board.write_text(text.replace(old, new, 1))
    return [str(board)]


def test_the_shipped_deployments_name_devices_that_run(board):
    for deployment in deployments([str(board)]).values():
        assert all(deployment.devices[name].deployable for name in deployment.device_names), deployment.name


def test_a_study_is_priced_with_the_board_of_its_own_file(board, tmp_path):
    small = {**raw_study()["systems"][0], "runs": RUNS}
    study = Study.model_validate(raw_study(systems=[small], seeds=[0], device_files=[str(board)]))
    store = open_store(tmp_path / "store", create=True)
    plan = make_plan(study, GROUND, store, confirm=False)
    for keyed in plan.cells:
        about = json.loads(json.dumps(describe(study, keyed, GROUND, "fit")))
        store.commit(keyed.fit_key, about, result_of(keyed.cell, "fit"), {"command": [], "git": {}})

    results = load_results(study, store, plan)
    energies = {(e.scenario, e.boundary): e for row in results.rows for e in row.energies}
    joules = 1000.5 * 5 * 250e-12  # counts of the fake pipeline, cycles, and the example's joules per cycle

    assert energies["saturated", "chip"].nominal_joules == pytest.approx(joules)
    idle = (1.008 - joules / 20e-3) * 5e-6
    assert energies["always-on", "chip"].nominal_joules == pytest.approx(joules + idle + 20e-6)
    assert energies["saturated", "operation"].kind == "unavailable"
    lines = provenance_lines(results)
    assert "- the study's own device file: my_board.toml" in lines
    assert any(line.startswith("- priced when this was written") for line in lines)
    assert str(tmp_path) not in "\n".join(lines) + study.model_dump_json(by_alias=True)


def test_a_device_file_changes_no_cell(board):
    cell = StudyCell("fake", "leave-one-group-out", "anna", "small", 0)
    studies = (fake_study(), fake_study(device_files=[str(board)]))

    assert len({fit_key(specification_of(study, cell, "c0ffee", "fit"), "code") for study in studies}) == 1


def test_a_path_is_seen_from_the_study_file_and_of_set_from_the_working_folder(board, tmp_path, monkeypatch):
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "quickstart"\nname = "mine"\ndevice_files = ["my_board.toml"]\n')

    assert load_study(str(mine)).device_files == (str(board),)
    monkeypatch.chdir(tmp_path)
    study = load_study("quickstart", {"device_files": '["my_board.toml"]'})
    assert "my-board" in deployments(study.device_files)


def test_a_deployment_of_the_file_may_be_named_in_a_run_and_another_may_not(board):
    quick = load_study("quickstart").model_dump(by_alias=True) | {"device_files": (str(board),)}
    system = {**quick["systems"][0], "name": "extra"}
    system["runs"] = [{**system["runs"][0], "deployments": ("my-board",)}]

    check_before_work(Study.model_validate({**quick, "systems": (*quick["systems"], system)}))
    with pytest.raises(InputError, match="No deployment is called 'my-board'"):
        check_before_work(Study.model_validate({**quick, "systems": (*quick["systems"], system), "device_files": ()}))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('device = "my-board"', 'device = "cortex-m4"', "a device called 'cortex-m4' exists already"),
        ("[deployments.my-board]", "[deployments.cortex-m4]", "a deployment called 'cortex-m4' exists already"),
        ('source = "', 'sauce = "', r"every_row: 'sauce' has no place there"),
        ("conditions", "circumstances", r"my_board.toml: every_row: 'circumstances'"),
        ("nominal = 250", "nominal = 2500", r"my_board.toml: my-board.cycle: low <= nominal <= high must hold"),
        ("[deployments.my-board]", "[deployments.my-board]\ncolour = 1", "unknown key 'colour'; the keys are title"),
        ("[deployments.my-board]\ntitle", "[deployments.my-board]\nlink = 'abacus'\ntitle", "called 'abacus'"),
        ('network = ["my-board"]', 'network = "my-board"', "must list the devices"),
        ('network = ["my-board"]', 'network = ["cortex-m-cycles"]', "runs nothing by itself"),
        ('network = ["my-board"]', 'network = ["my-board"]\ninside = ["encoder"]', "network among them"),
        ('network = ["my-board"]', 'network = ["my-board"]\nalternative_to = "abacus"', "called 'abacus'"),
        ("[deployments.my-board]", "[deployments]", r"deployment 'title': must be a table"),
        ("[deployments.my-board]", "deployments = [", "not a TOML file"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_line_that_names_it(board, old, new, message):
    with pytest.raises(InputError, match=message) as caught:
        price_list(changed(board, old, new))

    assert "my_board.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content):
    path = tmp_path / "gone.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=r"gone\.toml"):
        price_list([str(path)])


def test_a_file_may_hold_deployments_alone_and_build_on_an_earlier_one(board, tmp_path):
    other = tmp_path / "pair.toml"
    other.write_text(
        '[deployments.pair]\ntitle = "Pair"\nnetwork = ["ndp9120"]\nreadout = ["my-board"]\nlink = "spi"\n'
        'front_end = ["my-board"]\nencoder = ["my-board"]\n'
    )

    pair = deployments([str(board), str(other)])["pair"]
    assert (pair.inside, pair.device_names) == (("network",), ("my-board", "ndp9120", "spi"))
    with pytest.raises(InputError, match=r"pair.toml: deployment 'pair': No device is called 'my-board'"):
        deployments([str(other)])


def test_a_file_that_is_mended_is_read_anew(board):
    assert price_list([str(board)]).devices["my-board"].row("my-board.cycle").nominal == pytest.approx(250e-12)
    price_list(changed(board, "nominal = 250", "nominal = 260"))
    assert price_list([str(board)]).devices["my-board"].row("my-board.cycle").nominal == pytest.approx(260e-12)


def test_the_command_line_lints_a_file_and_says_what_it_adds(board, capsys):
    assert listing("devices", False, board) == 0
    assert capsys.readouterr().out.splitlines() == [
        "device my-board: 13 coefficients, 10 of them with an assumed range",
        "deployment my-board: my-board",
        "deployment my-board+loihi-1: my-board, loihi-1-davies, spi",
    ]
    with pytest.raises(InputError, match="goes with `trichord list devices`"):
        listing("studies", False, board)


def test_the_study_of_the_page_holds_and_finds_the_board_beside_it(board):
    text = SHOWN.read_text(encoding="utf-8").partition("```toml\nextends")[2].partition("```")[0]
    study = board.with_name("study.toml")
    study.write_text("extends" + text)

    check_before_work(load_study(str(study)))
