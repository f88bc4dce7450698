"""Engines that are broken on purpose: chaos must find what is wrong with each of them.

Each is the shipped engine with one method replaced, so that it shows what would happen if that
line were forgotten; no switch for it is in the engine itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from controllers.chain import GENESIS
from controllers.member import SILENT, Member, Resumed
from controllers.outbox import Outbox
from controllers.programs import Programs
from controllers.steps import Command, Done, Failed, Fault, Limits, Note, Op, Phase, State, Turn
from controllers.transaction import Transaction
from hil.chaos.controller import Controller
from hil.chaos.engine import Engine
from hil.chaos.invariants import SECRET
from hil.chaos.journal import MemoryJournal

__all__ = ["MUTANTS"]


# ---------------------------------------------------------------- the journal


class _NoSync(MemoryJournal):
    def sync(self) -> None:
        if len(self.rows) % 8 == 0:
            super().sync()


class _BrokenChain(MemoryJournal):
    def write(self, notes: Iterable[Note], now_s: float) -> None:
        if len(self.rows) > 8:
            self.head = GENESIS
        super().write(notes, now_s)


class _AnyHead(MemoryJournal):
    def verify(self, expected_head: tuple[int, str] | None = None) -> None:
        super().verify()


class _AnyHolder(MemoryJournal):
    def lease(self, holder: object) -> None:
        self.holder = holder


# ---------------------------------------------------------------- who drives


class _SendsFirst(Controller):
    def _written(self, turn: Turn) -> Turn | None:
        self._send(turn.commands)
        written = super()._written(turn)
        return written and written._replace(commands=())


# ---------------------------------------------------------------- members


class _NoCancel(Member):
    __slots__ = ()

    def _undo(self) -> list[Op]:
        return [op for op in super()._undo() if op is not Op.CANCEL]


class _NoDiscard(Member):
    __slots__ = ()

    def _undo(self) -> list[Op]:
        return [op for op in super()._undo() if op is not Op.DISCARD]


class _BufferOfSession(Member):
    __slots__ = ()

    def _account_failed(self, event: Failed) -> None:
        super()._account_failed(event)
        if event.fault in SILENT and event.op is not Op.READ:
            self.holds_candidate = False


class _NoTimer(Member):
    __slots__ = ()

    def command(self, op: Op, now_s: float, limits: Limits, confirm_timeout_s: float) -> Command:
        command = super().command(op, now_s, limits, confirm_timeout_s)
        return command._replace(confirm_timeout_s=None)


class _HalfRestored(Member):
    __slots__ = ()

    def command(self, op: Op, now_s: float, limits: Limits, confirm_timeout_s: float) -> Command:
        command = super().command(op, now_s, limits, confirm_timeout_s)
        if op is not Op.RESTORE or command.values is None:
            return command
        return command._replace(values=dict(list(command.values.items())[:1]))


class _Amnesia(Member):
    __slots__ = ()

    def remember(self, known: Resumed, *, is_decided: bool, armed_latest_s: float) -> None:
        super().remember(known, is_decided=is_decided, armed_latest_s=armed_latest_s)
        self.state = State.OPEN


class _VerifiedOnce(Member):
    __slots__ = ()

    def begin_verification(self, now_s: float) -> None:
        if not self.is_verified:
            super().begin_verification(now_s)


class _Trusting(Member):
    __slots__ = ()

    def account(self, event: Done | Failed, confirm_timeout_s: float) -> None:
        super().account(event, confirm_timeout_s)
        self.is_suspect = False


class _Forgiving(Member):
    __slots__ = ()

    def failed_in_program(self, event: Failed, limits: Limits) -> bool:
        if event.fault is Fault.JOURNAL and event.op is Op.CANCEL:
            event = event._replace(fault=Fault.REFUSED)
        return super().failed_in_program(event, limits)


def _with(member_class: type[Member]) -> type[Transaction]:
    """Make a machine whose members are of another class."""

    class _Machine(Transaction):
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
            super().__init__(*args, **kwargs)
            for member in self._all:
                member.__class__ = member_class

    return _Machine


# ---------------------------------------------------------------- the machine


class _ConfirmsUnseen(Transaction):
    def _pulse_verify(self) -> None:
        if self._i_wave == len(self._waves) - 1 or self._by_wave:
            self._decide()
        else:
            super()._pulse_verify()


class _BelievesOk(Transaction):
    def _lacks_evidence(self) -> bool:
        for member in self._wave():
            member.is_verified, member.evidence = True, "it said ok"
        return False


class _NoRearm(Transaction):
    def _rearm(self) -> None:
        pass


class _IgnoresLock(Transaction):
    def _main_failed(self, member: Member, event: Failed) -> None:
        if event.op is not Op.LOCK or event.fault is not Fault.LOCKED:
            super()._main_failed(member, event)


class _TakesCandidate(Transaction):
    def _main_failed(self, member: Member, event: Failed) -> None:
        if event.op is Op.PREPARE and event.fault is Fault.CONFLICT:
            self._out.send(member, Op.DISCARD)
            return
        super()._main_failed(member, event)

    def _main_done(self, member: Member, event: Done) -> None:
        if event.op is Op.DISCARD:
            self._out.send(member, Op.PREPARE)
            return
        super()._main_done(member, event)


class _TurnsBack(Transaction):
    def _pulse_program(self) -> None:
        is_lost = any(member.state is State.DIVERGENT for member in self._all)
        if self._phase is Phase.CONFIRM and self._is_decided and is_lost:
            self._give_up(Fault.UNREACHABLE, "", "a device is lost")
        super()._pulse_program()


class _ForgetsWave(Transaction):
    def _pulse_verify(self) -> None:
        if not (self._lacks_evidence() or self._is_busy()):
            self._decide()


class _HastyWave(Transaction):
    def _pulse_verify(self) -> None:
        if self._i_wave < len(self._waves) - 1 and not self._by_wave:
            self._i_wave += 1
            self._commit()
        else:
            super()._pulse_verify()


class _AnyPlan(Transaction):
    def _main_done(self, member: Member, event: Done) -> None:
        if event.op is not Op.LOCK:
            super()._main_done(member, event)


class _Guessing(Programs):
    __slots__ = ()

    def _lose(self, member: Member) -> None:
        member.evidence = "it will be so"
        is_forward = member.program is Phase.CONFIRM
        self.settle(member, State.CONFIRMED if is_forward else State.RESTORED)


class _Silent(Outbox):
    __slots__ = ()

    def note(self, kind: str, device: str = "", **payload: object) -> None:
        if kind != "decision":
            super().note(kind, device, **payload)


class _Talkative(Outbox):
    __slots__ = ()

    def note_result(self, event: Done | Failed) -> None:
        if isinstance(event, Failed):
            event = event._replace(reason=f"{event.reason} (password {SECRET})")
        super().note_result(event)


class _Guesses(Transaction):
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        self._programs.__class__ = _Guessing


class _DecidesInSilence(Transaction):
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        self._out.__class__ = _Silent


class _TellsSecrets(Transaction):
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        self._out.__class__ = _Talkative


def _all() -> Sequence[Engine]:
    return (
        Engine(name="skips-fsync", about="sends before its records are durable", journal=_NoSync),
        Engine(name="breaks-chain", about="hashes over the wrong record", journal=_BrokenChain),
        Engine(name="accepts-old-journal", about="recovers from an older copy", journal=_AnyHead),
        Engine(name="shares-lease", about="lets two controllers work", journal=_AnyHolder),
        Engine(name="sends-first", about="records a step after it", controller=_SendsFirst),
        Engine(name="forgets-cancel", about="leaves commits armed", machine=_with(_NoCancel)),
        Engine(name="forgets-discard", about="leaves candidates", machine=_with(_NoDiscard)),
        Engine(
            name="forgets-buffer",
            about="thinks a buffer ends with its session",
            machine=_with(_BufferOfSession),
        ),
        Engine(name="forgets-timer", about="commits without a timer", machine=_with(_NoTimer)),
        Engine(name="forgets-rearm", about="lets timers run out", machine=_NoRearm),
        Engine(name="restores-half", about="restores one value", machine=_with(_HalfRestored)),
        Engine(
            name="recovers-twice",
            about="takes up devices that were settled",
            machine=_with(_Amnesia),
        ),
        Engine(
            name="believes-old-reading",
            about="calls a device restored that was told to change",
            machine=_with(_Trusting),
        ),
        Engine(
            name="verifies-once",
            about="does not look whether a later wave has cut off an earlier one",
            machine=_with(_VerifiedOnce),
        ),
        Engine(
            name="leaves-out-unsent",
            about="takes a cancel that was never sent for one that was refused",
            machine=_with(_Forgiving),
        ),
        Engine(name="confirms-before-verify", about="decides unverified", machine=_ConfirmsUnseen),
        Engine(name="believes-ok", about="takes an ok for evidence", machine=_BelievesOk),
        Engine(name="ignores-lock", about="goes on without a lock", machine=_IgnoresLock),
        Engine(
            name="takes-foreign-candidate",
            about="discards what somebody else edits",
            machine=_TakesCandidate,
        ),
        Engine(name="turns-back", about="undoes after the decision", machine=_TurnsBack),
        Engine(name="forgets-wave", about="decides after the first wave", machine=_ForgetsWave),
        Engine(
            name="hastens-wave",
            about="begins a wave before the last one was verified",
            machine=_HastyWave,
        ),
        Engine(name="accepts-stale-plan", about="ignores what has changed", machine=_AnyPlan),
        Engine(name="guesses", about="calls a silent device settled", machine=_Guesses),
        Engine(
            name="decides-in-silence", about="does not record decisions", machine=_DecidesInSilence
        ),
        Engine(name="tells-secrets", about="writes a password down", machine=_TellsSecrets),
    )


MUTANTS: Mapping[str, Engine] = MappingProxyType({engine.name: engine for engine in _all()})
