# studies/key_maker.py
"""The keys of many cells of a study, thousands a second: parts that cells share are written as text once.

The canonical JSON of a table is that of its parts in the order of their names, so the text of a specification is put
together from the texts of its parts. The keys are those of `fit_key` and `test_key` in `cell_key.py`, which say what
a key is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from studies.cell import CellKind, StudyCell
from studies.cell_key import canonical_json, specification_of
from studies.specification import Study


@dataclass(frozen=True)
class CellKeys:
    """The keys of one cell, and of its specifications."""

    fit: str
    test: str
    fit_specification: str
    test_specification: str


class KeyMaker:
    """Makes the keys of the cells of one study under one version of each system's code."""

    def __init__(self, study: Study, content_hash: str, code_versions: Mapping[str, str]) -> None:
        self._study = study
        self._content_hash = content_hash
        self._code_versions = code_versions  # by system
        self._parts: dict[tuple[str, str, bool, CellKind], dict[str, str]] = {}

    def of(self, cell: StudyCell) -> CellKeys:
        """The keys of one cell."""
        fit, _ = self._texts(cell, "fit")
        test, backends = self._texts(cell, "test")
        code = json.dumps(self._code_versions[cell.system])
        key = _sha256(f'{{"code_version":{code},"specification":{fit}}}')
        tested = _sha256(f'{{"backends":{backends},"fit":"{key}","kind":"test"}}')
        return CellKeys(key, tested, _sha256(fit), _sha256(test))

    def _texts(self, cell: StudyCell, kind: CellKind) -> tuple[str, str]:
        """The canonical JSON of a cell's specification, and of the backends in it."""
        shared = (cell.system, cell.protocol, cell.seed == self._study.seeds[0], kind)
        if shared not in self._parts:
            whole = specification_of(self._study, cell, self._content_hash, kind)
            self._parts[shared] = {name: canonical_json(whole[name]) for name in sorted(whole)}
        parts = self._parts[shared] | {"fold": json.dumps(cell.fold), "seed": str(cell.seed)}  # in the same order
        return "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}", parts["backends"]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
