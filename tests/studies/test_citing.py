# tests/studies/test_citing.py
"""What is cited is what was used: no more, no less."""

import re
from pathlib import Path

from classical_baselines.harness.devices import shipped_devices
from studies.citing import bibtex, citation_text, citations
from studies.commands.request import Request
from studies.study_file import load_study
from tests.studies.synthetic_results import synthetic_results

PUBLISHED = Request("word-pictures")


def of(results, part):
    return [one for one in citations(results) if one.part == part]


def test_the_recordings_and_their_licence_are_cited():
    (one,) = of(PUBLISHED.results(), "data")

    assert "Ghandoura" in one.text and "CC BY 4.0" in one.text


def test_methods_are_those_of_the_systems_that_were_run_and_of_the_tests_that_were_made():
    text = {one.text: one.used_for for one in of(PUBLISHED.results(), "method")}

    assert text["He, Zhang, Ren & Sun, CVPR 2016, arXiv 1512.03385"] == tuple(
        system.name for system in load_study("word-pictures").systems if system.classifier.name == "residual-cnn"
    )
    assert any("Thorpe, Delorme & Van Rullen" in one for one in text)
    assert not any("DS-CNN" in one or "1711.07128" in one for one in text)  # no such network is in this study
    assert not any("Rueckauer" in one for one in text)  # nor a direct current
    assert not any("WAVE files" in one for one in text)  # how a file is read is no method
    assert any("Fisher" in one for one in text) and not any("McNemar" in one for one in text)


def test_prices_are_those_of_the_energies_by_source_and_the_assumed_ones_are_counted_apart(monkeypatch):
    results = synthetic_results()
    monkeypatch.setattr("studies.citing._methods", lambda results: {})  # its systems are made up
    cited = {id for one in of(results, "price") for id in one.used_for}
    drawn = {c.id: c for row in results.rows for energy in row.energies for c in energy.coefficients}
    published = {id for id, c in drawn.items() if not c.source.startswith("assumed by Trichord")}

    assert cited == published
    assert "m4.mac-int8" in cited
    assert shipped_devices()["cortex-m4"].row("m4.mac-int8").source in {one.text for one in of(results, "price")}
    n_assumed = len(set(drawn) - published)
    assert f"{n_assumed} more prices have no published source" in citation_text(results)


def test_bibtex_has_an_entry_per_citation_with_balanced_braces_and_nothing_unescaped():
    results = PUBLISHED.results()
    text = bibtex(results)
    keys = re.findall(r"^@\w+\{([^,]+),$", text, re.MULTILINE)

    assert keys == [one.key for one in citations(results)]
    assert len(set(keys)) == len(keys)
    assert text.count("{") == text.count("}")
    assert not re.search(r"(?<!\\)[&%#_$]", text)


def test_the_version_is_that_of_the_distribution_and_of_the_citation_file():
    said = (Path(__file__).parent.parent.parent / "CITATION.cff").read_text()
    (one,) = of(PUBLISHED.results(), "software")

    assert f"version {re.search(r'^version: (.*)$', said, re.MULTILINE)[1]}" in one.text
    assert re.search(r'^title: "(.*)"$', said, re.MULTILINE)[1] in one.text
