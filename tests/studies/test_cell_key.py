# tests/studies/test_cell_key.py
"""A key changes with what the cell depends on, and with nothing else."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.cell import StudyCell
from studies.cell_key import canonical_json, digest, fit_key, specification_of, test_key
from studies.specification import Study
from tests.studies.fake_study import raw_study

CELL = StudyCell("fake", "leave-one-group-out", "anna", "small", 0)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def key_of(raw: dict, cell: StudyCell = CELL, content_hash: str = "c0ffee", code: str = "f") -> tuple[str, str]:
    study = Study.model_validate(raw)
    key = fit_key(specification_of(study, cell, content_hash, "fit"), code)
    return key, test_key(key, specification_of(study, cell, content_hash, "test"))


def changed(path: str, value: object) -> dict:
    raw = json.loads(json.dumps(raw_study()))
    *parents, last = path.split(".")
    node = raw
    for part in parents:
        node = node[int(part)] if part.isdigit() else node.setdefault(part, {})
    node[last] = value
    return raw


def test_the_key_is_the_sha_256_of_sorted_compact_json():
    expected = hashlib.sha256(b'{"a":[1,0.1],"b":"x"}').hexdigest()

    assert digest({"b": "x", "a": (1.0, 0.1)}) == expected


@given(values)
def test_a_value_read_back_from_json_in_another_order_has_the_same_key(value):
    def reversed_keys(item):
        if isinstance(item, dict):
            return {key: reversed_keys(item[key]) for key in reversed(item)}
        return [reversed_keys(one) for one in item] if isinstance(item, list) else item

    assert digest(reversed_keys(json.loads(json.dumps(value)))) == digest(value)


@given(values, values)
def test_two_values_have_one_key_only_if_they_are_equal(a, b):
    assert (canonical_json(a) == canonical_json(b)) == (json.dumps(numbers(a)) == json.dumps(numbers(b)))


def numbers(value):
    """Sorted keys, and 1.0 as 1: what the key is meant to treat as equal."""
    if isinstance(value, dict):
        return {key: numbers(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [numbers(one) for one in value]
    return int(value) if isinstance(value, float) and value == int(value) else value


def test_nan_has_no_key():
    with pytest.raises(ValueError, match="finite"):
        digest({"learning_rate": float("nan")})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Another title"),
        ("question", "Another question?"),
        ("name", "another-name"),
        ("equivalence_margin", 0.05),
        ("baseline", "large"),
        ("cell_seconds_limit", 10),
        ("seeds", [0, 7]),
        ("systems.0.title", "Small network"),
        ("systems.0.role", "rival"),
        ("systems.0.family", "neuro"),
        ("systems.0.runs.0.deployments", ["cortex-m4"]),
        ("systems.0.runs.0.headline", True),
        ("systems.1.classifier.options", {"size": "huge"}),
        ("protocols.0.headline", True),
        ("front_ends.0.label", "as-recorded"),
        ("data.folder", "elsewhere"),
    ],
)
def test_what_the_cell_does_not_depend_on_leaves_its_key_alone(path, value):
    assert key_of(changed(path, value)) == key_of(raw_study())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.clip_seconds", 0.5),
        ("data.sample_rate_hz", 16000),
        ("front_ends.0.options", {"n_mels": 16}),
        ("intensity_quantiles", [0.01, 0.99]),
        ("protocols.0.options", {"n_folds": 3}),
        ("augmentation", {"speeds": [0.9, 1.0]}),
        ("threads_per_cell", 2),
        ("seeds", [5, 0]),
        ("systems.0.encoder", {"name": "latency"}),
        ("systems.0.classifier.options", {"size": "tiny"}),
        ("systems.0.training", {"n_epochs": 3}),
        ("systems.0.runs.0.backend", {"name": "torch-float", "options": {"batch_size": 8}}),
        ("systems.0.runs", [{"backend": {"name": "torch-float"}}, {"backend": {"name": "int8"}}]),
    ],
)
def test_what_the_cell_depends_on_changes_both_keys(path, value):
    before, after = key_of(raw_study()), key_of(changed(path, value))

    assert before[0] != after[0]
    assert before[1] != after[1]


def test_augmentation_counts_for_the_systems_that_augment_alone():
    still = changed("systems.0.augment", False)
    moving = changed("systems.0.augment", False) | {"augmentation": {"speeds": [0.9, 1.0]}}

    assert key_of(still) == key_of(moving)


def test_a_systems_own_augmentation_is_in_its_key_as_the_studys_would_be():
    own, of_study = changed("systems.0.augmentation", {"speeds": [0.9, 1.0]}), {"speeds": [0.9, 1.0]}
    other = StudyCell("fake", "leave-one-group-out", "anna", "large", 0)

    assert key_of(own) != key_of(raw_study())
    assert key_of(own) == key_of(changed("augmentation", of_study))
    assert key_of(own, other) == key_of(raw_study(), other)
    assert key_of(own | {"augmentation": {"level_jitter": 0.1}}) == key_of(own)


def test_data_code_seed_and_fold_change_the_key():
    cells = [CELL, StudyCell("fake", "leave-one-group-out", "ben", "small", 0)]
    cells.append(StudyCell("fake", "leave-one-group-out", "anna", "small", 1))
    keys = {key_of(raw_study(), cell)[0] for cell in cells}
    keys |= {key_of(raw_study(), content_hash="tea")[0], key_of(raw_study(), code="e")[0]}

    assert len(keys) == 5


def test_a_run_for_the_test_clips_alone_changes_the_test_key_alone():
    runs = [{"backend": {"name": "torch-float"}}, {"backend": {"name": "loihi-lava"}, "test_only": True}]
    before, after = key_of(raw_study()), key_of(changed("systems.0.runs", runs))

    assert before[0] == after[0]
    assert before[1] != after[1]
