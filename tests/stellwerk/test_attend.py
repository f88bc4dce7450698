"""A person attends a run: by signal, by a word in the terminal."""

from __future__ import annotations

import io
import signal
import sys
import time

import pytest

from controllers.hold import Answer, Hold
from stellwerk.attend import attended
from stellwerk.settings import load_settings
from twin.model.errors import InputError


def _answer(hold: Hold | None) -> Answer | None:
    assert hold is not None
    until_s = time.monotonic() + 10
    while (answer := hold.answer()) is None and time.monotonic() < until_s:
        time.sleep(0.01)
    return answer


def test_a_signal_means_go_once_the_question_was_put(capsys: pytest.CaptureFixture[str]) -> None:
    earlier = signal.getsignal(signal.SIGUSR1)
    with attended("ada") as operator:
        assert operator.hold is not None
        signal.raise_signal(signal.SIGUSR1)  # nobody was asked yet
        operator.hold.ask("run-1", ["ap-1 was left out: does not answer"])
        assert operator.hold.answer() is None
        signal.raise_signal(signal.SIGUSR1)
        assert _answer(operator.hold) == Answer(goes_on=True, by="ada")
    assert signal.getsignal(signal.SIGUSR1) is earlier
    told = capsys.readouterr().err
    assert "ap-1 was left out" in told
    assert "kill -USR1" in told


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "goes_on"), [("what?\ngo\n", True), ("STOP\n", False)])
def test_go_or_stop_are_typed(
    monkeypatch: pytest.MonkeyPatch, typed: str, *, goes_on: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal(typed))
    with attended("ada") as operator:
        assert operator.hold is not None
        operator.hold.ask("run-1", ["odd"])
        assert _answer(operator.hold) == Answer(goes_on=goes_on, by="ada")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("FOUR_EYES", "maybe", "write yes or no"), ("WINDOWS", "at night", "no maintenance window")],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"STELLWERK_{name}", value)
    with pytest.raises(InputError, match=says):
        load_settings()
