# tests/studies/test_tornado.py
"""Expected ratios are quotients on paper of the published prices."""

import pytest

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.tornado import tornado
from tests.studies.priced_rows import side

DRAWS = CoefficientDraws(n_draws=400)


def integers(macs, adds=0.0):
    return OperationCounts.of("network", "all", mac_int8=macs, add_int32=adds)


def test_each_bar_is_the_ratio_with_one_price_at_its_ends_and_the_others_nominal():
    a = side(integers(1e6, 1e5), "cmos-45nm-int8")
    b = side(OperationCounts.of("network", "all", mac_fp32=6e4), "cmos-45nm-fp32")
    found = {swing.coefficient: swing for swing in tornado(a, b, DRAWS)}
    ours, theirs = 1e6 * 0.23 + 1e5 * 0.1, 6e4 * 4.6

    assert found["c45.mac-int8"].at_low == pytest.approx((1e6 * 0.07667 + 1e5 * 0.1) / theirs)
    assert found["c45.mac-int8"].at_high == pytest.approx((1e6 * 0.69 + 1e5 * 0.1) / theirs)
    assert found["c45.add-int32"].at_high == pytest.approx((1e6 * 0.23 + 1e5 * 0.3) / theirs)
    assert found["c45.mac-fp32"].at_low == pytest.approx(ours / (6e4 * found["c45.mac-fp32"].low * 1e12))


def test_the_widest_swing_comes_first_and_says_whether_it_flips_the_verdict():
    a = side(integers(1e6, 1e5), "cmos-45nm-int8")
    b = side(OperationCounts.of("network", "all", mac_fp32=6e4), "cmos-45nm-fp32")
    found = tornado(a, b, DRAWS)

    assert [swing.swing for swing in found] == sorted((swing.swing for swing in found), reverse=True)
    assert {swing.coefficient: swing.flips for swing in found} == {
        "c45.mac-int8": True,  # 0.24 / 0.276 at nominal, 0.7 / 0.276 at the high end
        "c45.mac-fp32": True,
        "c45.add-int32": False,
    }


def test_a_price_that_both_sides_share_moves_nothing_and_is_left_out():
    assert tornado(side(integers(1e6), "cmos-45nm-int8"), side(integers(3e6), "cmos-45nm-int8"), DRAWS) == []


def test_a_price_of_b_is_correlated_with_the_ratio_the_other_way():
    a = side(integers(1e6), "cmos-45nm-int8")
    b = side(OperationCounts.of("network", "all", mac_fp32=6e4), "cmos-45nm-fp32")
    signs = {swing.coefficient: swing.correlation for swing in tornado(a, b, DRAWS)}

    assert signs["c45.mac-int8"] > 0.5
    assert signs["c45.mac-fp32"] < -0.5
