# tests/studies/test_recheck.py
"""What a record speaks for, and how records lead from one code to another."""

from studies.recheck import Paths, Recheck, configuration_of


def test_a_configuration_is_all_of_a_specification_but_fold_seed_and_pictures():
    specification = {"kind": "fit", "fold": "anna", "seed": 0, "pictures": True, "threads": 1}

    assert configuration_of(specification) == configuration_of({**specification, "fold": "ben", "seed": 1})
    assert configuration_of(specification) == configuration_of({**specification, "pictures": False})
    assert configuration_of(specification) != configuration_of({**specification, "kind": "test"})
    assert configuration_of(specification) != configuration_of({**specification, "threads": 2})


def record(old, new, *configurations):
    compared = [
        {"key": "k", "kind": "fit", "configuration": c, "protocol": "p", "fold": "f", "seed": 0} for c in configurations
    ]
    of_codes = {"study": "s", "system": "x", "old_code": old, "new_code": new, "changed_modules": None}
    here = {"cpu": "c", "torch": None, "stored_on": (), "date": "2030-01-01", "git": {}, "command": ()}
    return Recheck.model_validate({**of_codes, **here, "compared": compared, "test_cells_recomputed": 0})


def test_paths_take_the_fewest_records_of_one_configuration_and_never_lead_back():
    paths = Paths(
        {
            "ab": record("a", "b", "one", "two"),
            "bc": record("b", "c", "one"),
            "cd": record("c", "d", "one"),
            "bd": record("b", "d", "one"),
            "da": record("d", "a", "one"),
        }
    )

    assert paths.between("one", "a", "d") == ("ab", "bd")
    assert paths.between("one", "a", "c") == ("ab", "bc")
    assert paths.between("two", "a", "b") == ("ab",)
    assert paths.between("two", "a", "c") is None
    assert paths.between("two", "b", "a") is None
    assert paths.between("three", "a", "a") == ()
