"""The confirmed-commit matrix and the locks of RFC 6241, in virtual time."""

import heapq
import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controllers.ports import Device
from hil.emulators.datastore import Commit, Datastore
from hil.emulators.device import DeviceDied, EmulatedDevice, Strike
from hil.emulators.rpc_error import RpcError
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import ModelError

OLD, NEW, NEWER = 36, 44, 52
PATH = "radio/2/channel"
POWER = "radio/2/tx_power_dbm"


class Timers:
    """A clock whose timers fire when it is moved."""

    def __init__(self):
        self.now_s = 0.0
        self._queue = []
        self._numbers = itertools.count()

    def call_later(self, delay_s, call):
        timer = _Timer()
        heapq.heappush(self._queue, (self.now_s + delay_s, next(self._numbers), timer, call))
        return timer

    def move(self, delay_s):
        self.now_s += delay_s
        while self._queue and self._queue[0][0] <= self.now_s:
            _, _, timer, call = heapq.heappop(self._queue)
            if not timer.is_cancelled:
                call()

    @property
    def n_live(self):
        return sum(not timer.is_cancelled for _, _, timer, _ in self._queue)


class _Timer:
    is_cancelled = False

    def cancel(self):
        self.is_cancelled = True


class Bench:
    def __init__(self, world=None):
        self.world = world or MemoryWorld({"ap": "ap"}, {"ap": {PATH: OLD, POWER: 20}})
        entry = Device(id="ap", kind="ap", profile="openconfig-ap", host="", port=0, username="")
        self.device = EmulatedDevice(entry, self.world)
        self.timers = Timers()
        self.store = Datastore(self.device, self.timers.call_later)

    @property
    def channel(self):
        return self.world.read("ap", PATH)

    def edit(self, value, session=1):
        self.store.edit(session, {PATH: value})

    def arm(self, value=NEW, session=1, persist=None, persist_id=None, timeout_s=100):
        self.edit(value, session)
        self.store.commit(
            session,
            Commit(is_confirmed=True, timeout_s=timeout_s, persist=persist, persist_id=persist_id),
        )

    def confirm(self, session=1, persist_id=None):
        self.store.commit(session, Commit(persist_id=persist_id))


@pytest.fixture
def bench():
    return Bench()


def tag(callable_, *arguments, **fields):
    with pytest.raises(RpcError) as caught:
        callable_(*arguments, **fields)
    return caught.value.tag


# --- the matrix: persist x event, each ends old or new and leaves nothing armed ---

PERSIST = [None, "token"]


@pytest.mark.parametrize("persist", PERSIST)
def test_expiry_takes_back(bench, persist):
    bench.arm(persist=persist)
    bench.timers.move(99.9)
    assert bench.channel == NEW
    bench.timers.move(0.1)
    assert bench.channel == OLD
    assert not bench.store.is_armed


@pytest.mark.parametrize("persist", PERSIST)
def test_confirmation_is_for_good(bench, persist):
    bench.arm(persist=persist)
    bench.confirm(persist_id=persist)
    bench.timers.move(1e6)
    assert bench.channel == NEW
    assert bench.timers.n_live == 0


@pytest.mark.parametrize("persist", PERSIST)
def test_cancel_takes_back_at_once(bench, persist):
    bench.arm(persist=persist)
    bench.store.cancel(1, persist)
    assert (bench.channel, bench.store.is_armed, bench.timers.n_live) == (OLD, False, 0)


def test_session_loss_takes_back_without_persist(bench):
    bench.arm()
    bench.store.end_session(1)
    assert (bench.channel, bench.store.is_armed) == (OLD, False)


def test_session_loss_leaves_a_persistent_commit_armed(bench):
    bench.arm(persist="token")
    bench.store.end_session(1)
    assert (bench.channel, bench.store.is_armed) == (NEW, True)
    bench.timers.move(100)
    assert bench.channel == OLD


@pytest.mark.parametrize("is_confirming", [True, False])
def test_a_persistent_commit_is_settled_from_another_session(bench, is_confirming):
    bench.arm(persist="token")
    bench.store.end_session(1)
    if is_confirming:
        bench.confirm(2, "token")
    else:
        bench.store.cancel(2, "token")
    assert bench.channel == (NEW if is_confirming else OLD)
    assert not bench.store.is_armed


def test_another_session_lost_changes_nothing(bench):
    bench.arm()
    bench.store.end_session(2)
    assert (bench.channel, bench.store.is_armed) == (NEW, True)


