"""Errors survive being made again from their arguments; secrets never show themselves."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Iterator

import pytest

from twin.model import errors
from twin.model.errors import DeviceTimeout, InputError, ModelRangeError, StellwerkError
from twin.model.secret import Secret, resolve_secret

CANARY = "canary-7f3a"


@pytest.fixture
def private_files() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    "error",
    [
        InputError("wrong", "f.yaml", 3, 4, "mend it"),
        InputError("wrong"),
        DeviceTimeout("ap-1", "no answer in 5 s"),
        ModelRangeError("P.525", "frequency [Hz]", 1.0, "30 MHz to 100 GHz"),
    ],
)
def test_error_is_the_same_when_made_again_from_its_arguments(error: StellwerkError) -> None:
    again = type(error)(*error.args)  # what SimPy does when it hands an error on
    assert str(again) == str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_every_error_has_the_one_base() -> None:
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), StellwerkError)


def test_position_and_remedy_are_in_one_line() -> None:
    assert str(InputError("wrong", "f.yaml", 3, 4, "mend it")) == "f.yaml:3:4: wrong; mend it"
    assert str(InputError("wrong", "f.yaml")) == "f.yaml: wrong"


def test_secret_is_masked_wherever_it_could_be_shown() -> None:
    secret = Secret(CANARY)
    shown = f"{secret} {secret!r} {[secret]}"
    assert CANARY not in shown
    assert secret.reveal() == CANARY
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


@pytest.mark.usefixtures("private_files")
def test_secret_is_fetched_by_reference(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STELLWERK_TEST_SECRET", CANARY)
    assert resolve_secret("env:STELLWERK_TEST_SECRET", tmp_path) == Secret(CANARY)
    (tmp_path / "key").write_text(f"{CANARY}\nsecond line\n")
    assert resolve_secret("file:key", tmp_path) == Secret(CANARY)


@pytest.mark.parametrize("reference", ["env:STELLWERK_NOT_SET", "file:nothing", CANARY, "x:y", ""])
def test_reference_that_leads_nowhere_is_refused_without_showing_it(reference, tmp_path) -> None:
    with pytest.raises(InputError) as caught:
        resolve_secret(reference, tmp_path)
    assert "secret" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o777])
def test_secret_that_others_may_read_or_write_is_refused(mode: int, tmp_path) -> None:
    (tmp_path / "key").write_text(CANARY)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(
        InputError, match=rf"open to others \(mode 0{mode:o}\); chmod 600"
    ) as caught:
        resolve_secret("file:key", tmp_path)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/tty", "pipe", "folder", "a\0b"])
def test_secret_is_only_read_from_a_regular_file(name, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as caught:
        resolve_secret(f"file:{name}", tmp_path)
    assert name[:1] in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.usefixtures("private_files")
def test_secret_is_read_from_a_small_file_only(tmp_path) -> None:
    (tmp_path / "key").write_bytes(b"x" * 4096)
    assert resolve_secret("file:key", tmp_path) == Secret("x" * 4096)
    (tmp_path / "key").write_bytes(b"x\n" + bytes(4096))
    with pytest.raises(InputError, match="secret file:key has more than 4096 bytes"):
        resolve_secret("file:key", tmp_path)


@pytest.mark.usefixtures("private_files")
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r", b"\r\nsecond\n"])
def test_secret_ends_with_its_line(end, tmp_path) -> None:
    (tmp_path / "key").write_bytes(CANARY.encode() + end)
    assert resolve_secret("file:key", tmp_path) == Secret(CANARY)


@pytest.mark.parametrize("scheme", ["env", "file"])
def test_long_reference_is_cut(scheme, tmp_path) -> None:
    with pytest.raises(InputError) as caught:
        resolve_secret(f"{scheme}:{'x' * 5000}", tmp_path)
    assert len(str(caught.value)) < 250
