"""Systems with open values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from studies.search_space import check_space, filled

SPACE = {
    "family": "classical",
    "encoder": {"choose": [{"name": "latency", "n_steps": {"low": 4, "high": 6}}, {"name": "none"}]},
    "training": {"learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}},
    "runs": [{"deployments": [{"choose": ["cortex-m4", "cortex-m4+loihi-1"]}]}],
}


class Scripted:
    """Draws what it is told to, and remembers what it was asked."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def one_of(self, name, n):
        self.asked.append((name, n))
        return self.answers[name]

    def whole(self, name, low, high, *, log):
        self.asked.append((name, low, high, log))
        return self.answers[name]

    real = whole


def test_every_open_value_is_drawn_by_the_way_to_it():
    script = Scripted({"encoder": 0, "encoder.n_steps": 5, "training.learning_rate": 0.01, "runs.0.deployments.0": 1})

    assert filled(SPACE, script) == {
        "family": "classical",
        "encoder": {"name": "latency", "n_steps": 5},
        "training": {"learning_rate": 0.01},
        "runs": [{"deployments": ["cortex-m4+loihi-1"]}],
    }
    assert script.asked == [
        ("encoder", 2),
        ("encoder.n_steps", 4, 6, False),
        ("training.learning_rate", 1e-3, 1e-1, True),
        ("runs.0.deployments.0", 2),
    ]


def test_what_was_not_chosen_is_not_drawn():
    script = Scripted({"encoder": 1, "training.learning_rate": 0.01, "runs.0.deployments.0": 0})

    assert filled(SPACE, script)["encoder"] == {"name": "none"}
    assert "encoder.n_steps" not in [asked[0] for asked in script.asked]


def test_the_open_values_of_a_space_are_counted_those_of_its_choices_too():
    assert check_space(SPACE, "space") == 4


@given(st.integers(0, 3), st.lists(st.integers(), min_size=4, max_size=4))
def test_a_choice_is_one_of_its_values(place, values):
    assert filled({"choose": values}, Scripted({"": place})) == values[place]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({"a": 1}, "leaves nothing open"),
        ({"a": {"choose": [1]}}, "space, a: choose takes a list of two values or more"),
        ({"a": {"choose": [1, 2], "low": 3}}, "stands alone"),
        ({"a": {"b": {"low": 2, "high": 2}}}, "space, a.b: a range takes low < high"),
        ({"a": {"low": 0, "high": 2, "log": True}}, "above 0 with log"),
        ({"a": {"low": True, "high": 2}}, "low < high"),
        ({"a": {"low": 1, "high": 2, "step": 3}}, "low < high"),
        ({"a": {"choose": [{"b": {"low": 2, "high": 1}}, 3]}}, "low < high"),
    ],
)
def test_a_value_that_cannot_be_drawn_is_refused_with_its_place(template, said):
    with pytest.raises(InputError, match=said):
        check_space(template, "space")
