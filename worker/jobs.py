"""The only function that a job may name, with texts as its only arguments."""

import gc
import logging
from collections.abc import Collection

from core.failpoint import failpoint
from core.kinds import Kind
from core.settings import settings
from worker.bell import LaneName
from worker.deliver import deliver
from worker.hub import Hub, open_hub
from worker.ingest import ingest
from worker.pull import pull

_log = logging.getLogger(__name__)
_DRAINS = {"ingest": ingest, "deliver": deliver}
_HUBS: list[Hub] = []


def drain(workspace_id: str, connection_id: str, kind: str, purpose: str) -> None:
    """Works off one lane as far as it goes now. What the job says is only a name: the rows say what is to be done."""
    failpoint("P7", kind)
    lane = LaneName(workspace_id, connection_id, kind, purpose)
    hub = this_hub()
    hub.bell.answered(lane)
    began = hub.clock.now()
    try:
        again = _work(hub, lane)
    except Exception:  # noqa: BLE001 - RQ would log an error's text, and keep it in Redis: texts may hold names
        _log.exception("a drain stopped", extra={"lane": lane.text})
        return
    hub.bell.ring(*again)
    seconds = (hub.clock.now() - began).total_seconds()
    _log.info("drained", extra={"lane": lane.text, "seconds": round(seconds, 3), "rings": len(again)})


def _work(hub: Hub, lane: LaneName) -> Collection[LaneName]:
    """The lanes that are to be rung next."""
    if lane.purpose == "pull":
        return pull(hub, lane.workspace_id, lane.connection_id, lane.kind)
    if lane.purpose in _DRAINS and lane.kind in set(Kind):
        return _DRAINS[lane.purpose](hub, lane.workspace_id, lane.connection_id, Kind(lane.kind))
    _log.warning("a job named a lane that does not exist: %s", lane.text[:200])
    return ()


def this_hub() -> Hub:
    """One hub per process: made before the work-horses are forked, so that they are warm."""
    if not _HUBS:
        _HUBS.append(open_hub(settings()))
        # what is loaded by now stays: the collector need not walk it again, and least of all within a unit of work
        gc.collect()
        gc.freeze()
    return _HUBS[0]
