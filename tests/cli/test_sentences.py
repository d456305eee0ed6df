"""What goes wrong is one sentence for the person who has to act, and an exit code for the script."""

import json
import socket
from contextlib import closing

import pytest

from core.clock import WallClock
from core.seal import new_master_key
from core.settings import settings_from
from worker.bell import connect, embedded_socket
from worker.embedded import EmbeddedRedis

ANYTHING = (("status",), ("state-hash",), ("trial-balance",), ("web",), ("worker",), ("scheduler",), ("up",))

SETTINGS = {
    "a database of another make": (
        {"DATABASE_URL": "mysql://db/x"},
        "DATABASE_URL must start with postgresql:// or sql",
    ),
    "a database address that is none": (
        {"DATABASE_URL": "postgresql://db:port/x", "SUBLEDGER_KEYS": new_master_key()},
        "DATABASE_URL cannot be used: ",
    ),
    "a database that does not answer": (
        {"DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x", "SUBLEDGER_KEYS": new_master_key()},
        "The database postgresql+psycopg://me:***@127.0.0.1:1/x cannot be reached: ",
    ),
    "a database in no folder": (
        {"DATABASE_URL": "sqlite:////no/such/folder/x.db"},
        "The database sqlite:////no/such/folder/x.db cannot be reached: unable to open database file",
    ),
    "a Redis of another make": (
        {"REDIS_URL": "amqp://queue"},
        "REDIS_URL must start with redis://, rediss:// or unix://",
    ),
    "a port in words": ({"SUBLEDGER_PORT": "http"}, "SUBLEDGER_PORT must be a whole number, not 'http'."),
    "a port that there is not": ({"SUBLEDGER_PORT": "65536"}, "SUBLEDGER_PORT must lie between 1 and 65535"),
    "a proxy that is no address": (
        {"SUBLEDGER_TRUSTED_PROXIES": "10.0.0.1, nginx"},
        "SUBLEDGER_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, with commas: 'nginx'",
    ),
    "a proxy's network with an address in it": (
        {"SUBLEDGER_TRUSTED_PROXIES": "10.0.0.1/8"},
        "SUBLEDGER_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, with commas: 10.0.0.1/8",
    ),
    "debug mode": ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG is set, and a hub in debug mode shows its insides to strangers"),
    "a short key": ({"SUBLEDGER_KEYS": "c2hvcnQ="}, "SUBLEDGER_KEYS holds a key that is not base64 of 32 bytes"),
    "a key that is no base64": ({"SUBLEDGER_KEYS": "ä"}, "SUBLEDGER_KEYS holds a key that is not base64 of 32 bytes"),
    "no key in the list": ({"SUBLEDGER_KEYS": " , "}, "SUBLEDGER_KEYS names no key"),
}


@pytest.mark.parametrize(("changed", "sentence"), SETTINGS.values(), ids=SETTINGS.keys())
def test_a_wrong_setting_is_named(subledger, changed, sentence):
    assert subledger.sentence("status", **changed).startswith(sentence)
    assert subledger.sentence("web", **changed).startswith(sentence)


@pytest.mark.parametrize("command", ANYTHING, ids=" ".join)
def test_without_a_key_it_says_how_to_come_by_one(fresh, command):
    assert "run `subledger db upgrade`, which makes" in fresh.sentence(*command)


@pytest.mark.parametrize("command", ANYTHING, ids=" ".join)
def test_a_database_that_was_never_upgraded_is_named_with_the_remedy(fresh, command):
    said = fresh.sentence(*command, SUBLEDGER_KEYS=new_master_key())
    assert said.startswith("The database is at schema none and this version needs ")
    assert said.endswith(": run `subledger db upgrade`.")


@pytest.mark.parametrize("command", [("worker",), ("up",)], ids=" ".join)
@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("redis://me:secret@127.0.0.1:1/0", "Redis at 127.0.0.1:1/0 cannot be reached: "),
        ("redis://127.0.0.1:port/0", "REDIS_URL cannot be used: "),
    ],
)
def test_a_redis_that_does_not_answer_is_named_without_its_password(subledger, command, url, sentence):
    said = subledger.sentence(*command, REDIS_URL=url, SUBLEDGER_PORT=free_port())
    assert said.startswith(sentence)
    assert "secret" not in said


