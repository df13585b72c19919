# studies/earlier_looks.py
"""Looks at test folds by configurations whose cells are not kept any more: STORE/earlier_looks.json.

    {"looks": [{"content_hash": ..., "protocol": ..., "fold": ..., "configuration": "what it was", "n": test cells,
                "key": the cell that was dropped, where the row is of one cell}]}

A cell that is dropped has looked all the same. `trichord gc` writes the looks of the cells that it drops down here,
one row each, before it drops them; whoever drops cells by hand does so too. They are counted on, and no command can
compute this file again. The same row in two stores is one configuration, and a row whose cell is still committed
somewhere is counted as that cell.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classical_baselines.harness.choices import InputError
from studies.sealed_json import SEAL, sealed, unsealed

EARLIER_LOOKS = "earlier_looks.json"
_MEND = (
    "It is a record of looks at test clips that cannot be computed again: restore it from version control. "
    f"If you changed it yourself, take the entry {SEAL!r} out."
)


class EarlierLook(BaseModel):
    """Test cells of one configuration that opened one test fold of a data set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content_hash: str  # of the data set
    protocol: str
    fold: str
    configuration: str
    n: int = Field(ge=0)
    key: str | None = None  # of the one cell that looked


class _Ledger(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    looks: tuple[EarlierLook, ...]


def read_earlier_looks(store_folder: Path) -> frozenset[EarlierLook]:
    """What is written down in the store at `store_folder`; nothing where the file is absent."""
    path = store_folder / EARLIER_LOOKS
    if not path.is_file():
        return frozenset()
    try:
        return frozenset(_Ledger.model_validate(unsealed(path.read_bytes())).looks)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise InputError(f"{path}: {place}: {problem['msg']}. {_MEND}") from error
    except ValueError as error:
        raise InputError(f"{path}: {error}. {_MEND}") from error


def earlier_looks_text(looks: frozenset[EarlierLook]) -> bytes:
    """The file's content, in an order of its own, sealed."""
    ordered = sorted(looks, key=lambda look: (look.content_hash, look.protocol, look.configuration, look.fold, look.n))
    return sealed(_Ledger(looks=tuple(ordered)).model_dump(mode="json", exclude_none=True))
