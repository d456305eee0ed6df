"""Processes and what they started: who runs, and whether they have gone."""

import subprocess
import time

LOOKS = 240
LOOK_SECONDS = 0.25


def processes():
    """By id: (its parent's id, its command line). What has ended and only waits for its parent to look is not there."""
    lines = subprocess.check_output(["ps", "-wweo", "pid=,ppid=,stat=,args="], text=True).splitlines()
    rows = [line.split(None, 3) for line in lines]
    return {int(pid): (int(parent), command) for pid, parent, state, command in rows if not state.startswith("Z")}


def family(pid):
    """The process and everything that it, or a child of it, has started."""
    found, listed = {pid}, processes()
    while more := {child for child, (parent, _) in listed.items() if parent in found} - found:
        found |= more
    return {one: listed[one][1] for one in found}


def comes(look, looks=LOOKS):
    for _ in range(looks):
        if look():
            return True
        time.sleep(LOOK_SECONDS)
    return False


def gone(pids):
    return comes(lambda: not set(pids) & set(processes()))
