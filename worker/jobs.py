"""The only function that a job may name, with texts as its only arguments."""

import gc
import logging

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
    if purpose == "pull":
        again = pull(hub, workspace_id, connection_id, kind)
    elif purpose in _DRAINS and kind in set(Kind):
        again = _DRAINS[purpose](hub, workspace_id, connection_id, Kind(kind))
    else:
        _log.warning("a job named a lane that does not exist: %s", lane.text[:200])
        return
    hub.bell.ring(*again)
    seconds = (hub.clock.now() - began).total_seconds()
    _log.info("drained", extra={"lane": lane.text, "seconds": round(seconds, 3), "rings": len(again)})


def this_hub() -> Hub:
    """One hub per process: made before the work-horses are forked, so that they are warm."""
    if not _HUBS:
        _HUBS.append(open_hub(settings()))
        # what is loaded by now stays: the collector need not walk it again, and least of all within a unit of work
        gc.collect()
        gc.freeze()
    return _HUBS[0]
