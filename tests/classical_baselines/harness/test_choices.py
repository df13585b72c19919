from dataclasses import dataclass

import pytest

from classical_baselines.harness.choices import InputError, UnknownChoiceError, build_options, choose


@dataclass(frozen=True)
class Comb:
    teeth: tuple[int, ...]
    width: int = 3
    gap: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be 1 or more; got {self.width}.")


def test_a_list_of_a_study_file_becomes_a_tuple():
    assert build_options(Comb, {"teeth": [1, 2]}, what="comb") == Comb((1, 2))


def test_an_unknown_name_lists_the_names_that_exist():
    with pytest.raises(UnknownChoiceError, match=r"No comb is called 'com'. Choose one of: comb, rake\."):
        choose({"rake": 1, "comb": 2}, "com", what="comb")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"teeth": [1], "tooth": 2}, "comb has no option 'tooth'. Its options: gap, teeth, width"),
        ({"width": 2}, "comb needs the option 'teeth'"),
        ({"teeth": [1], "width": "2"}, "comb: width should be a valid integer; got '2'"),
        ({"teeth": [1.5]}, r"comb: teeth should be a valid integer; got \(1.5,\)"),
        ({"teeth": [1], "gap": [1, 2, 3]}, r"comb: gap should be a list of another length; got \(1, 2, 3\)"),
        ({"teeth": [1], "gap": [1]}, r"comb: gap should be a list of another length; got \(1,\)"),
        ({"teeth": [1], "gap": 1}, r"comb: gap should be a list; got 1"),
        ({"teeth": [1], "width": 0}, "comb: width must be 1 or more; got 0"),
        ({"teeth": "x" * 999}, r"teeth should be a list; got 'x{199}\.$"),
    ],
)
def test_an_option_that_does_not_fit_is_named(options, message):
    with pytest.raises(InputError, match=message):
        build_options(Comb, options, what="comb")
