"""Keys that are put together from parts are those that are made one by one."""

from itertools import product

import pytest

from studies.cell import StudyCell
from studies.cell_key import digest, fit_key, specification_of, test_key
from studies.key_maker import CellKeys, KeyMaker
from studies.study_file import load_study


@pytest.mark.parametrize("name", ["spoken-digits", "quickstart", "word-pictures"])
def test_keys_made_by_the_thousand_are_those_made_one_by_one(name):
    study = load_study(name, {"seeds": "[3, 0, 11]"})
    versions = {system.name: f"{number:064x}" for number, system in enumerate(study.systems)}
    maker = KeyMaker(study, "c0ffee", versions)
    for system, protocol, seed in product(study.systems, study.protocols, study.seeds):
        for fold in ("george", 'Zoë "the \\ voice"'):
            cell = StudyCell(study.data.name, protocol.name, fold, system.name, seed)
            fit = specification_of(study, cell, "c0ffee", "fit")
            test = specification_of(study, cell, "c0ffee", "test")
            key = fit_key(fit, versions[system.name])
            assert maker.of(cell) == CellKeys(key, test_key(key, test), digest(fit), digest(test))
