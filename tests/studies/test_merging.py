from studies.merging import averaged, merged


def test_whole_numbers_add_up_other_numbers_keep_the_largest_and_flags_hold_where_all_do():
    cells = [
        {"n": 3, "worst": 1e-9, "equal": True, "per_layer": [1, 2], "text": "a"},
        {"n": 4, "worst": 3e-9, "equal": False, "per_layer": [10, 20, 30], "text": "b"},
    ]

    assert merged(cells) == {"n": 7, "worst": 3e-9, "equal": False, "per_layer": [11, 22, 30], "text": "a"}


def test_numbers_of_notes_are_averaged_and_anything_else_is_kept():
    assert averaged([{"rate": 0.1, "code": "latency"}, {"rate": 0.3, "code": "latency"}]) == {
        "rate": 0.2,
        "code": "latency",
    }
