import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from studies.commands.export import export, plot
from studies.commands.request import Request
from studies.exports import FORMATS, export_files, parse_formats, write_export
from studies.exports.latex import best_group, escaped
from studies.results import StudyResults
from studies.specification import Study
from tests.studies.synthetic_results import SYSTEMS, synthetic_results, synthetic_study

TEXT_COMMANDS = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textquotedbl{}": '"',
}


def typeset(latex):
    """What LaTeX prints of a text of ASCII: its own reading of commands, character by character."""
    printed, rest = "", latex
    while rest:
        command = next((name for name in TEXT_COMMANDS if rest.startswith(name)), None)
        if command:
            printed, rest = printed + TEXT_COMMANDS[command], rest[len(command) :]
        elif rest[0] == "\\":
            assert rest[1] in "&%$#_{}", rest
            printed, rest = printed + rest[1], rest[2:]
        else:
            assert rest[0] not in "&%$#_{}~^", rest  # each of these would mean something else than itself
            printed, rest = printed + rest[0], rest[1:]
    return printed


@pytest.fixture(scope="module")
def files():
    return export_files(synthetic_results(), FORMATS)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_any_text_is_printed_by_latex_as_it_is(text):
    assert typeset(escaped(text)) == " ".join(text.split())


def test_every_format_writes_its_files_and_every_figure_has_its_numbers_beside_it(files):
    endings = {name.rpartition(".")[2] for name in files}
    figures = {name.rpartition(".")[0] for name in files if name.endswith(".svg")}

    assert endings == {"md", "csv", "parquet", "json", "tex", "svg", "pdf"}
    assert {name.rpartition(".")[0] for name in files if name.endswith(".pdf")} == figures
    assert {f"{figure}.csv" for figure in figures} <= set(files)
    assert "figures/accuracy_vs_energy.svg" in files
    assert {f"cards/{system}.md" for system in SYSTEMS} <= set(files)


def test_parquet_json_and_csv_hold_the_same_rows_and_what_is_not_known_is_null(files):
    parquet = pytest.importorskip("pyarrow.parquet")
    from_parquet = parquet.read_table(io.BytesIO(files["results.parquet"])).to_pylist()
    from_json = json.loads(files["results.json"])["rows"]
    from_csv = list(csv.DictReader(io.StringIO(files["results.csv"].decode())))

    assert len(from_parquet) == len(from_json) == len(from_csv) > 50
    for typed, plain, text in zip(from_parquet, from_json, from_csv, strict=True):
        assert typed == plain
        for name, value in typed.items():
            if value is None:
                assert text[name] == ""
            elif isinstance(value, float):
                assert float(text[name]) == pytest.approx(value, rel=1e-5)
            elif not isinstance(value, bool):
                assert text[name] == str(value)
    assert any(row["joules_per_decision"] is None for row in from_parquet)
    assert {type(row["accuracy"]) for row in from_parquet} == {float}


def test_the_numbers_beside_a_figure_are_those_of_the_rows(files):
    rows = {
        (r["system"], r["deployment"]): r
        for r in csv.DictReader(io.StringIO(files["results.csv"].decode()))
        if (r["boundary"], r["scenario"], r["protocol"], r["headline"])
        == ("system", "always-on", "leave-one-group-out", "true")
    }
    points = list(csv.DictReader(io.StringIO(files["figures/accuracy_vs_energy_system.csv"].decode())))

    assert len(points) > 10
    for point in points:
        row = rows[point["system"], point["deployment"]]
        for name in ("accuracy", "joules_per_decision", "joules_per_decision_high", "energy_kind"):
            assert point[name] == row[name]


def test_a_latex_table_has_as_many_cells_in_a_row_as_columns_and_every_brace_is_closed(files):
    for name in ("systems", "differences", "energy"):
        text = files[f"tables/{name}.tex"].decode()
        columns = re.search(r"\\begin\{tabular\}\{(\w+)\}", text)[1]
        rows = [line for line in text.splitlines() if line.endswith(r" \\")]

        assert len(rows) > 10
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(columns) - 1}
        bare = re.sub(r"\\[{}\\]", "", text)
        assert bare.count("{") == bare.count("}")
        assert re.findall(r"\\(top|mid|bottom)rule", text) == ["top", "mid", "bottom"]


