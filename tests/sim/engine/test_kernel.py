"""Actions happen in order, can be taken back, and name who failed and when."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.kernel import Crews, Kernel, SimulationError
from twin.sim.supply import Supply


class Book:
    """Writes down what happens."""

    def __init__(self, kernel):
        self.kernel, self.lines = kernel, []

    def write(self, text):
        self.lines.append((self.kernel.now_s, text))

    def fail(self):
        raise KeyError("lost page")


@given(st.lists(st.integers(0, 20), max_size=30))
def test_actions_happen_by_time_and_then_in_the_order_they_were_asked_for(times):
    kernel = Kernel()
    book = Book(kernel)
    for k, at_s in enumerate(times):
        kernel.at(float(at_s), "book", book.write, k)
    kernel.advance(100.0)
    expected = sorted((float(at_s), k) for k, at_s in enumerate(times))
    assert book.lines == expected


def test_an_action_at_the_end_of_an_advance_happens_in_the_next():
    kernel = Kernel()
    book = Book(kernel)
    kernel.at(10.0, "book", book.write, "ten")
    kernel.advance(10.0)
    assert book.lines == []
    kernel.advance(10.0)
    assert book.lines == []
    kernel.advance(10.5)
    assert book.lines == [(10.0, "ten")]


def test_a_cancelled_action_does_not_happen():
    kernel = Kernel()
    book = Book(kernel)
    kernel.after(1.0, "book", book.write, "x").cancel()
    kernel.advance(5.0)
    assert book.lines == []


@pytest.mark.parametrize("time_s", [-1.0, math.nan, math.inf])
def test_an_action_in_the_past_or_never_is_refused(time_s):
    with pytest.raises(ValueError, match="book: cannot act at"):
        Kernel().at(time_s, "book", print)


def test_a_failing_action_names_who_and_when():
    kernel = Kernel()
    kernel.after(61.5, "page 3", Book(kernel).fail)
    with pytest.raises(SimulationError, match=r"^page 3 at simulated second 61.500: KeyError: "):
        kernel.advance(100.0)


def test_crews_serve_the_urgent_first_and_others_in_order():
    kernel = Kernel()
    book, crews = Book(kernel), Crews(kernel, capacity=1)

    for k, urgency in enumerate([5, 5, 1]):
        request = crews.request(priority=urgency)
        kernel.when(request, f"job {k}", book.write, k)
        kernel.at(10.0 * (k + 1), f"job {k}", crews.release, request)
    kernel.advance(100.0)
    assert book.lines == [(0.0, 0), (10.0, 2), (30.0, 1)]


def test_when_something_has_happened_already_the_action_is_next():
    kernel = Kernel()
    book = Book(kernel)
    event = kernel.event().succeed()
    kernel.advance(1.0)
    kernel.when(event, "book", book.write, "late")
    kernel.advance(2.0)
    assert book.lines == [(1.0, "late")]


class Listener:
    """Writes down what it is told of supply."""

    def __init__(self):
        self.told = []

    def hear(self, consumer, kind, is_supplied):
        self.told.append((consumer, kind, is_supplied))


def test_a_consumer_is_supplied_again_when_the_last_cause_is_gone():
    supply, listener = Supply(), Listener()
    supply.watch(["lamp", "school"], listener.hear)
    supply.cut(["lamp", "school"], "power", "storm")
    supply.cut(["lamp"], "power", "digger")
    supply.cut(["lamp"], "link", "digger")
    supply.restore(["school", "lamp"], "power", "storm")
    assert not supply.is_supplied("lamp", "power")
    assert supply.causes("lamp", "power") == {"digger"}
    assert supply.cut_off("link") == ("lamp",)
    supply.restore(["lamp"], "power", "digger")
    supply.restore(["lamp"], "power", "digger")
    assert listener.told == [
        ("lamp", "power", False),
        ("school", "power", False),
        ("lamp", "link", False),
        ("school", "power", True),
        ("lamp", "power", True),
    ]
    assert supply.is_supplied("stranger", "power")
