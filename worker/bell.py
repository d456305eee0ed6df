"""The bell: tells a worker that a lane may have something to do. It may be lost at any time; the rows stay."""

import logging
import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from core.errors import Misconfigured
from core.failpoint import failpoint
from core.settings import Settings

QUEUE = "subledger"
DRAIN = "worker.jobs.drain"

_TIMEOUT_SECONDS = 0.1
_ECHO_SECONDS = 5
_JOB_SECONDS = 120
_SOCKET_PATH_BYTES_MAX = 104

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LaneName:
    workspace_id: str
    connection_id: str
    kind: str
    purpose: str

    @property
    def text(self) -> str:
        return f"{self.workspace_id}/{self.connection_id}/{self.kind}/{self.purpose}"


class Bell:
    def __init__(self, settings: Settings) -> None:
        self._redis = connect(settings, timeout_seconds=_TIMEOUT_SECONDS)
        self._queue = Queue(QUEUE, connection=self._redis, serializer=JSONSerializer)

    def ring(self, *lanes: LaneName) -> None:
        """Rings each lane once until a worker answers. If it fails no harm is done: the sweep rings again."""
        for lane in lanes:
            try:
                if self._redis.set(_rung(lane), "1", nx=True, ex=_ECHO_SECONDS):
                    failpoint("P6-inside", lane.kind)
                    self._queue.enqueue(
                        DRAIN,
                        args=(lane.workspace_id, lane.connection_id, lane.kind, lane.purpose),
                        job_timeout=_JOB_SECONDS,
                        result_ttl=0,
                        failure_ttl=3600,
                    )
            except RedisError as error:
                _log.warning("the bell did not ring (%s); the sweep will find the work", type(error).__name__)
                return

    def answered(self, lane: LaneName) -> None:
        """A worker begins: what is rung from now on is news."""
        try:
            self._redis.delete(_rung(lane))
        except RedisError as error:
            _log.warning("the bell could not be reset (%s)", type(error).__name__)


def connect(settings: Settings, *, timeout_seconds: float | None) -> Redis:
    """Nothing is sent yet. Raises Misconfigured for an address that cannot be one.

    A time-out bounds everything: with it nothing is tried twice, since the client would sleep in between.
    """
    options: dict[str, Any] = {"socket_timeout": timeout_seconds, "socket_connect_timeout": timeout_seconds or 5}
    if timeout_seconds is not None:
        options["retry"] = Retry(NoBackoff(), 0)
    if settings.redis_url:
        try:
            return Redis.from_url(settings.redis_url, **options)
        except ValueError as error:
            raise Misconfigured(f"REDIS_URL cannot be used: {error}.") from None
    return Redis(unix_socket_path=str(embedded_socket(settings)), **options)


def embedded_socket(settings: Settings) -> Path:
    """A short path of this home's own, wherever the home is: no system takes a long one for a unix socket."""
    name = f"subledger-{sha256(os.fsencode(settings.home)).hexdigest()[:16]}/redis.sock"
    preferred = Path(tempfile.gettempdir()) / name
    return preferred if len(os.fsencode(preferred)) < _SOCKET_PATH_BYTES_MAX else Path("/tmp") / name  # noqa: S108 - the folder is made private, and refused where it is another user's


def _rung(lane: LaneName) -> str:
    return f"subledger:rung:{lane.text}"