@pytest.mark.parametrize("persist", PERSIST)
def test_follow_up_restarts_the_timer_and_keeps_the_first_backup(bench, persist):
    bench.arm(persist=persist)
    bench.timers.move(90)
    bench.arm(NEWER, persist_id=persist)
    bench.timers.move(90)
    assert bench.channel == NEWER
    bench.timers.move(10)
    assert bench.channel == OLD


def test_follow_up_by_token_from_another_session_stays_persistent(bench):
    bench.arm(persist="token")
    bench.store.end_session(1)
    bench.store.commit(2, Commit(is_confirmed=True, timeout_s=50, persist_id="token"))
    bench.store.end_session(2)
    assert bench.store.is_armed
    bench.confirm(3, "token")
    assert bench.channel == NEW


def test_follow_up_can_change_the_token(bench):
    bench.arm(persist="token")
    bench.arm(NEWER, persist="other", persist_id="token")
    assert tag(bench.confirm, 1, "token") == "invalid-value"
    bench.confirm(1, "other")
    assert bench.channel == NEWER


@pytest.mark.parametrize("wrong", [None, "", "tok", "token ", "Token"])
def test_a_wrong_token_neither_confirms_nor_cancels(bench, wrong):
    bench.arm(persist="token")
    assert tag(bench.confirm, 2, wrong) == "invalid-value"
    assert tag(bench.store.cancel, 2, wrong) == "invalid-value"
    assert tag(bench.arm, NEWER, 2, None, wrong) == "invalid-value"
    assert (bench.channel, bench.store.is_armed) == (NEW, True)


def test_a_token_without_a_pending_commit_is_refused(bench):
    assert tag(bench.confirm, 1, "token") == "invalid-value"
    assert tag(bench.store.cancel, 1, "token") == "invalid-value"
    assert tag(bench.store.cancel, 1, None) == "operation-failed"


def test_a_token_for_a_commit_without_one_is_refused(bench):
    bench.arm()
    assert tag(bench.confirm, 1, "token") == "invalid-value"


def test_another_session_cannot_settle_a_commit_without_token(bench):
    bench.arm()
    assert tag(bench.confirm, 2) == "in-use"
    assert tag(bench.store.cancel, 2, None) == "in-use"
    assert bench.store.is_armed


def test_restart_takes_back_what_was_not_confirmed(bench):
    bench.arm(persist="token")
    bench.store.power_loss()
    assert bench.timers.n_live == 0
    assert bench.channel == NEW
    bench.store.power_up()
    assert (bench.channel, bench.store.is_armed) == (OLD, False)


def test_restart_with_other_storage_keeps_that(bench):
    bench.arm(persist="token")
    bench.store.power_loss()
    bench.world.write("ap", {PATH: NEWER})
    bench.store.forget_armed()
    bench.store.power_up()
    assert bench.channel == NEWER


@pytest.mark.parametrize(
    ("when", "channel", "power"), [("before", OLD, 20), ("half", NEW, 20), ("after", NEW, 10)]
)
def test_death_at_an_armed_commit_comes_back_old(bench, when, channel, power):
    bench.device.strike = Strike(operation="commit", when=when)
    bench.store.edit(1, {PATH: NEW, POWER: 10})
    with pytest.raises(DeviceDied):
        bench.store.commit(1, Commit(is_confirmed=True))
    bench.store.power_loss()
    assert (bench.channel, bench.world.read("ap", POWER)) == (channel, power)
    bench.store.power_up()
    assert (bench.channel, bench.world.read("ap", POWER)) == (OLD, 20)


@pytest.mark.parametrize(("when", "channel"), [("before", OLD), ("after", NEW)])
def test_death_at_the_confirmation(bench, when, channel):
    bench.arm(persist="token")
    bench.device.strike = Strike(operation="confirm", when=when)
    with pytest.raises(DeviceDied):
        bench.confirm(2, "token")
    bench.store.power_loss()
    bench.store.power_up()
    assert bench.channel == channel
    assert bench.timers.n_live == 0


def test_a_world_that_refuses_leaves_the_armed_commit_as_it_was():
    class Picky(MemoryWorld):
        def write(self, device, changes):
            if changes.get(PATH) == NEWER:
                raise ModelError("radar on 52")
            super().write(device, changes)

    bench = Bench(Picky({"ap": "ap"}, {"ap": {PATH: OLD, POWER: 20}}))
    bench.arm(persist="token")
    bench.edit(NEWER)
    assert tag(bench.confirm, 1, "token") == "operation-failed"
    assert (bench.channel, bench.store.is_armed, bench.store.is_dirty) == (NEW, True, True)
    bench.timers.move(100)
    assert bench.channel == OLD


# --- locks and the candidate ---


