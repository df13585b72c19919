# studies/commands/back_test.py
"""`trichord back-test`: the page docs/results/loihi-back-test.md, computed anew."""


def back_test() -> int:
    """Print the page."""
    from studies.loihi_back_test import back_test_page

    print(back_test_page(), end="")
    return 0
