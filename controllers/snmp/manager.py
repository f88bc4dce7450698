"""An SNMPv3 manager that asks one agent at a time, in the thread that asks.

What is known of an agent (engine id, clock, keys) is kept between exchanges; a socket is not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from controllers.snmp.ber import BerError, encode_oid, encode_value
from controllers.snmp.conversation import (
    MOST_CORRECTIONS,
    SILENCE,
    Agent,
    Conversation,
    Refused,
)
from controllers.snmp.exchange import Answer, Credentials, Operation, Target, Variable
from controllers.snmp.message import PduType, encode_varbind
from controllers.snmp.usm import HASHES, Keys, password_key

__all__ = ["Manager"]

log = logging.getLogger(__name__)

_KINDS = {"get": PduType.GET, "set": PduType.SET, "next": PduType.GET_NEXT}


class Manager:
    """Asks agents; may be used by many threads.

    Notes
    -----
    Only HMAC-SHA-2 with AES-128 is spoken here: all that is asked without a named exception.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._agents: dict[tuple[Credentials, str, int], Agent] = {}
        self._user_keys: dict[Credentials, tuple[bytes, bytes]] = {}

    def forget(self) -> None:
        """Forget every agent and every key."""
        with self._lock:
            self._agents.clear()
            self._user_keys.clear()
        password_key.cache_clear()

    def speaks(self, credentials: Credentials) -> bool:
        """Say whether these credentials can be used here."""
        return (
            credentials.version == "v3"
            and credentials.auth_protocol in HASHES
            and credentials.priv_protocol == "AES-128"
        )

    def exchange(
        self, target: Target, operation: Operation, variables: Sequence[Variable]
    ) -> Answer:
        """Send one question and wait for its answer.

        Parameters
        ----------
        target : Target
            The agent.
        operation : str
            ``get``, ``set`` or ``next``.
        variables : sequence of Variable
            What to ask or to set; one PDU.

        Returns
        -------
        Answer
            The answer, or why there is none.
        """
        begun_s = time.monotonic()
        try:
            varbinds = b"".join(
                encode_varbind(encode_oid(v.oid), encode_value(v.tag, v.value)) for v in variables
            )
            with Conversation(target, begun_s + target.deadline_s) as talk:
                answer = self._ask(talk, operation, varbinds)
        except BerError as err:
            answer = Answer(failure="LocalError", failure_text=str(err))
        except Refused:
            answer = Answer(failure="ConnectionRefused", failure_text="nobody listens there")
        except OSError as err:
            answer = Answer(failure="BadAddress", failure_text=err.strerror or str(err))
        return replace(answer, took_s=time.monotonic() - begun_s)

    def _ask(self, talk: Conversation, operation: Operation, varbinds: bytes) -> Answer:
        agent = self._known(talk.target) or self._discovered(talk, talk.target.n_retries)
        for _ in range(MOST_CORRECTIONS):
            if agent is None:
                return SILENCE
            answer = talk.ask(agent, _KINDS[operation], varbinds)
            if answer is None:
                agent = self._discovered(talk, talk.target.n_retries)
            elif answer.failure == "RequestTimedOut":
                fresh = self._after_silence(talk, agent)
                if fresh is None:
                    return self._silence(talk, agent, operation)
                agent = fresh
            else:
                agent.has_answered = agent.has_answered or not answer.failure
                return answer
        return SILENCE

    def _after_silence(self, talk: Conversation, agent: Agent) -> Agent | None:
        """Look whether the agent has come back as another engine; None if it has not."""
        talk.is_silent = True
        fresh = self._discovered(talk, 0)
        if fresh is None or fresh.engine_id == agent.engine_id:
            talk.is_silent = fresh is None
            return None
        log.info("%s:%d has a new SNMP engine id", talk.target.host, talk.target.port)
        return fresh

    def _silence(self, talk: Conversation, agent: Agent, operation: Operation) -> Answer:
        if talk.is_silent or operation == "set" or self.has_answered(talk.target):
            return replace(SILENCE, n_sent=talk.n_sent)
        # net-snmp drops what it cannot decrypt without a word.
        return Answer(failure="DecryptionError", failure_text="the agent drops what we encrypt")

    def has_answered(self, target: Target) -> bool:
        """Say whether an agent has ever answered these credentials."""
        agent = self._known(target)
        return agent is not None and agent.has_answered

    def _known(self, target: Target) -> Agent | None:
        return self._agents.get((target.credentials, target.host, target.port))

    def _discovered(self, talk: Conversation, n_retries: int) -> Agent | None:
        """Ask for engine id and clock, without any secret; None if nobody answers.

        The clock of this answer is only a guess of ours: an agent that finds it wrong sends its own
        in an authentic report.
        """
        message = talk.discover(n_retries)
        if message is None:
            return None
        target, security = talk.target, message.security
        known = self._known(target)
        if known is not None and known.engine_id == security.engine_id:
            return known
        auth, priv = self._keys_of(target.credentials)
        keys = Keys(auth, priv, security.engine_id, target.credentials.auth_protocol)
        clock = (security.boots, security.time_s, time.monotonic())
        agent = Agent(security.engine_id, keys, clock, message.max_size)
        with self._lock:
            self._agents[(target.credentials, target.host, target.port)] = agent
        return agent

    def _keys_of(self, credentials: Credentials) -> tuple[bytes, bytes]:
        with self._lock:
            if credentials not in self._user_keys:
                auth = credentials.auth_protocol
                self._user_keys[credentials] = (
                    password_key(credentials.auth_key, auth),
                    password_key(credentials.priv_key, auth),
                )
            return self._user_keys[credentials]
