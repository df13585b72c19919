# tests/studies/test_trace_command.py
"""`trichord trace` on the published store `word-pictures`: its cells are read, nothing is run."""

import json

from studies.commands.request import Request
from studies.commands.trace import trace

REQUEST = Request("word-pictures")


def said(capsys, *words, code=0, as_json=False):
    assert trace(REQUEST, words, as_json=as_json) == code
    return capsys.readouterr().out


def test_a_printed_accuracy_that_stands_once_is_traced_at_once(capsys):
    text = said(capsys, "90.22")

    assert text.startswith("90.22 is the accuracy.\n\ntransformer-32-tokens-cut@torch-float/official-split accuracy")
    assert "the number of the report" in text
    assert "validation clips" in text
    assert text.count("official-split · official · seed") == 3


def test_a_number_that_stands_in_several_places_names_them_and_each_address_can_be_followed(capsys):
    text = said(capsys, "90")
    addresses = [line for line in text.splitlines()[2:] if not line.startswith(" ")]

    assert len(addresses) > 1
    for address in addresses:
        assert said(capsys, *address.split()).startswith(address)


def test_the_json_names_every_cell_by_its_whole_key_and_says_how_it_was_computed(capsys):
    record = json.loads(said(capsys, "residual-cnn-cut", "accuracy", as_json=True))

    assert record["agrees"] is True
    assert abs(record["recomputed"] - record["value"]) < 1e-12
    assert [len(cell["key"]) for cell in record["cells"]] == [64] * 3
    assert len(record["origin"]["data"][0]) == 64
    assert record["origin"]["revisions"] and record["origin"]["commands"] and record["origin"]["machines"]
