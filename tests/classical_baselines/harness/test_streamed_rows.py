# tests/classical_baselines/harness/test_streamed_rows.py
"""Rows that stream answer as the tensor does that they stand for, and read no more than they are asked for."""

import pytest
import torch

from classical_baselines.harness import streamed_rows
from classical_baselines.harness.streamed_rows import StreamedRows, changed_rows, chosen_rows, held_rows

WHOLE = torch.arange(7 * 2 * 3, dtype=torch.float32).reshape(7, 2, 3)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def rows(asked, monkeypatch):
    monkeypatch.setattr(streamed_rows, "IN_MEMORY_BYTES", 0)

    def read(indices):
        asked.append(indices.tolist())
        return WHOLE[indices]

    return StreamedRows(read, tuple(WHOLE.shape))


@pytest.mark.parametrize(
    "indices", [3, -1, slice(2, 5), slice(None), slice(7, 9), [6, 0, 6], [], torch.tensor([4, 1]), torch.tensor(2)]
)
def test_indices_mean_what_they_mean_to_a_tensor(rows, indices):
    expected = WHOLE[indices] if not isinstance(indices, list) else WHOLE[torch.tensor(indices, dtype=torch.long)]

    assert torch.equal(rows[indices], expected)


@pytest.mark.parametrize("n_rows", [1, 3, 7, 10])
def test_a_split_is_that_of_the_tensor_and_is_read_part_by_part(rows, asked, n_rows):
    parts = rows.split(n_rows)
    assert asked == []
    first = next(parts)
    assert asked == [list(range(min(n_rows, 7)))]
    found, expected = [first, *parts], WHOLE.split(n_rows)

    assert len(found) == len(expected)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_rows_chosen_out_of_chosen_rows_are_read_alone(rows, asked):
    chosen = chosen_rows(chosen_rows(rows, (5, 3, 1, 0)), [2, 0])

    assert (len(chosen), chosen.shape, asked) == (2, (2, 2, 3), [])
    assert torch.equal(chosen[[1]], WHOLE[[5]])
    assert asked == [[5]]


def test_few_enough_rows_are_held(rows, monkeypatch):
    monkeypatch.setattr(streamed_rows, "IN_MEMORY_BYTES", 2 * 4 * 2 * 3)

    assert torch.equal(chosen_rows(rows, [4, 2]), WHOLE[[4, 2]])
    assert isinstance(chosen_rows(rows, [4, 2, 0]), StreamedRows)


@pytest.mark.parametrize("given", ["tensor", "rows"])
def test_changed_rows_are_changed_as_they_are_read(rows, given):
    changed = changed_rows(WHOLE if given == "tensor" else rows, lambda values: values / 3)

    assert torch.equal(changed[[2, 6]], (WHOLE / 3)[[2, 6]])
    assert torch.equal(held_rows(changed), WHOLE / 3)
