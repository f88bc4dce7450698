"""What is quoted in a message is short, printable and still to be recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.quote import quoted

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("zoo", "'zoo'"),
        ("x" * 60, f"'{'x' * 60}'"),
        ("x" * 61, f"'{'x' * 57}...'"),
        ("it's", '"it\'s"'),
        ("a\x1b[0m", r"'a\x1b[0m'"),
        (36.5, "36.5"),
        (True, "True"),
        (10**70, "1" + "0" * 56 + "..."),
        pytest.param(10**5000, "a number of 16610 bits", id="long"),
        pytest.param([10**5000], "[a number of 16610 bits]", id="long inside"),
        (["a", 1], "['a', 1]"),
    ],
)
def test_a_value_is_written_as_in_python_and_cut(value: object, text: str) -> None:
    assert quoted(value) == text


@given(ANYTHING | st.text(min_size=50, max_size=200))
def test_anything_is_one_short_printable_line(value: object) -> None:
    assert quoted(value).isprintable()
    assert len(quoted(value)) <= 62


def test_a_value_deeper_than_the_stack_is_cut() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(quoted(deep)) <= 60