@pytest.mark.parametrize("command", ["web", "worker", "scheduler", "up"])
def test_no_process_starts_on_a_redis_that_throws_jobs_away(subledger, tmp_path, command):
    home = tmp_path / "redis"
    home.mkdir()
    served = settings_from({"SUBLEDGER_HOME": str(home)})
    with closing(EmbeddedRedis(served, WallClock())):
        with connect(served, timeout_seconds=5) as redis:
            redis.config_set("maxmemory-policy", "allkeys-lru")
        said = subledger.sentence(command, REDIS_URL=f"unix://{embedded_socket(served)}", SUBLEDGER_PORT=free_port())
    assert "may throw jobs away: set its maxmemory-policy to noeviction, not allkeys-lru." in said


def test_a_worker_by_itself_says_where_the_embedded_redis_comes_from(subledger):
    assert subledger.sentence("worker") == (
        "No embedded Redis is running: `subledger up` brings one, or set REDIS_URL."
    )


@pytest.mark.parametrize("command", ["web", "up"])
def test_a_port_that_is_taken_is_named(subledger, command):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        said = subledger.sentence(command, SUBLEDGER_PORT=str(port))
    assert said.startswith(f"Nothing can be served on 127.0.0.1:{port}: ")


def test_a_home_that_is_no_folder_is_named(fresh, tmp_path):
    home = tmp_path / "file"
    home.write_text("")
    assert str(home) in fresh.sentence("db", "upgrade", SUBLEDGER_HOME=str(home / "x"))


def test_a_file_that_is_no_database_is_named(subledger, tmp_path):
    (tmp_path / "letter.db").write_text("Dear database, " * 100)
    said = subledger.sentence("status", DATABASE_URL=f"sqlite:///{tmp_path / 'letter.db'}")
    assert said.endswith("letter.db cannot be reached: file is not a database")


UNKNOWN = {
    "no workspace yet": (("status",), "there are: none yet: run `subledger setup FILE`."),
    "a command": (("stauts",), "No such command 'stauts'"),
    "an option": (("status", "--colour"), "No such option '--colour'"),
    "no file": (("setup", "nowhere.json"), "'nowhere.json' does not exist"),
    "a folder": (("setup", "."), "'.' is a directory"),
    "no argument": (("setup",), "Missing argument 'FILE'"),
    "a day in words": (("trial-balance", "--until", "yesterday"), "'yesterday' does not match the format '%Y-%m-%d'"),
    "a day that there is not": (("trial-balance", "--until", "2026-02-30"), "does not match the format"),
    "no worker": (("up", "--workers", "0"), "0 is not in the range 1<=x<=64"),
    "too high a port": (("sandbox", "--xero-port", "70000"), "70000 is not in the range"),
    "half a command": (("db", "downgrade"), "No such command 'downgrade'"),
}


