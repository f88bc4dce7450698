"""The chain of the journal: its bytes stay the same, whatever makes them fast."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from controllers.chain import GENESIS, row_of
from controllers.steps import Note

VALUES = st.one_of(
    st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)


def plain_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@given(st.dictionaries(st.text(), VALUES), st.text(), st.text())
def test_row_is_hashed_over_plain_json(payload, kind, device):
    row = row_of(3, "run", "at", Note(kind, device, payload), GENESIS)
    text = plain_json(payload)
    columns = json.dumps([GENESIS, 3, "run", "at", kind, device, text], separators=(",", ":"))
    assert row["payload"] == text
    assert row["hash"] == hashlib.sha256(columns.encode()).hexdigest()


def test_equal_keys_of_another_type_are_other_records():
    texts = [row_of(1, "r", "", Note("k", "d", {"a": v}), GENESIS)["payload"] for v in (1, 1.0)]
    assert texts == ['{"a":1}', '{"a":1.0}']
    assert row_of(1, "r", "", Note("k", "d", {"a": True}), GENESIS)["payload"] == '{"a":true}'
