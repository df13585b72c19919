import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.operations import OPERATIONS, STAGES, OperationCounts, UnknownOperationError

keys = st.tuples(st.sampled_from(STAGES), st.sampled_from(["a", "b"]), st.sampled_from(sorted(OPERATIONS)))
counts = st.dictionaries(keys, st.integers(0, 10**9).map(float), max_size=8)


@given(counts, counts)
def test_a_sum_of_counts_holds_the_sum_of_each_key(left, right):
    total = (OperationCounts(left) + OperationCounts(right)).counts

    assert dict(total) == {key: left.get(key, 0) + right.get(key, 0) for key in {*left, *right}}


@given(counts)
def test_rows_and_counts_say_the_same(values):
    assert OperationCounts.from_rows(OperationCounts(values).rows()).counts == values


def test_a_total_adds_the_layers_of_one_stage_or_of_all():
    both = OperationCounts.of("network", "one", mac_int8=3) + OperationCounts.of("encoder", "two", mac_int8=4)

    assert (both.total("mac_int8"), both.total("mac_int8", stage="encoder")) == (7, 4)
    assert both.stages() == ("encoder", "network")


def test_an_operation_without_a_name_is_an_error_and_never_zero():
    with pytest.raises(UnknownOperationError, match="mac_int9"):
        OperationCounts.of("network", "layer", mac_int9=1)
    with pytest.raises(UnknownOperationError, match="cooling"):
        OperationCounts.of("cooling", "layer", mac_int8=1)


@pytest.mark.parametrize("count", [-1, float("nan"), float("inf")])
def test_a_count_is_finite_and_not_negative(count):
    with pytest.raises(ValueError, match="finite"):
        OperationCounts.of("network", "layer", mac_int8=count)
