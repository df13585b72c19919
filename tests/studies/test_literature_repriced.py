"""Published claims at Trichord's prices, against sums on paper; files of claims that cannot be are refused by line."""

import json
from math import pi
from pathlib import Path

import pytest

from classical_baselines.harness.anchors import anchors
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.devices import shipped_devices
from studies import anchor_comparison
from studies.commands.literature_repriced import literature_repriced
from studies.literature_claims import FILE, LINKS, claims
from studies.literature_page import literature_page, literature_text
from studies.literature_records import record
from studies.literature_repricing import VERDICTS, Case, Repriced, repriced, times_text

RESULTS = Path(__file__).parents[2] / "docs" / "results"
LIST = FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def found():
    return {one.name: one for one in repriced(claims())}


def view_of(one: Repriced, boundary: str, scenario: str = "saturated", place: int = 0):
    return [v for v in one.views if (v.view.boundary, v.view.scenario) == (boundary, scenario)][place]


def nominal(cases: tuple[Case, ...], side: str):
    return [getattr(case, side).nominal_joules for case in cases]


def test_the_page_is_computed_from_claims_and_prices_as_they_are(found):
    assert (RESULTS / "literature-repriced.md").read_text(encoding="utf-8") == literature_page([*found.values()])
    assert (RESULTS / "literature-repriced" / "literature_repriced.svg").is_file()


def test_the_text_keeps_to_80_columns_and_has_every_claim(found):
    text = literature_text([*found.values()])

    assert max(map(len, text.splitlines())) <= 80
    for name, one in found.items():
        assert f"\n{name}: {one.verdict}\n" in text


def test_a_keyword_on_an_npu_is_a_sum_on_paper(found):
    one = found["mlperf-npu-microcontroller"]
    network, microcontroller = 2.656e6 * 11.9e-12, 2.656e6 * 685e-12
    asleep = (1 - network / 7.2e-3) * 10e-6

    (case,) = view_of(one, "chip").cases
    assert (case.a.nominal_joules, case.b.nominal_joules) == pytest.approx((network, microcontroller))
    assert case.ratio == pytest.approx(685 / 11.9)
    (case,) = view_of(one, "chip", "always-on").cases
    assert case.a.nominal_joules == pytest.approx(network + asleep + 7.2e-6)
    # At the system both carry the same front end, which a Cortex-M4 works out.
    (case,) = view_of(one, "system", "always-on").cases
    front_end = case.b.by_stage["front_end"]
    assert front_end > 10 * network and case.a.by_stage["front_end"] == pytest.approx(front_end)
    assert (one.verdict, one.claimed_ratio) == ("kept", pytest.approx(1820.5 / 31.54))


def test_accumulates_beside_multiply_and_adds_are_a_sum_on_paper(found):
    one = found["neurobench-speech-commands"]
    updates = (256 + 256 + 256 + 35) * 200
    arithmetic = 3.29e6 * 0.9e-12 + updates * (4.6e-12 + 0.9e-12)

    assert one.claimed_ratio == pytest.approx(1.73 * 4.6 / (3.29 * 0.9))
    assert nominal(view_of(one, "operation").cases, "a") == pytest.approx([arithmetic])
    weights, operands = view_of(one, "core").cases
    per_byte = 20e-12 / 8
    assert weights.a.nominal_joules == pytest.approx(arithmetic + per_byte * (3.29e6 * 4 + updates * 8))
    assert operands.a.nominal_joules == pytest.approx(arithmetic + per_byte * (3.29e6 * 12 + updates * 8))
    assert weights.b.nominal_joules == pytest.approx(1.73e6 * 4.6e-12 + per_byte * 109_228)
    assert operands.b.nominal_joules == pytest.approx(1.73e6 * (4.6e-12 + 8 * per_byte))
    # In 8 bits: additions of 0.1 pJ, weights of a byte; its twin works out all 145,152 weights in each of 200 steps.
    twin = one.twin_views[0].cases[0]
    eight = 3.29e6 * 0.1e-12 + updates * (0.23e-12 + 0.03e-12) + per_byte * (3.29e6 + updates * 8)
    synapses = 20 * 256 + 256 * 256 + 256 * 256 + 256 * 35
    assert twin.a.nominal_joules == pytest.approx(eight)
    assert twin.b.nominal_joules == pytest.approx(200 * synapses * (0.23e-12 + per_byte))
    assert one.verdict == "flipped"


