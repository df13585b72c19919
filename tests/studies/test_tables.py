import csv
import io
import subprocess
import sys
from dataclasses import replace

import pytest

from studies.tables import COLUMNS, _group_table, markdown_table, results_csv, results_markdown
from tests.studies.synthetic_results import SYSTEMS, synthetic_results


def records():
    return list(csv.DictReader(io.StringIO(results_csv(synthetic_results()))))


def test_the_csv_has_one_row_per_system_protocol_backend_deployment_scenario_and_boundary():
    rows = records()
    key = ("system", "protocol", "backend", "deployment", "scenario", "boundary")

    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    assert {row["system"] for row in rows} == set(SYSTEMS)
    assert {row["family"] for row in rows} == {"classical", "neuro", "quantum"}
    assert {row["boundary"] for row in rows if row["deployment"]} == {"operation", "core", "chip", "system"}


def test_what_is_not_known_is_empty_and_says_why():
    unknown = [row for row in records() if row["energy_kind"] == "unavailable"]

    assert unknown
    for row in unknown:
        assert row["joules_per_decision"] == row["joules_per_second_high"] == ""
        assert row["unpriced"]


def test_joules_per_second_are_joules_per_decision_over_the_clip():
    priced = [row for row in records() if row["joules_per_decision_low"]]

    assert len(priced) > 50
    for row in priced:
        for end in ("", "_low", "_high"):
            per_decision, per_second = float(row[f"joules_per_decision{end}"]), float(row[f"joules_per_second{end}"])
            assert abs(per_second * 1.008 / per_decision - 1) < 1e-4
        assert float(row["joules_per_decision_low"]) <= float(row["joules_per_decision_high"])


def test_the_columns_are_those_that_are_promised():
    assert tuple(records()[0]) == COLUMNS
    assert records()[0]["evidence"] == "test"


MEMORY = "flash of cortex-m4: not known (the run did not note it); ram of cortex-m4: not known"


def test_the_memory_of_each_device_stands_beside_the_energy_in_csv_and_markdown():
    known = [row for row in records() if row["deployment"] == "cortex-m4"]
    others = [row for row in records() if row["deployment"] == "cmos-45nm-fp32"]
    (header,) = [line for line in results_markdown(synthetic_results()).splitlines() if "joules per decision" in line]
    table = [line for line in results_markdown(synthetic_results()).splitlines() if MEMORY in line]

    assert known and all(row["memory"].startswith(MEMORY) for row in known)
    assert others and {row["memory"] for row in others} == {""}
    assert header.endswith("| memory | latency |")
    assert table and all("cortex-m4" in line for line in table)


def test_the_latency_is_what_the_devices_are_busy_with_a_decision():
    places = ("deployment", "scenario", "boundary", "alternative_to")
    busy = {
        (row.system.name, row.run.backend.name, *(getattr(energy, name) for name in places)): energy.busy_seconds
        for row in synthetic_results().rows
        for energy in row.energies
    }
    timed = [(row, busy.get((row["system"], row["backend"], *(row[name] for name in places)))) for row in records()]
    timed = [(row, seconds) for row, seconds in timed if seconds]

    assert timed
    for row, seconds in timed:
        assert float(row["latency_seconds"]) == pytest.approx(sum(seconds.values()), rel=1e-5)
        assert (row["keeps_up"] == "true") == (max(seconds.values()) <= float(row["period_seconds"]))


def test_the_markdown_page_names_looks_failures_command_and_revision():
    page = results_markdown(synthetic_results())

    for words in (
        "leave-one-group-out (test clips)",
        "- leave-one-group-out, george: 42 looks",
        "fit of small-ast, leave-one-group-out, theo, seed 2: the loss is not finite in epoch 3",
        "`trichord run spoken-digits --confirm`",
        "`0123456789abcdef0123456789abcdef01234567`",
        "| nicolas |",
    ):
        assert words in page
    assert "Validation only" not in page


def test_a_page_without_test_clips_says_so_first():
    page = results_markdown(synthetic_results(confirmed=False))

    assert page.index("Validation only") < page.index("##")
    assert "(test clips)" not in page


def test_a_hostile_cell_stays_one_cell():
    (*_, row) = markdown_table(("a",), [["<script>|`x`\nnext"]])

    assert row == "| &lt;script&gt;\\|\\`x\\` next |"


def test_reading_results_loads_neither_torch_nor_matplotlib():
    code = (
        "import sys, studies.results, studies.statistics, studies.tables, studies.pareto;"
        "print([name for name in ('torch', 'matplotlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def with_groups(scores):
    """The first headline row, with these accuracies of its groups."""
    row = synthetic_results().headline_rows[0]
    named = {f"recording-{number}": score for number, score in enumerate(scores)}
    return replace(row, interval=replace(row.interval, group_scores=named))


def test_many_groups_are_summed_up_by_their_quartiles():
    row = with_groups([0.0] * 5 + [0.25] * 10 + [0.5] * 10 + [0.75] * 10 + [1.0] * 6)
    header, _, line = _group_table([row], sorted(row.interval.group_scores))

    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:] == ["41", "0.0", "25.0", "50.0", "75.0", "100.0", "5", "6"]
    assert header.count("|") == line.count("|")


def test_few_groups_have_a_column_each():
    row = with_groups([0.5, 1.0])
    header, _, line = _group_table([row], sorted(row.interval.group_scores))

    assert "recording-0" in header and "recording-1" in header
    assert line.endswith("| 50.0 | 100.0 |")
