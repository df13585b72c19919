import base64
import hashlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from studies.report import write_report
from studies.results import StudyResults
from studies.specification import Study
from tests.studies.synthetic_results import synthetic_results, synthetic_study

VOID = {"meta", "br", "wbr", "link", "img", "hr", "input", "path", "use", "rect", "image"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains where tags do not nest."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.texts = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    write_report(synthetic_results(), path)
    return path


def test_the_files_stand_side_by_side(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "accuracy_vs_energy.png",
        "accuracy_vs_energy.svg",
        "accuracy_vs_energy_system.png",
        "accuracy_vs_energy_system.svg",
        "report.html",
        "results.csv",
        "results.md",
    ]


def test_the_page_is_one_small_file_that_loads_nothing(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)

    assert len(text.encode()) < 5_000_000
    assert not {"link", "iframe", "object"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href"):
            assert value.startswith(("#", "data:image/png;base64,", "accuracy_vs_energy", "results.csv"))
    assert not re.search(r"@import|url\((?!#)", text)


def test_every_figure_has_a_text_for_those_who_do_not_see_it(folder):
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    labels = [value for name, value in page.attributes if name == "aria-label"]

    assert page.tags.count("svg") == 11
    assert page.tags.count("figcaption") == 11
    assert sum(len(label) > 20 for label in labels) >= 8


def test_the_answers_come_before_the_picture_and_the_page_has_all_sections(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    ids = re.findall(r'<section id="(\w+)"', text)

    assert text.index("Most accurate") < text.index('<section id="picture"')
    assert ids == [
        *("answers", "picture", "systems", "differences", "circuit", "energy", "groups", "confusion", "scores", "clip"),
        *("checks", "completeness", "data", "coefficients", "provenance"),
    ]
    for words in ("lava-equality", "aer-equality", "the loss is not finite in epoch 3", "Davies et al.", "17 of 18"):
        assert words in text
    for words in (
        "made in 544 of 544 cells",
        "prefers-color-scheme: dark",
        "@media print",
        "range assumed",
        "flash of cortex-m4: not known",
    ):
        assert words in text


def test_a_page_of_validation_clips_says_so_everywhere(folder, tmp_path):
    text = write_report(synthetic_results(confirmed=False, seeds=(0,)), tmp_path).read_text(encoding="utf-8")

    assert '<body class="unconfirmed">' in text
    assert "Validation only. No test fold was opened" in text
    assert ">test clips<" not in text
    assert "Validation only" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert '<body class="unconfirmed">' not in (folder / "report.html").read_text(encoding="utf-8")


def test_hostile_names_are_text(tmp_path):
    hostile = '<script>alert("x")</script> $\\frac{$ & "quoted"'
    raw = synthetic_study().model_dump(by_alias=True)
    raw["title"] = hostile
    for system in raw["systems"]:
        system["title"] = f"{system['name']} {hostile}"
    results = synthetic_results(seeds=(0,))
    renamed = StudyResults(
        study=Study.model_validate({**raw, "seeds": [0]}),
        wanted=results.wanted,
        fits=results.fits,
        tests=results.tests,
        failures=dict.fromkeys(results.failures, hostile),
    )
    page = Page(write_report(renamed, tmp_path).read_text(encoding="utf-8"))

    assert page.tags.count("script") == 1
    assert any(hostile in text for text in page.texts)
    assert "<script>" not in (tmp_path / "results.md").read_text(encoding="utf-8")


def test_a_store_without_cells_gives_a_page_too(tmp_path):
    results = synthetic_results()
    empty = StudyResults(study=results.study, wanted=results.wanted, fits={}, tests={})
    text = write_report(empty, tmp_path).read_text(encoding="utf-8")

    assert "No cell of the headline protocol is committed." in text
    assert f"{len(results.wanted)} are missing" in text


def test_no_file_of_a_report_has_an_address_in_it_but_the_names_of_xml_languages(folder):
    for path in folder.iterdir():
        if path.suffix != ".png":
            text = re.sub(r'xmlns(:\w+)?="[^"]*"', "", path.read_text(encoding="utf-8"))
            assert not re.findall(r"\w+://[^\s\"'<]*|[\"'(=]//[^\s]*", text), path.name


def test_the_only_script_is_the_one_whose_hash_the_policy_names(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert text.count("<script") == 1
    assert f"script-src 'sha256-{digest}';" in text
    assert "default-src 'none';" in text
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|sendBeacon|import|eval|innerHTML)\b", script)


def test_every_file_has_the_same_bytes_in_another_process_whatever_its_seed_of_hashes(folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from studies.report import write_report;"
        "from tests.studies.synthetic_results import synthetic_results;"
        "write_report(synthetic_results(), Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=True)

    assert len(list(tmp_path.iterdir())) == 7
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
