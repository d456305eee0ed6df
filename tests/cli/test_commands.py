"""What the commands print: a table for people, one line of JSON for scripts."""

import json
import os
import re
import signal
import socket
import time
import urllib.request
from pathlib import Path

import click
import pytest
from families import LOOK_SECONDS, LOOKS, family, gone

from cli.main import cli
from cli.output import console, printable, table
from core.settings import settings_from
from worker.bell import embedded_socket

ROOT = Path(__file__).parents[2]
SETUP = ROOT / "docs" / "setup.example.json"


def commands(group=cli, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=lambda one: " ".join(one) if type(one) is tuple else ""
)
def test_every_command_speaks_json_and_explains_itself(fresh, path, command):
    assert "--json" in {option for parameter in command.params for option in parameter.opts}
    done = fresh(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^Usage: subledger " + " ".join(path), done.out)


def test_the_list_of_commands_cuts_no_sentence_short(fresh):
    assert fresh().out == fresh("--help").out
    assert "..." not in fresh("--help").out.partition("[ARGS]...")[2]


def test_the_version_is_the_packages(fresh):
    assert re.fullmatch(r"subledger, version \d+\.\d+\.\d+\n", fresh("--version").out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_it(fresh, shell):
    script = fresh(_SUBLEDGER_COMPLETE=f"{shell}_source")
    assert script.code == 0
    assert "_SUBLEDGER_COMPLETE" in script.out
    found = fresh(
        _SUBLEDGER_COMPLETE=f"{shell}_complete",
        COMP_WORDS="subledger tri",
        COMP_CWORD="1" if shell != "fish" else "tri",
    )
    assert "trial-balance" in found.out


def test_a_hub_is_set_up_from_nothing_in_a_home_whose_name_is_a_trap(fresh):
    assert fresh.json("db", "upgrade") == {"database": "up to date"}
    assert fresh.json("db", "upgrade") == {"database": "up to date"}
    assert sorted(path.name for path in fresh.home.iterdir() if path.suffix not in {".db-wal", ".db-shm"}) == [
        "key",
        "subledger.db",
    ]
    assert (fresh.home / "key").stat().st_mode & 0o777 == 0o600
    made = fresh.json("setup", SETUP)
    assert all(re.fullmatch(r"/webhooks/\w+/[0-9A-Z]{26}", door) for door in made["doors"].values())
    status = fresh.json("status")
    assert {one["state"] for one in status["connections"]} == {"active"}
    assert status["parked"] == []
    assert fresh.json("trial-balance") == {"rows": []}
    assert re.fullmatch("[0-9a-f]{64}", fresh.json("state-hash")["state_hash"])
    assert len(fresh.json("key")["key"]) == 44


def test_what_a_home_holds_is_for_its_owner_alone(fresh, tmp_path):
    home = tmp_path / "not there yet" / "hub"
    old = os.umask(0o022)
    try:
        assert fresh("db", "upgrade", SUBLEDGER_HOME=str(home)).code == 0
    finally:
        os.umask(old)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "key").stat().st_mode & 0o777 == 0o600


def test_people_see_the_same_as_a_table(subledger):
    assert "Webhooks of" in subledger("setup", SETUP).out
    shown = subledger("status")
    assert (shown.code, shown.err) == (0, "")
    assert re.search(r"^connection +vendor +state", shown.out)
    assert subledger("state-hash").out.strip() == subledger.json("state-hash")["state_hash"]


def test_a_secret_may_be_typed_where_nobody_sees_it(subledger, monkeypatch):
    subledger("setup", SETUP)
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: "whsec_sandbox_typed")
    name = subledger.json("status")["connections"][0]["name"]
    done = subledger("webhook-secret", name)
    assert done.code == 0
    assert "whsec_sandbox_typed" not in done.out + done.err


def test_words_of_others_are_printed_as_they_are_and_steer_no_terminal(capsys):
    console().print(table(["name"], [["[bold]Zoë[/bold] :smile: \x1b[2J\r\n"]]))
    assert "[bold]Zoë[/bold] :smile: \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}" in capsys.readouterr().out
    assert printable("a\nb\u202ec") == "a\nb\N{REPLACEMENT CHARACTER}c"


@pytest.mark.parametrize("temporary", ["/tmp", "/tmp/" + "x" * 120, "/tmp/" + "ü" * 50])
def test_the_socket_of_the_embedded_redis_has_a_short_path_wherever_the_home_is(monkeypatch, temporary):
    monkeypatch.setattr("tempfile.gettempdir", lambda: temporary)
    homes = [settings_from({"SUBLEDGER_HOME": "/" + letter * 200}) for letter in "ab"]
    paths = [embedded_socket(home) for home in homes]
    assert max(len(os.fsencode(path)) for path in paths) < 104
    assert len(set(paths)) == 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_brings_everything_up_and_takes_everything_down(subledger, ending):
    port = free_port()
    with subledger.started("up", "--json", SUBLEDGER_PORT=port) as process:
        line = json.loads(process.stdout.readline())
        try:
            assert line == {"up": "subledger", "address": f"http://127.0.0.1:{port}"}
            with urllib.request.urlopen(f"{line['address']}/ready", timeout=30) as answer:
                assert json.load(answer) == {"status": "ready"}
            everybody = family(process.pid)
            assert len(everybody) >= 6  # itself, the doors, two workers, the scheduler, Redis
        finally:
            process.send_signal(ending)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, ""), err
    assert "Traceback" not in err
    assert gone(everybody)


def test_up_starts_again_what_ends(subledger):
    port = free_port()
    with subledger.started("up", "--json", "--workers", "1", SUBLEDGER_PORT=port) as process:
        line = json.loads(process.stdout.readline())
        try:
            before = family(process.pid)
            (doors,) = [pid for pid, command in before.items() if command.endswith("-m cli web")]
            os.kill(doors, signal.SIGKILL)
            assert answers_again(f"{line['address']}/health")
        finally:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert gone(before)


def answers_again(url):
    for _ in range(LOOKS):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status == 200
        except OSError:
            time.sleep(LOOK_SECONDS)
    return False


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("web",), {"up": "web", "address": "http://127.0.0.1:PORT"}),
        (("scheduler",), {"up": "scheduler"}),
    ],
    ids=["web", "scheduler"],
)
def test_a_process_by_itself_says_when_it_is_up_and_ends_cleanly(subledger, command, line):
    port = free_port()
    with subledger.started(*command, "--json", SUBLEDGER_PORT=port) as process:
        said = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert said == json.loads(json.dumps(line).replace("PORT", port))
    assert (process.returncode, out) == (0, ""), err
