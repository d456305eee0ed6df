"""Letting people in and out from the command line."""

from pathlib import Path

import pytest

from core.settings import settings_from
from core.store import users
from web import passwords
from worker.hub import open_store


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(passwords, "_METHOD", "scrypt:1024:8:1")


@pytest.fixture
def ready(subledger):
    """Where there is a workspace."""
    subledger.json("setup", Path(__file__).parents[2] / "docs" / "setup.example.json")
    return subledger


def stored(command, name):
    store = open_store(settings_from(command.environment))
    with store.read() as database:
        found = users.by_name(database, name)
    store.engine.dispose()
    return found


def test_a_user_is_let_in_with_a_password_that_is_shown_once(ready):
    told = ready.json("user", "add", "ada", "--role", "bookkeeper")
    assert (told["user"], told["role"]) == ("ada", "bookkeeper")
    user, password_hash = stored(ready, "ada")
    assert user.role == "bookkeeper"
    assert passwords.matches(password_hash, told["password"])
    assert told["password"] not in ready("user", "list").out


def test_a_name_that_is_taken_or_empty_is_refused_in_one_sentence(ready):
    ready.json("user", "add", "ada")
    done = ready("user", "add", "ada")
    assert (done.code, done.err) == (1, "subledger: There is a user named ada already; nothing was changed.\n")
    done = ready("user", "add", " ")
    assert (done.code, "1 to 100 printable characters" in done.err) == (1, True)
    assert ready("user", "add", "eve", "--role", "owner").code == 2


def test_a_new_password_replaces_the_old_one(ready):
    first = ready.json("user", "add", "ada")["password"]
    second = ready.json("user", "password", "ada")["password"]
    _, password_hash = stored(ready, "ada")
    assert passwords.matches(password_hash, second)
    assert not passwords.matches(password_hash, first)
    done = ready("user", "password", "nobody")
    assert (done.code, done.err) == (1, "subledger: There is no user named nobody.\n")


def test_a_user_who_is_disabled_stays_in_the_list(ready):
    ready.json("user", "add", "ada")
    ready.json("user", "disable", "ada")
    assert ready.json("user", "list") == {"users": [{"user": "ada", "role": "viewer", "disabled": True}]}
