"""Threads are used again, and none is left behind."""

from __future__ import annotations

import threading
import time

from controllers import workers
from controllers.workers import Workers


def named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def gone(name: str) -> bool:
    end_s = time.monotonic() + 5
    while named(name) and time.monotonic() < end_s:
        time.sleep(0.01)
    return not named(name)


def test_work_that_comes_one_after_the_other_takes_one_thread() -> None:
    pool = Workers("one")
    seen = set()
    for _ in range(200):
        done = threading.Event()
        pool.run(lambda done=done: (seen.add(threading.current_thread().name), done.set()))  # type: ignore[misc]
        assert done.wait(5)
        while not pool._n_idle:
            time.sleep(0)
    assert seen == {"one-1"}
    pool.close()
    assert gone("one-")


def test_work_that_blocks_keeps_no_other_waiting() -> None:
    pool = Workers("many")
    gate, barrier = threading.Event(), threading.Barrier(9)

    def block() -> None:
        barrier.wait(5)
        gate.wait(5)

    for _ in range(8):
        pool.run(block)
    barrier.wait(5)
    assert len(named("many-")) == 8
    pool.close()
    gate.set()
    assert gone("many-")


def test_threads_that_have_nothing_to_do_end_by_themselves(monkeypatch: object) -> None:
    monkeypatch.setattr(workers, "_IDLE_S", 0.01)  # type: ignore[attr-defined]
    pool = Workers("idle")
    for i in range(60):
        done = threading.Event()
        pool.run(done.set)
        assert done.wait(5)
        time.sleep(0.001 * (i % 20))
    assert gone("idle-")
    assert pool._n_idle == 0


def test_all_work_is_done_however_many_give_it(monkeypatch: object) -> None:
    monkeypatch.setattr(workers, "_IDLE_S", 0.001)  # type: ignore[attr-defined]
    pool = Workers("busy")
    count, lock = [0], threading.Lock()

    def work() -> None:
        with lock:
            count[0] += 1

    def give() -> None:
        for _ in range(500):
            pool.run(work)

    givers = [threading.Thread(target=give) for _ in range(4)]
    for giver in givers:
        giver.start()
    for giver in givers:
        giver.join()
    assert gone("busy-")
    assert count == [2000]