def test_the_spotter_on_loihi_is_counted_as_the_anchors_have_it(found):
    one = found["loihi-spotter-gpu"]
    cases = view_of(one, "chip").cases

    assert [case.name for case in cases] == [
        f"{rate} % spikes, at the {time}" for rate in (2, 20) for time in ("time of a step", "measured time")
    ]
    for case, rate, seconds in zip(cases, (0.02, 0.02, 0.2, 0.2), (87e-6, 3.37e-3) * 2, strict=True):
        counts = anchor_comparison.spotter(rate)
        events = counts.total("synaptic_operations") * 23.6 + counts.total("neuron_updates_active") * 81
        events += counts.total("spikes_generated") * (69.3 + 1.7 + 2 * 3.5)
        on_paper = events * 1e-12 + seconds * (56e-3 + 66e-3) + 5.94e-6
        assert case.a.nominal_joules == pytest.approx(on_paper)
    assert nominal(cases, "b") == pytest.approx([29.7e-3] * 4, rel=1e-3)
    assert one.claimed_ratio == pytest.approx(29.7e-3 / 271.6e-6)
    assert "l1.static" in one.own_prices and "as.sleep" not in one.own_prices


def test_shots_are_a_sum_on_paper(found):
    shots = round(19 / (2 * pi * 0.05**2))
    fixed = (0.1 + 0.896 + 0.8356) * 1e-6
    gates = 2 * 13 * 68e-9 + 8 * 32e-9

    transform, quanvolution = found["qft-spectrum"], found["quanvolution-speech"]
    case = view_of(transform, "system").cases[0]
    assert case.a.nominal_joules == pytest.approx(shots * 8 * 11 * (fixed + gates))
    assert transform.claimed_ratio == pytest.approx(5 * 8 * 256 / 36)
    case = view_of(quanvolution, "system").cases[0]
    assert case.a.nominal_joules == pytest.approx(1890 * 100 * 4 * 11 * fixed)
    assert case.b.nominal_joules == pytest.approx(1890 * 4 * 4 * 5 * 352e-12)
    assert (transform.verdict, quanvolution.verdict) == ("flipped", "no energy claimed")


def test_a_sigma_delta_network_pays_for_the_chip_that_is_on(found):
    one = found["n-dns-sigma-delta"]
    (case,) = view_of(one, "chip", "always-on").cases

    assert view_of(one, "operation").ratio_ends == pytest.approx((136.13 / 14.52,) * 2)  # one price for both
    assert case.a.nominal_joules == pytest.approx(0.232 + 14.52e6 * 23.6e-12 + 5.94e-6)
    assert one.reason.startswith("Of A, nearly all goes into having the chip on; without it B / A would be 2.83.")
    assert one.reason.endswith("It is kept within operation (saturated) and core (saturated).")


def test_every_claim_has_its_source_and_every_price_is_of_the_price_list(found):
    listed = {row for device in shipped_devices().values() for row in device.coefficients}

    assert len(found) >= 8
    assert {one.claim.paradigm for one in found.values()} == {"spiking", "integer", "quantum"}
    for one in found.values():
        assert one.claim.source and one.claim.link.startswith(LINKS) and one.claim.covers
        assert one.verdict in VERDICTS and one.reason.endswith(".")
        assert (one.verdict == "cannot be repriced") == (not one.views) == bool(one.claim.missing)
        for row in one.coefficients:
            assert row in listed and row.source
        for view in one.views:
            assert view.verdict != "cannot be repriced"
            for case in view.cases:
                sums = [sum(term.joules for term in row.terms) for row in (case.a, case.b)]
                assert sums == pytest.approx([case.a.nominal_joules, case.b.nominal_joules])
    for side in (one.claim.a for one in found.values()):
        assert not side.anchor or side.measured == anchors()[side.anchor]


def test_a_claim_the_other_way_round_is_flipped_and_one_about_itself_is_undecided(tmp_path):
    table = LIST[LIST.index("[mlperf-npu-microcontroller]") : LIST.index("[mlperf-gap9-microcontroller]")]
    turned = table.replace("\na = {", "\nx = {").replace("\nb = {", "\na = {").replace("\nx = {", "\nb = {")
    turned = turned.replace('a = "cortex-m4+ndp9120", b = "cortex-m4"', 'a = "cortex-m4", b = "cortex-m4+ndp9120"')
    itself = table.replace('a = "cortex-m4+ndp9120"', 'a = "cortex-m4"').replace("npu-micro", "micro-micro")
    path = tmp_path / "turned.toml"
    path.write_text(turned + itself, encoding="utf-8")

    first, second = repriced(claims(path))
    (case,) = first.deciding[0].cases
    assert (first.verdict, second.verdict) == ("flipped", "undecided")
    assert case.ratio == pytest.approx(1 / 3.0, rel=0.02)
    assert "of the draws" in second.reason


