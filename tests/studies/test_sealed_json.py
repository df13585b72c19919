"""A sealed table shows every change of its text; one without a seal is read as it is."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.sealed_json import SEAL, is_sealed, sealed, unsealed

TABLE = {"folds": {"leave-one-group-out": ["anna", "Zoë"]}, "content_hash": "c0ffee", "n": 3}


def test_the_seal_is_the_sha_256_of_the_text_without_it():
    lines = sealed(TABLE).decode().splitlines(keepends=True)
    (seal,) = (line for line in lines if line.startswith(f' "{SEAL}"'))
    without = (
        "".join(line for line in lines if line != seal).replace("},\n}", "}\n}").replace('"n": 3,\n}', '"n": 3\n}')
    )

    assert json.loads(sealed(TABLE))[SEAL] == hashlib.sha256(without.encode()).hexdigest()
    assert unsealed(sealed(TABLE)) == TABLE


def test_every_single_flipped_bit_shows():
    content = sealed(TABLE)
    for position in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        try:
            table = unsealed(bytes(flipped))
        except ValueError:
            continue
        # A flip within the word "sha256" itself leaves a table without a seal; whoever needs one refuses it, and
        # whoever knows its entries finds one too many.
        assert set(table) - set(TABLE)
        with pytest.raises(ValueError, match="sha256"):
            unsealed(bytes(flipped), seal_needed=True)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_any_table_comes_back(table):
    table.pop(SEAL, None)

    assert unsealed(sealed(table)) == table
    assert is_sealed(sealed(table))


def test_a_table_written_by_hand_is_read_where_no_seal_is_needed():
    assert unsealed(b'{"n":   3}') == {"n": 3}
    assert not is_sealed(b"{}")
    with pytest.raises(ValueError, match="it is not a table"):
        unsealed(b"[]")