@pytest.mark.parametrize(("arguments", "sentence"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_wrong_wish_is_named(subledger, arguments, sentence):
    assert sentence in subledger.sentence(*arguments, code=1 if arguments == ("status",) else 2)


FILES = {
    "not JSON": ("{'workspace': 1}", "The file is not JSON: line 1, "),
    "empty": ("", "The file is not JSON: line 1, "),
    "a list": ("[]", "The file cannot be used: "),
    "nothing in it": ("{}", "The file cannot be used: "),
    "a field that there is not": ({"workspaces": 1}, "workspaces: Unknown field"),
    "a vendor without a connector": ({"connections": [{"vendor": "sage"}]}, "connections.0.vendor: has no connector"),
    "a currency that there is not": ({"book": {"base_currency": "EUX"}}, "is not a currency of ISO 4217"),
    "a zone that there is not": ({"book": {"time_zone": "Europe/Bonn"}}, "is not an IANA time zone"),
    "an empty secret": ({"connections": [{"secrets": {"webhook_secret": ""}}]}, "is empty"),
    "a rate of nothing": ({"rates": [{"value": "0"}]}, "rates.0.value: "),
    "a rulebook with an unknown slot": ({"connections": [{"rulebook": {"slots": {"colour": []}}}]}, "colour"),
    "an option that there is not": (
        {"connections": [{"options": {"colour": "1"}}]},
        "is not an option of a connection",
    ),
    "an option of nothing": (
        {"connections": [{"options": {"pull_seconds": "0"}}]},
        "pull_seconds.value: is not a number",
    ),
    "an option that is no number": ({"connections": [{"options": {"pull_seconds": "soon"}}]}, "pull_seconds"),
}


def merged(base, change):
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {name: merged(base.get(name), inner) for name, inner in change.items()}
    if isinstance(base, list) and isinstance(change, list):
        return [merged(base[0], change[0]), *base[1:]]
    return change


WORKSPACE = {
    "workspace": "Here",
    "book": {"name": "Book", "base_currency": "EUR", "time_zone": "Europe/Berlin"},
    "connections": [
        {
            "name": "Stripe",
            "vendor": "stripe",
            "environment": "test",
            "base_url": "http://127.0.0.1:1",
            "secrets": {"api_key": "sk_test_sandbox", "webhook_secret": "whsec_sandbox"},
        },
        {
            "name": "Xero",
            "vendor": "xero",
            "environment": "test",
            "base_url": "http://127.0.0.1:1",
            "account": "tenant",
            "secrets": {"client_id": "id", "client_secret": "sandbox"},
        },
    ],
    "rates": [{"currency": "USD", "on": "2026-11-23", "value": "0.92", "source": "ECB"}],
}


@pytest.mark.parametrize(("written", "sentence"), FILES.values(), ids=FILES.keys())
def test_a_set_up_that_cannot_be_used_names_the_place_and_makes_nothing(subledger, tmp_path, written, sentence):
    file = tmp_path / "workspace.json"
    file.write_text(written if isinstance(written, str) else json.dumps(merged(WORKSPACE, written)))
    assert sentence in subledger.sentence("setup", file)
    assert "none yet" in subledger.sentence("status")


def test_a_file_in_another_encoding_is_named(subledger, tmp_path):
    (tmp_path / "latin.json").write_bytes('{"workspace": "Zoë"}'.encode("latin-1"))
    assert subledger.sentence("setup", tmp_path / "latin.json").endswith("latin.json is not a text in UTF-8.")


@pytest.fixture
def made(subledger, tmp_path):
    """With the workspace above."""
    (tmp_path / "workspace.json").write_text(json.dumps(WORKSPACE))
    subledger.json("setup", tmp_path / "workspace.json")
    return subledger


def test_what_is_not_there_is_named_with_what_is(made, tmp_path):
    (tmp_path / "rules.json").write_text('{"slots": {"income_account": [{"use": "200"}]}}')
    assert made.sentence("status", "--workspace", "There").endswith("there are: Here.")
    assert made.sentence("rules", "Zero", tmp_path / "rules.json").endswith("there are: Stripe, Xero.")
    assert made.sentence("webhook-secret", "Zero", "--secret", "whsec_sandbox").endswith("there are: Stripe, Xero.")
    assert made.sentence("api-key", "Xero", "--key", "sk_test_sandbox") == "Xero is connected by tokens, not by a key."
    assert "no book named Cook" in made.sentence("rate", "Cook", "USD", "2026-11-23", "0.92", "--source", "ECB")


def test_a_workspace_is_made_once(made, tmp_path):
    assert made.sentence("setup", tmp_path / "workspace.json") == (
        "There is a workspace named Here already; nothing was changed."
    )


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (("US", "2026-11-23", "0.92"), "currency: is not a currency"),
        (("USD", "23.11.2026", "0.92"), "on: is not a date"),
        (("USD", "2026-02-30", "0.92"), "on: is not a date"),
        (("USD", "2026-11-23", "-0.92"), "value: "),
        (("USD", "2026-11-23", "much"), "value: "),
        (("USD", "2026-11-23", "NaN"), "value: "),
    ],
)
def test_a_rate_that_cannot_be_used_is_named(made, rate, sentence):
    assert sentence in made.sentence("rate", "--source", "ECB", "--", "Book", *rate)


def test_a_rate_that_stands_is_not_overwritten(made):
    again = ("rate", "Book", "USD", "2026-11-23", "0.93", "--source", "ECB")
    assert made.sentence(*again).endswith("2026-11-23 stands already, and entries may rest on it: 0.92 (ECB).")
    assert made.json("rate", "Book", "USD", "2026-11-24", "0.93", "--source", "ECB")["value"] == "0.93"


def test_rules_that_cannot_be_used_are_named(made, tmp_path):
    file = tmp_path / "rules.json"
    for written in ("[", "[]", '{"slots": {"income_account": "200"}}', '{"slots": {"colour": [{"use": "red"}]}}'):
        file.write_text(written)
        assert made.sentence("rules", "Xero", file)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
