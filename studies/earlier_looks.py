# studies/earlier_looks.py
"""Looks at test folds by configurations whose cells are not kept any more: STORE/earlier_looks.json, written by hand.

    {"looks": [{"content_hash": ..., "protocol": ..., "fold": ..., "configuration": "what it was", "n": test cells}]}

A cell that is dropped has looked all the same. Whoever drops the cells of a configuration writes them down here, so
that they are counted on; no command can compute this file again. The same row in two stores is one configuration.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classical_baselines.harness.choices import InputError

EARLIER_LOOKS = "earlier_looks.json"


class EarlierLook(BaseModel):
    """Test cells of one configuration that opened one test fold of a data set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content_hash: str  # of the data set
    protocol: str
    fold: str
    configuration: str
    n: int = Field(ge=0)


class _Ledger(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    looks: tuple[EarlierLook, ...]


def read_earlier_looks(store_folder: Path) -> frozenset[EarlierLook]:
    """What is written down in the store at `store_folder`; nothing where the file is absent."""
    path = store_folder / EARLIER_LOOKS
    if not path.is_file():
        return frozenset()
    try:
        return frozenset(_Ledger.model_validate_json(path.read_bytes()).looks)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise InputError(
            f"{path}: {place}: {problem['msg']}. It is a record of looks at test clips that cannot be computed again: "
            "restore it from version control."
        ) from error


def earlier_looks_text(looks: frozenset[EarlierLook]) -> str:
    """The file's content, in an order of its own."""
    ordered = sorted(looks, key=lambda look: (look.content_hash, look.protocol, look.configuration, look.fold))
    return _Ledger(looks=tuple(ordered)).model_dump_json(indent=1) + "\n"
