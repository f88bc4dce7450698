"""Sessions to devices: what is closed when a step outlives its deadline, and at the end."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from memory_devices import MemoryDriver
from planning_memory import boxes

from controllers.ports import DeviceClass
from controllers.sessions import Sessions
from controllers.steps import Command, Done, Failed, Fault, Op
from twin.model.errors import DeviceRefused, DeviceUnreachable, InputError, JournalError

DEADLINE_S = 20.0


class Blocking(MemoryDriver):
    """A driver whose reads block until its session is closed, once it is told to."""

    def __init__(self, box, makers):
        super().__init__(box)
        self.makers = makers
        self.closed = threading.Event()
        self.reading = threading.Event()

    def read(self, paths=None):
        if self.makers.blocks:
            self.reading.set()
            assert self.closed.wait(DEADLINE_S), "nobody closed the session that is stuck"
            raise DeviceUnreachable(self.device.id, "the session was closed")
        return super().read(paths)

    def close(self):
        self.closed.set()
        super().close()


class Makers:
    """Makes and remembers drivers."""

    def __init__(self, made):
        self.made, self.blocks, self.drivers = made, False, []

    def __call__(self, device):
        self.drivers.append(Blocking(self.made[device.id], self))
        return self.drivers[-1]


@pytest.fixture
def bench():
    made = boxes("cell-1")
    makers = Makers(made)
    skew = [0.0]
    sessions = Sessions(
        made.devices, {"cell-1": DeviceClass.D}, makers, lambda: time.monotonic() + skew[0]
    )
    yield made["cell-1"], makers, sessions, skew
    sessions.close()


def step(sessions, op, **fields):
    sessions.submit([Command("cell-1", op, 1.0, **fields)])
    return sessions.wait(DEADLINE_S)[0]


def block_a_read(makers, sessions):
    makers.blocks = True
    sessions.submit([Command("cell-1", Op.READ, 100.0, paths=("tilt_deg",))])
    until_s = time.monotonic() + DEADLINE_S
    while len(makers.drivers) < 2 and time.monotonic() < until_s:
        sessions.wait(0.001)
    assert makers.drivers[1].reading.wait(DEADLINE_S)


def test_an_overdue_read_is_closed_and_the_session_with_the_lock_is_kept(bench):
    box, makers, sessions, skew = bench
    assert isinstance(step(sessions, Op.LOCK, paths=("tilt_deg",)), Done)
    block_a_read(makers, sessions)
    skew[0] = 1000.0
    event, _ = sessions.wait(DEADLINE_S)
    assert (event.op, event.fault) == (Op.READ, Fault.UNREACHABLE)
    holder, reader = makers.drivers
    assert reader.closed.wait(DEADLINE_S)
    assert not holder.closed.is_set()
    assert box.owner is holder
    makers.blocks = False
    assert isinstance(step(sessions, Op.PREPARE, values={"tilt_deg": 6.0}), Done)
    assert box.editor is holder


def test_a_failed_read_does_not_forget_the_lock(bench):
    box, _makers, sessions, _ = bench
    step(sessions, Op.LOCK, paths=("tilt_deg",))
    box.faults["read"] = ["lost"]
    assert isinstance(step(sessions, Op.READ, paths=("tilt_deg",)), Failed)
    assert isinstance(step(sessions, Op.RESTORE, values={"tilt_deg": 3.0}), Done)
    assert box.calls.count("lock") == 1
    assert isinstance(step(sessions, Op.UNLOCK), Done)
    assert "unlock" in box.calls


def test_close_ends_steps_that_are_under_way(bench):
    box, makers, sessions, _ = bench
    step(sessions, Op.LOCK, paths=("tilt_deg",))
    block_a_read(makers, sessions)
    sessions.close()
    assert all(driver.closed.wait(DEADLINE_S) for driver in makers.drivers)
    assert box.owner is None


@pytest.mark.parametrize(
    ("error", "fault", "reason"),
    [
        (DeviceRefused("cell-1", "no such leaf"), Fault.REFUSED, "no such leaf"),
        (
            InputError("secret file:pw is empty", "inventory.yaml", hint="write it there"),
            Fault.REFUSED,
            "inventory.yaml: secret file:pw is empty; write it there",
        ),
        (JournalError("the disk is full"), Fault.REFUSED, "the disk is full"),
        (KeyError("x"), Fault.BROKEN, "unexpected KeyError in the driver (see -vv)"),
    ],
)
def test_a_reason_is_told_in_our_words(bench, error, fault, reason, caplog):
    box, _makers, sessions, _ = bench
    caplog.set_level(logging.DEBUG)
    box.faults["lock"] = [error]
    event = step(sessions, Op.LOCK, paths=("tilt_deg",))
    assert (event.fault, event.reason) == (fault, reason)
    traces = [record for record in caplog.records if record.exc_info]
    assert [record.levelno for record in traces] == [logging.DEBUG] * (fault is Fault.BROKEN)


class Stuck(MemoryDriver):
    """A driver that hangs until it is told to end, whatever is done to it."""

    def __init__(self, box, released, alive):
        super().__init__(box)
        self.released, self.alive = released, alive

    def read(self, paths=None):
        self.alive.append(self.device.id)
        assert self.released.wait(DEADLINE_S)
        raise DeviceUnreachable(self.device.id, "was stuck")

    def close(self):
        pass


def crowd(n_stuck, n_healthy, **options):
    made = boxes(*(f"cell-{i}" for i in range(n_stuck + n_healthy)))
    released, alive, skew = threading.Event(), [], [0.0]

    def make(device):
        if int(device.id[5:]) < n_stuck:
            return Stuck(made[device.id], released, alive)
        return MemoryDriver(made[device.id])

    sessions = Sessions(made.devices, {}, make, lambda: time.monotonic() + skew[0], **options)
    reads = [Command(d.id, Op.READ, 100.0, paths=("tilt_deg",)) for d in made.devices]
    sessions.submit(reads)
    return sessions, released, alive, skew


def test_sick_devices_do_not_keep_healthy_ones_waiting():
    sessions, released, alive, skew = crowd(4, 3, n_threads=2, n_slow=10)
    try:
        assert sessions.wait(0.05) is None
        assert len(alive) == 2
        skew[0] = 4.0  # the first two are slow now: two more may begin
        assert sessions.wait(0.05) is None
        assert len(alive) == 4
        skew[0] = 8.0
        events = [sessions.wait(DEADLINE_S)[0] for _ in range(3)]
        assert all(isinstance(event, Done) for event in events)
    finally:
        released.set()
        sessions.close()


def test_threads_are_bounded_when_every_driver_hangs_for_good():
    sessions, released, alive, skew = crowd(30, 2, n_threads=3, n_slow=5)
    try:
        events = []
        while len(events) < 32:
            skew[0] += 50.0
            if result := sessions.wait(0.01):
                events.append(result[0])
        assert len(alive) == 8
        assert {event.fault for event in events} == {Fault.UNREACHABLE}
        assert sum("was not asked" in event.reason for event in events) == 24
    finally:
        released.set()
        sessions.close()
