# tests/studies/test_environmental_sound.py
"""The study of environmental sounds on the other sets of its kind: fifty classes by one option, and folds that hold."""

import pytest

from classical_baselines.harness.choices import InputError
from studies.dry_run import check_study
from studies.fold_checks import checked_folds
from studies.specification import Protocol, Study
from studies.study_file import load_study
from tests.classical_baselines.data.small_sets import URBAN_CLASSES, public_esc_50, public_urbansound8k, table


def lean(data_name: str, *names: str) -> Study:
    """The study on another set, with some of its systems."""
    whole = load_study("environmental-sound", {"data.name": data_name})
    return whole.model_copy(update={"systems": tuple(whole.system(name) for name in names)})


def test_fifty_classes_are_one_option_away(tmp_path):
    public_esc_50(tmp_path / "ESC-50-master", n_samples=3000)  # longer than a frame of 64 ms, 2,823 at 44.1 kHz
    study = lean("esc-50", "se-residual-cnn", "band-svm", "qft-hybrid")

    tried = check_study(study, tmp_path)

    assert len(tried.clips.label_names) == 50
    folds = checked_folds(study, "official-folds", tried.clips)
    assert [fold.name for fold in folds] == list("12345")
    assert {len(fold.train) for fold in folds} == {150}
    assert all(fold.group_disjoint for fold in folds)


def city(tmp_path, protocol: str):
    study = lean("urbansound8k", "band-svm")
    return check_study(
        study.model_copy(update={"protocols": (Protocol(name=protocol),), "short_clips": "pad"}), tmp_path
    )


@pytest.mark.parametrize("protocol", ["grouped-k-fold", "stratified-k-fold", "leave-one-group-out"])
def test_urbansound8k_is_not_split_but_by_its_ten_folds(protocol, tmp_path):
    public_urbansound8k(tmp_path / "UrbanSound8K")

    with pytest.raises(
        InputError,
        match=f"protocol '{protocol}': urbansound8k is not split so: the publisher asks for his ten folds and not to "
        r"deal them anew, .*98\.06 % for 83\.94 %.*Choose the protocol 'official-folds'",
    ):
        city(tmp_path, protocol)


def test_a_table_of_ones_own_cannot_deal_the_ten_folds_into_five(tmp_path):
    folder = tmp_path / "UrbanSound8K"
    public_urbansound8k(folder)
    rows = [
        (str(path.relative_to(folder)), label, str(1 + int(path.name.split("-")[0]) % 5), path.name.split("-")[0])
        for path in sorted(folder.glob("audio/*/*.wav"))
        for label in [URBAN_CLASSES[int(path.name.split("-")[1])]]
    ]
    table(folder / "meta.csv", "file,label,fold_or_split,speaker_or_group", rows)

    with pytest.raises(InputError, match=r"has the folds 1, 2, 3, 4, 5 here, and is published with 1 to 10: .* meta"):
        city(tmp_path, "official-folds")