def test_a_lock_is_denied_with_the_holder(bench):
    bench.store.lock(1, "candidate")
    for session in (1, 2):
        with pytest.raises(RpcError) as caught:
            bench.store.lock(session, "candidate")
        assert (caught.value.tag, caught.value.info) == ("lock-denied", {"session-id": "1"})
    bench.store.lock(2, "running")


def test_a_dirty_candidate_cannot_be_locked(bench):
    bench.edit(NEW, session=2)
    assert tag(bench.store.lock, 1, "candidate") == "lock-denied"
    bench.store.discard(1)
    bench.store.lock(1, "candidate")


def test_running_cannot_be_locked_during_a_foreign_confirmed_commit(bench):
    bench.arm(persist="token")
    with pytest.raises(RpcError) as caught:
        bench.store.lock(2, "running")
    assert caught.value.info == {"session-id": "1"}
    bench.store.lock(1, "running")


def test_unlock_discards_the_candidate(bench):
    bench.store.lock(1, "candidate")
    bench.edit(NEW)
    bench.store.unlock(1, "candidate")
    assert not bench.store.is_dirty
    assert tag(bench.store.unlock, 1, "candidate") == "operation-failed"


def test_session_loss_frees_locks_and_discards_its_candidate(bench):
    bench.store.lock(1, "candidate")
    bench.store.lock(1, "running")
    bench.edit(NEW)
    bench.store.end_session(1)
    bench.store.lock(2, "candidate")
    bench.store.lock(2, "running")


def test_foreign_locks_refuse_edit_commit_and_discard(bench):
    bench.store.lock(2, "candidate")
    assert tag(bench.edit, NEW) == "in-use"
    assert tag(bench.store.discard, 1) == "in-use"
    assert tag(bench.confirm) == "in-use"
    bench.store.unlock(2, "candidate")
    bench.edit(NEW)
    bench.store.lock(2, "running")
    assert tag(bench.confirm) == "in-use"


def test_candidate_is_apart_from_running(bench):
    bench.edit(NEW)
    assert bench.store.configuration("candidate")[PATH] == NEW
    assert bench.store.configuration("running")[PATH] == OLD == bench.channel
    bench.store.discard(1)
    assert bench.store.configuration("candidate")[PATH] == OLD


# --- any order of events: a model of thirty lines agrees, and nothing stays behind ---

SESSIONS = st.sampled_from([1, 2, 3])
TOKENS = st.sampled_from([None, "a", "b"])


class Orders(RuleBasedStateMachine):
    """Random orders of operations; the backup is always what was confirmed last."""

    def __init__(self):
        super().__init__()
        self.bench = Bench()
        self.confirmed = OLD
        self.channels = itertools.cycle([40, 44, 48, 52, 56])

    def attempt(self, call, *arguments):
        try:
            call(*arguments)
        except RpcError:
            return False
        return True

    @rule(session=SESSIONS)
    def edit(self, session):
        self.attempt(self.bench.edit, next(self.channels), session)

    @rule(session=SESSIONS, store=st.sampled_from(["running", "candidate"]))
    def lock(self, session, store):
        self.attempt(self.bench.store.lock, session, store)

    @rule(session=SESSIONS, store=st.sampled_from(["running", "candidate"]))
    def unlock(self, session, store):
        self.attempt(self.bench.store.unlock, session, store)

    @rule(session=SESSIONS, token=TOKENS)
    def commit(self, session, token):
        if self.attempt(self.bench.confirm, session, token):
            self.confirmed = self.bench.channel

    @rule(session=SESSIONS, persist=TOKENS, token=TOKENS, timeout_s=st.integers(1, 50))
    def arm(self, session, persist, token, timeout_s):
        commit = Commit(is_confirmed=True, timeout_s=timeout_s, persist=persist, persist_id=token)
        self.attempt(self.bench.store.commit, session, commit)

    @rule(session=SESSIONS, token=TOKENS)
    def cancel(self, session, token):
        if self.attempt(self.bench.store.cancel, session, token):
            assert not self.bench.store.is_armed

    @rule(session=SESSIONS)
    def lose(self, session):
        self.bench.store.end_session(session)
        assert session not in self.bench.store.locks.values()

    @rule(delay_s=st.integers(1, 60))
    def wait(self, delay_s):
        self.bench.timers.move(delay_s)

    @rule()
    def restart(self):
        self.bench.store.power_loss()
        self.bench.store.power_up()
        assert not self.bench.store.locks

    @invariant()
    def unarmed_means_confirmed(self):
        if not self.bench.store.is_armed:
            assert self.bench.channel == self.confirmed
            assert self.bench.timers.n_live == 0
        else:
            assert self.bench.timers.n_live == 1


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=100, stateful_step_count=40)
