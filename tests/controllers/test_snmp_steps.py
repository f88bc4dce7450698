"""Which varbinds go in which PDU, in which order: rules of a profile, rows, message lengths."""

from __future__ import annotations

import pytest

from controllers.drivers.snmp_serial import SerialBook
from controllers.drivers.snmp_steps import (
    ABSENT,
    ACTIVE,
    CREATE_AND_GO,
    CREATE_AND_WAIT,
    DESTROY,
    NOT_IN_SERVICE,
    Assignment,
    packed,
    set_steps,
    split,
)
from controllers.profiles import SnmpObject, SnmpRow
from controllers.profiles.codec import Codec
from controllers.snmp.ber import INTEGER, OCTET_STRING
from controllers.snmp.exchange import Variable
from twin.model.attributes import Value, attribute_of
from twin.model.errors import ModelError

DESCRIPTION = attribute_of("host", "interface/1/description")[0]


def row(create: str = "createAndGo", change: str = "active") -> SnmpRow:
    return SnmpRow((1, 3, 9, 1), "X-MIB::xStatus", create, change)


def assigned(
    path: str, *, order: int = 0, value: Value = 7, of: SnmpRow | None = None, **by_value: int
) -> tuple[SnmpObject, Value, Assignment]:
    variable = Variable((1, 3, 9, 2, len(path)), INTEGER, 7)
    o = SnmpObject(
        path=path, name="X-MIB::x", oid=variable.oid, syntax="INTEGER", base="integer",
        is_writable=True, codec=Codec(attribute=DESCRIPTION, form="integer"), order=order,
        order_by_value=by_value, row=of,
    )  # fmt: skip
    return o, value, Assignment(path, variable)


def shown(steps: tuple[tuple[Assignment, ...], ...]) -> list[list[object]]:
    """Paths, and the RowStatus that is set where one is."""
    return [
        [a.variable.value if a.path == "X-MIB::xStatus" else a.path for a in step] for step in steps
    ]


def test_everything_goes_in_one_step_unless_a_rule_says_otherwise() -> None:
    steps = set_steps([assigned("b"), assigned("aa")], {})
    assert shown(steps) == [["b", "aa"]]


def test_orders_make_steps_and_a_value_can_change_its_place() -> None:
    off = assigned("dca", value=False, false=0, true=20)
    on = assigned("dca", value=True, false=0, true=20)
    channel = assigned("channel", order=10)
    assert shown(set_steps([channel, off], {})) == [["dca"], ["channel"]]
    assert shown(set_steps([on, channel], {})) == [["channel"], ["dca"]]


@pytest.mark.parametrize(
    ("rule", "status", "expected"),
    [
        (row(), ABSENT, [[CREATE_AND_GO, "a"]]),
        (row("createAndWait"), ABSENT, [[CREATE_AND_WAIT], ["a"], [ACTIVE]]),
        (row(), ACTIVE, [["a"]]),
        (row(change="notInService"), ACTIVE, [[NOT_IN_SERVICE], ["a"], [ACTIVE]]),
        (row(), NOT_IN_SERVICE, [["a"], [ACTIVE]]),
        (row("createAndWait"), 3, [["a"], [ACTIVE]]),
    ],
)
def test_a_row_is_made_or_taken_out_of_service_around_its_columns(
    rule: SnmpRow, status: int, expected: list[list[object]]
) -> None:
    assert shown(set_steps([assigned("a", of=rule)], {rule: status})) == expected


def test_a_row_is_entered_once_for_all_its_columns() -> None:
    rule = row("createAndWait")
    change = [assigned("a", of=rule), assigned("bb", of=rule, order=5), assigned("ccc")]
    expected = [[CREATE_AND_WAIT], ["a", "ccc"], ["bb"], [ACTIVE]]
    assert shown(set_steps(change, {rule: ABSENT})) == expected


def test_a_row_in_which_nothing_is_left_is_destroyed() -> None:
    rule = row()
    assert shown(set_steps([assigned("a", of=rule)], {rule: ACTIVE}, [rule])) == [[DESTROY]]
    assert set_steps([assigned("a", of=rule)], {rule: ABSENT}, [rule]) == ()


def test_a_row_that_no_profile_makes_is_an_error() -> None:
    rule = row("never")
    with pytest.raises(ModelError, match="X-MIB::xStatus has no such row"):
        set_steps([assigned("a", of=rule)], {rule: ABSENT})


def test_a_step_is_packed_in_order_into_messages_that_fit() -> None:
    texts = [
        Assignment(f"t{i}", Variable((1, 3, i + 1), OCTET_STRING, bytes(100))) for i in range(10)
    ]
    packs = list(packed(texts, 484))
    assert [a for pack in packs for a in pack] == texts
    assert len(packs) > 1
    assert all(sum(a.n_bytes for a in pack) <= 484 - 240 for pack in packs)
    huge = Assignment("t", Variable((1, 3, 1), OCTET_STRING, bytes(5000)))
    assert [len(pack) for pack in packed([texts[0], huge, texts[1]], 484)] == [1, 1, 1]
    assert split(texts[:3]) == (tuple(texts[:1]), tuple(texts[1:3]))


def test_drivers_of_one_process_do_not_hinder_each_other_and_see_a_foreign_set() -> None:
    page = SerialBook().page("127.0.0.1", 161)
    first, second = page.base_of(2**31 - 1), page.base_of(2**31 - 1)
    assert page.expected(first) == 2**31 - 1
    page.n_own += 1
    assert page.expected(second) == 0  # ours was counted, and it wraps
    third = page.base_of(5)  # somebody else has set five times
    assert page.expected(third) == 5
    assert page.expected(second) == 0
