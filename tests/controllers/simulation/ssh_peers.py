"""Peers of SSH drivers in a thread of their own: what each says is up to the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import asyncssh

HOST = "127.88.0.1"
USER, PASSWORD = "stellwerk", "a-long-password"

Session = Callable[[Any], Coroutine[Any, Any, None]]
"""What a peer does with one channel."""


class Loop:
    """An event loop in a thread, for peers."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.servers: list[Any] = []
        self.connections: list[Any] = []
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def close(self) -> None:
        self.run(self._drain())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _drain(self) -> None:
        for server in self.servers:
            server.close()
        for connection in self.connections:
            connection.abort()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.loop.shutdown_default_executor()
        for server in self.servers:
            await server.wait_closed()


class Login(asyncssh.SSHServer):
    """Accepts one user, or hangs in the middle of the login."""

    def __init__(self, peers: Loop, *, hangs: bool = False) -> None:
        self.peers = peers
        self.hangs = hangs

    def connection_made(self, connection: Any) -> None:
        self.peers.connections.append(connection)

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if self.hangs:
            await asyncio.sleep(3600)
        return (username, password) == (USER, PASSWORD)


def tcp_peer(peers: Loop, talk: Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> int:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def start() -> int:
        server = await asyncio.start_server(serve, HOST, 0)
        peers.servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    return int(peers.run(start()))


def ssh_peer(
    peers: Loop, session: Session, *, hangs: bool = False, **options: Any
) -> tuple[int, str]:
    """Start an SSH server; returns its port and the public part of its host key."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def handle(process: Any) -> None:
        try:
            await session(process)
        except (ConnectionError, asyncssh.Error):
            pass
        finally:
            process.close()

    async def start() -> int:
        server = await asyncssh.create_server(
            lambda: Login(peers, hangs=hangs), HOST, 0, server_host_keys=[key],
            process_factory=handle, encoding=None, **options,
        )  # fmt: skip
        peers.servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    port = int(peers.run(start()))
    return port, key.export_public_key().decode().strip()
