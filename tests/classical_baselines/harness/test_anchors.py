# tests/classical_baselines/harness/test_anchors.py
import pytest

from classical_baselines.harness.anchors import anchors, lint_anchors

ANCHOR = {
    "id": "x",
    "system": "a board",
    "quantity": "energy per inference",
    "microjoules": {"nominal": 2.0, "low": 1.0, "high": 3.0},
    "covers": "a network",
    "leaves_out": "the microphone",
    "meter": "supply rail",
    "kind": "measured",
    "evidence": "source read",
    "source": "a paper",
}


def test_a_complete_anchor_has_no_problem():
    assert lint_anchors([ANCHOR]) == []
    assert lint_anchors([{**ANCHOR, "microjoules": {"nominal": 2.0}}]) == []
    assert lint_anchors([{**ANCHOR, "microjoules": {"low": 1.0, "high": 2.0}}]) == []


@pytest.mark.parametrize("key", sorted(ANCHOR))
def test_an_anchor_without_one_of_its_parts_is_refused(key):
    assert lint_anchors([{name: value for name, value in ANCHOR.items() if name != key}])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "guessed"}, "kind must be one of"),
        ({"evidence": "hearsay"}, "evidence must be one of"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"microjoules": {"nominal": 4.0, "low": 1.0, "high": 3.0}}, "in order"),
        ({"microjoules": {"nominal": 0.0}}, "above 0"),
        ({"microjoules": {"nominal": 2.0, "high": 3.0}}, "all three"),
        ({"microjoules": {"low": 2.0}}, "low and high"),
        ({"milliwatts": {"nominal": 2.0}}, "needs one unit"),
    ],
)
def test_an_anchor_that_says_something_impossible_is_refused(change, problem):
    assert any(problem in found for found in lint_anchors([{**ANCHOR, **change}]))


def test_an_id_that_stands_twice_is_refused():
    assert lint_anchors([ANCHOR, ANCHOR]) == ["x: the id stands twice"]


def test_the_energy_of_an_anchor_is_its_power_over_its_rate_where_the_source_gives_all_three():
    """Two readings of one measurement: joules per inference times inferences a second is the running power."""
    for id, rate, watts in (
        ("mlpt.l4r5", 23.2, 42.2e-3),
        ("mlpt.l4r5.3v-8-0", 13.7, 75e-3),
        ("mlpt.h7a3", 88.4, 121.8e-3),
        ("mlpt.u575", 34.4, 22.7e-3),
        ("mlpt.ndp.09", 229, 7.2e-3),
        ("mlpt.ndp.11", 675, 29.1e-3),
        ("mlpt.gap9.065", 1368, 25e-3),
        ("mlpt.gap9.08", 2108, 56e-3),
        ("abr.gpu.b1.total", 770, 37.8),
        ("abr.gpu.b64.total", 36_150, 41.2),
        ("abr.cpu.b1.total", 1814, 28.5),
        ("abr.tx1.b16.total", 6808, 4.99),
        ("abr.ncs.b1.total", 300, 0.647),
        ("abr.cpu.b1.dynamic", 1814, 28.5 - 17.01),
        ("abr.ncs2.b1.dynamic", 465, 1.438 - 0.496),
        ("abr.loihi.total", 296.5, 110.2e-3),
        ("l2.pilot.total", 408.9, 679e-3),
        ("l2.pilot.dynamic", 408.9, 447e-3),
    ):
        assert anchors()[id].nominal * rate == pytest.approx(watts, rel=0.02), id