def test_the_best_group_in_bold_is_what_the_paired_test_does_not_tell_from_the_best(files):
    results = synthetic_results()
    text = files["tables/systems.tex"].decode()
    best = max((r for r in results.headline_rows if r.n_cells == r.n_wanted), key=lambda r: r.interval.estimate)
    bold = {
        row.system.name
        for row in results.headline_rows
        if re.search(rf"^{re.escape(escaped(row.title))} & .*\\textbf", text, flags=re.MULTILINE)
    }

    assert bold == best_group(results)
    assert best.system.name in bold
    assert 1 < len(bold) < len(SYSTEMS)
    for row in results.headline_rows:
        if row is not best and row.n_cells == row.n_wanted:
            comparison = results.compare(row, best)
            loses = comparison.high is not None and comparison.high < 0 and comparison.p_value <= 0.05
            assert (row.system.name in bold) == (not loses or comparison.verdict == "equivalent")
    assert "small-ast" not in bold  # a cell of it failed
    assert "not shown to be less accurate" in text


def test_hostile_titles_stay_text_in_every_format():
    hostile = r"50 % & \input{/etc/passwd} _{x}^2 $y$ #1 ~ <b>| `x`"
    raw = synthetic_study((0,)).model_dump(by_alias=True)
    for system in raw["systems"]:
        system["title"] = f"{system['name']} {hostile}"
    results = synthetic_results(seeds=(0,))
    renamed = StudyResults(
        study=Study.model_validate(raw), wanted=results.wanted, fits=results.fits, tests=results.tests
    )
    files = export_files(renamed, ("latex", "md"))
    (row,) = [line for line in files["tables/systems.tex"].decode().splitlines() if line.startswith("ds-cnn ")]

    assert typeset(re.split(r"(?<!\\) & ", row)[0]) == f"ds-cnn {hostile}"
    assert "<b>" not in files["cards/ds-cnn.md"].decode()


def test_a_card_says_what_a_system_is_how_it_does_what_it_costs_and_what_is_not_known(files):
    card = files["cards/small-ast.md"].decode()

    for words in (
        "| classifier | small-ast |",
        "| front end | log-mel: n_mels 32 |",
        "| leave-one-group-out | test | torch-float |",
        "| george | jackson |",
        "| cortex-m4 |",
        "fit cell of leave-one-group-out, theo, seed 2 is missing: the loss is not finite in epoch 3",
    ):
        assert words in card
    assert "lava-equality on loihi-lava" in files["cards/convolutional-snn.md"].decode()
    unopened = export_files(synthetic_results(confirmed=False, seeds=(0,)), ("md",))
    assert "Validation only" in unopened["cards/ds-cnn.md"].decode()


def test_every_file_has_the_same_bytes_in_another_process_whatever_its_seed_of_hashes(files, tmp_path):
    code = (
        "import sys; from pathlib import Path; from studies.exports import FORMATS, write_export;"
        "from tests.studies.synthetic_results import synthetic_results;"
        "write_export(synthetic_results(), Path(sys.argv[1]), FORMATS)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=True)

    assert sum(path.is_file() for path in tmp_path.rglob("*")) == len(files)
    for name, content in files.items():
        assert (tmp_path / name).read_bytes() == content, name


def test_a_study_without_cells_exports_what_there_is(tmp_path):
    results = synthetic_results()
    empty = StudyResults(study=results.study, wanted=results.wanted, fits={}, tests={})
    written = write_export(empty, tmp_path, FORMATS)

    assert tmp_path / "results.csv" in written
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["rows"] == []


def test_what_cannot_be_written_is_said_before_any_work(tmp_path):
    request = Request(study="spoken-digits")
    with pytest.raises(InputError, match=r"No format of an export is called 'docx'\. Choose one of: csv, json, latex"):
        parse_formats("md, docx")
    with pytest.raises(InputError, match="name at least one of md, csv"):
        export(request, tmp_path, " , ", None, None)
    with pytest.raises(InputError, match=r"ends in \.svg, \.pdf or \.png, or in \.csv"):
        plot(request, "confusion", tmp_path / "x.gif")
    with pytest.raises(InputError, match="No figure is called 'pie'"):
        plot(request, "pie", tmp_path / "x.svg")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a file of this name is there already"):
        export(request, tmp_path / "file", "md", None, None)


def test_without_pyarrow_parquet_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(InputError, match="extra `export`"):
        export_files(synthetic_results(), ("parquet",))
