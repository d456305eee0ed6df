import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import requests

from sandbox.command import start

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def headers(line: dict) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {line['access_token']}",
        "xero-tenant-id": line["tenant_id"],
        "Accept": "application/json",
    }


def test_the_command_prints_one_line_serves_and_ends_cleanly_on_sigterm():
    with run("--seed", "7") as process:
        line = json.loads(process.stdout.readline())["xero"]
        answer = requests.get(f"{line['base_url']}/api.xro/2.0/Organisation", headers=headers(line), timeout=10)
        assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_that_is_taken_ends_the_command_with_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with run("--xero-port", str(taken.getsockname()[1])) as process:
            out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert errors.startswith("The sandboxes could not start: ")
    assert "Traceback" not in errors


def test_state_survives_a_restart_when_it_is_saved(tmp_path):
    file = tmp_path / "state.json"
    first = start(state=file)
    line = first.line()["xero"]
    requests.put(
        f"{line['base_url']}/api.xro/2.0/Contacts",
        json={"Contacts": [{"Name": "Ada"}]},
        headers=headers(line),
        timeout=10,
    )
    requests.post(f"{line['base_url']}/_sandbox/clock", json={"offset_seconds": 60}, timeout=10)
    assert requests.post(f"{line['base_url']}/_sandbox/save", timeout=10).json() == {"saved": True}
    first.close()
    second = start(state=file)
    line = second.line()["xero"]
    found = requests.get(f"{line['base_url']}/api.xro/2.0/Contacts", headers=headers(line), timeout=10).json()
    clock = requests.post(f"{line['base_url']}/_sandbox/reset", timeout=10)
    second.close()
    assert [contact["Name"] for contact in found["Contacts"]] == ["Ada"]
    assert clock.status_code == 200