TABLE = """\
[one]
says = "A takes less than B"
source = "a paper"
link = "arXiv 0000.00000"
paradigm = "integer"
task = "words"
accuracy = "90 %"
about = "energy"
basis = "measured"
covers = "the chip"
evidence = "abstract"
compared_by = "its source"
period_seconds = 1.0
a = { title = "A", anchor = "mlpt.ndp.09", network = { kind = "dense", macs = 2e6 } }
b = { title = "B", anchor = "mlpt.l4r5", network = { kind = "dense", macs = 2e6 } }
views = [
    { boundary = "chip", scenario = "saturated", a = "cortex-m4+ndp9120", b = "cortex-m4" },
]
"""


def test_a_file_of_ones_own_is_priced(tmp_path, capsys):
    path, out = tmp_path / "mine.toml", tmp_path / "mine.csv"
    path.write_text(TABLE, encoding="utf-8")

    assert literature_repriced(path, out, as_page=False, as_json=True) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert printed["verdict"] == "kept" and printed["views"][0]["cases"][0]["ratio"] == pytest.approx(685 / 11.9)
    assert printed == json.loads(json.dumps(record(repriced(claims(path))[0])))
    assert out.read_text().splitlines()[0].startswith("claim,claimed_ratio,boundary")


def test_what_has_no_price_within_a_boundary_is_not_repriced_and_says_why(tmp_path, capsys):
    path, out = tmp_path / "mine.toml", tmp_path / "mine.svg"
    path.write_text(TABLE.replace('boundary = "chip"', 'boundary = "core"'), encoding="utf-8")

    assert literature_repriced(path, out, as_page=False, as_json=False) == 0
    text = capsys.readouterr().out
    assert "\none: cannot be repriced\n" in text and "is priced as a whole, from the boundary chip up" in text
    assert literature_repriced(path, None, as_page=True, as_json=False) == 0
    assert "| one | A takes less than B: 31.5 µJ against 1.82 mJ" in capsys.readouterr().out
    assert literature_repriced(path, None, as_page=False, as_json=True) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert printed["views"][0]["cases"][0]["ratio"] is None


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('source = "a paper"\n', "", 1, "claim 'one': source: is missing"),
        ('source = "a paper"', 'source = " "', 3, "source: String should match pattern"),
        ('source = "a paper"', 'sauce = "a paper"\nsource = "a paper"', 3, "sauce: there is no such key"),
        ("arXiv 0000.00000", "a paper", 4, "link: must begin with one of 'arXiv '"),
        ('evidence = "abstract"', 'evidence = "hearsay"', 11, "evidence: must be one of measured, source read"),
        ('evidence = "abstract"', 'evidence = "unverified"', 1, "numbers that are unverified are not priced"),
        ("mlpt.l4r5", "mlpt.l4r6", 15, "b.anchor: No anchor is called 'mlpt.l4r6'"),
        ('"mlpt.ndp.09", network = { kind = "dense", macs = 2e6 }', '"mlpt.ndp.09"', 1, "a.network is missing"),
        ("macs = 2e6 } }\nb", "macs = -1 } }\nb", 14, "a.network.dense.macs: Input should be greater than 0"),
        ('b = "cortex-m4" }', 'b = "cortex-m5" }', 16, "views.0.b: No deployment is called 'cortex-m5'"),
        ('boundary = "chip"', 'boundary = "board"', 16, "views.0.boundary: Input should be 'operation', 'core'"),
        ("period_seconds = 1.0\n", "", 1, "what is priced needs b and period_seconds"),
        ("views = [", 'missing = ["counts"]\nviews = [', 1, "give views, within which it is priced, or missing"),
        ('anchor = "mlpt.ndp.09", ', "", 1, "a and b need an anchor, operations or a count each"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name_line_and_claim(tmp_path, old, new, line, words):
    path = tmp_path / "mine.toml"
    path.write_text("# claims\n\n" + TABLE.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(InputError) as refused:
        claims(path)
    assert str(refused.value).startswith(f"mine.toml, line {line + 2}: claim 'one': ")
    assert words in str(refused.value)


def test_what_is_no_file_of_claims_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    for text, words in (
        ("[one\n", r"mine\.toml: not a TOML file: .*line 1"),
        ("", r"mine\.toml: it holds no claim"),
        ("# x\none = 3\n", r"mine\.toml, line 2: one must be a table, \[one\]; got 3"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=words):
            claims(path)
    with pytest.raises(InputError, match="There is no file"):
        claims(tmp_path / "none.toml")


def test_ratios_beyond_words_are_powers_of_ten():
    assert [times_text(x) for x in (3.414, 1668.0, 2.5e7, 2.5e-9)] == ["3.41", "1,670", "10^7.4", "10^−8.6"]
