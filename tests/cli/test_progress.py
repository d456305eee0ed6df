"""Long work shows a bar to who sits at a terminal, and says nothing more to a program that reads."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from core.store.engine import open_engine
from core.store.migrate import upgrade

ROOT = Path(__file__).parents[2]
SETUP = ROOT / "docs/setup.example.json"
WAIT_SECONDS = 60

LONG = {
    "db upgrade": ("bringing the database up to date", ("db", "upgrade")),
    "backup": ("copying the database", ("backup", "copy")),
    "state-hash": ("going through all that is known", ("state-hash",)),
    "reconcile": ("holding everything against everything", ("reconcile",)),
}


def at_a_terminal(subledger, words, folder):
    """(standard output, what the terminal showed on the error stream)"""
    ours, theirs = pty.openpty()
    environment = subledger.environment | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        cwd=folder,
    ) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], WAIT_SECONDS)[0]:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            shown += chunk
        told = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0, shown
    return told, shown.decode()


@pytest.mark.parametrize(("words", "command"), LONG.values(), ids=LONG.keys())
def test_a_bar_is_shown_at_a_terminal_and_nothing_of_it_elsewhere(subledger, tmp_path, words, command, monkeypatch):
    subledger("setup", SETUP)
    told, shown = at_a_terminal(subledger, command, tmp_path)
    assert words in shown
    assert words not in told.decode()
    (tmp_path / "copy").unlink(missing_ok=True)
    _, shown = at_a_terminal(subledger, [*command, "--json"], tmp_path)
    assert shown == ""
    (tmp_path / "copy").unlink(missing_ok=True)
    monkeypatch.chdir(tmp_path)
    assert subledger(*command).err == ""


def test_an_upgrade_tells_each_migration(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    told = []
    upgrade(engine, told=lambda done, of: told.append((done, of)))
    engine.dispose()
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]
    assert len(told) >= 4


def test_the_reading_of_a_history_shows_how_far_it_is(subledger):
    subledger("setup", SETUP)
    engine = open_engine(f"sqlite:///{subledger.home / 'subledger.db'}")
    with engine.begin() as connection:
        workspace, stripe = connection.execute(
            text("SELECT workspace_id, id FROM connection WHERE vendor = 'stripe'")
        ).one()
        connection.execute(
            text(
                "INSERT INTO cursor (workspace_id, connection_id, kind, position, saved_at) "
                "VALUES (:workspace, :stripe, 'everything', :position, '2026-01-01 00:00:00')"
            ),
            {
                "workspace": workspace,
                "stripe": stripe,
                "position": '{"history": {"step": "invoices", "place": {}, "whole": false}}',
            },
        )
    engine.dispose()
    (importing,) = subledger.json("status")["importing"]
    assert (importing["connection"], importing["list"]) == ("Stripe", "invoices")
    assert 1 < importing["number"] < importing["of"]
    assert "Stripe: reads its history, invoices now" in subledger("status").out
