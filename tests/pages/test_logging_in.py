"""Logging in: who is let in, for how long, and how strangers are slowed down without anybody being locked out."""

import re
from inspect import getsource as source
from types import SimpleNamespace

import pytest

from core.clock import ManualClock
from core.errors import Misconfigured
from core.roles import Role
from core.store import sessions, throttle, users
from web import passwords
from web.pages import access


@pytest.fixture
def fresh(gate, monkeypatch):
    """A clock that stands still for the hub, and no failures counted so far."""
    clock = ManualClock(gate.hub.clock.now())
    monkeypatch.setattr(gate.hub.store, "clock", clock)
    gate.hub.store.write("", lambda work: work.connection.exec_driver_sql("DELETE FROM log_in_failure"))
    return clock


def test_the_right_password_opens_a_session_and_the_overview(gate, fresh):
    person = gate.person()
    answer = person.log_in(gate.user("Grace"))
    assert (answer.status_code, answer.location) == (303, "/")
    assert person.get("/").status_code == 200
    assert person.get("/log-in").location == "/"


def test_an_unknown_name_and_a_wrong_password_look_the_same(gate, fresh):
    known, unknown = gate.person(), gate.person()
    answers = [known.log_in(gate.user("Barbara"), "wrong"), unknown.log_in("nobody at all", "wrong")]
    texts = [answer.text.replace("Barbara", "").replace("nobody at all", "") for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    without_tokens = [text.replace(person.token, "") for text, person in zip(texts, (known, unknown), strict=True)]
    assert without_tokens[0] == without_tokens[1]


def test_a_guess_costs_as_much_as_can_be_borne():
    assert source(passwords).count('_METHOD = "scrypt:32768:8:1"') == 1


def test_an_unknown_name_costs_as_much_work_as_a_known_one(monkeypatch):
    checked = []
    monkeypatch.setattr(passwords, "check_password_hash", lambda hashed, plain: checked.append(hashed) or True)
    assert not passwords.matches(None, "anything")
    assert checked[0].startswith(passwords._METHOD)


def test_a_disabled_user_is_not_let_in_and_is_out_at_once(gate, fresh):
    person = gate.reader("Mary")
    (user,) = [one for one in everybody(gate) if one.name == "Mary"]
    gate.hub.store.write(gate.workspace_id, lambda work: users.disable(work, user.id, "tests"))
    assert person.get("/").location == "/log-in"
    assert person.log_in("Mary").status_code == 401


def everybody(gate):
    with gate.hub.store.read() as database:
        return users.users(database, gate.workspace_id)


def test_a_session_ends_with_the_log_out(gate, fresh):
    person = gate.reader("Hedy")
    cookie = person.client.get_cookie("subledger").value
    person.get("/")
    assert person.post("/log-out").location == "/log-in"
    person.client.set_cookie("subledger", cookie)
    assert person.get("/").location == "/log-in"


def test_a_new_password_ends_every_session(gate, fresh):
    person = gate.reader("Radia")
    (user,) = [one for one in everybody(gate) if one.name == "Radia"]
    hashed = passwords.hashed("another long one", "Radia")
    gate.hub.store.write(gate.workspace_id, lambda work: users.set_password(work, user.id, hashed, "tests"))
    assert person.get("/").location == "/log-in"
    assert person.log_in("Radia").status_code == 401
    assert person.log_in("Radia", "another long one").status_code == 303


def test_a_session_begins_with_a_token_of_its_own_and_ends_the_one_before(gate, fresh):
    person = gate.reader("Frances")
    first = person.client.get_cookie("subledger").value
    person.post("/log-in", name="Frances", password=gate.password)
    person.get("/")
    answer = person.post("/log-in", name="Frances", password=gate.password)
    assert answer.status_code == 303
    assert person.client.get_cookie("subledger").value != first
    with gate.hub.store.read() as database:
        assert sessions.session(database, access.guard.token_hash(first), fresh.now()) is None


def test_a_session_that_is_left_alone_ends(gate, fresh):
    person = gate.reader()
    fresh.sleep(sessions.IDLE_SECONDS + 1)
    assert person.get("/").location == "/log-in"


def test_a_session_ends_after_its_whole_length_however_much_it_is_used(gate, fresh):
    person = gate.reader()
    step = sessions.IDLE_SECONDS - 60
    uses = sessions.WHOLE_SECONDS // step
    assert [person.get("/").status_code for _ in range(uses) if not fresh.sleep(step)] == [200] * uses
    fresh.sleep(step)
    assert person.get("/").location == "/log-in"


def test_a_session_that_is_used_lives_on(gate, fresh):
    person = gate.reader()
    for _ in range(3):
        fresh.sleep(sessions.IDLE_SECONDS - 60)
        assert person.get("/").status_code == 200


def test_the_table_of_sessions_holds_nothing_that_opens_one(gate, fresh):
    person = gate.reader()
    token = person.client.get_cookie("subledger").value
    person.client.set_cookie("subledger", access.guard.token_hash(token))
    assert person.get("/").location == "/log-in"


def test_cookies_are_closed_to_scripts_and_other_sites_and_over_https_to_other_hosts(gate, fresh):
    name = gate.user("Anita")
    plain = gate.person()
    answer = plain.log_in(name)
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    secure = gate.person(base_url="https://localhost")
    answer = secure.log_in(name)
    assert answer.headers["Set-Cookie"].startswith("__Host-subledger=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Path=/" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("form", [{}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "ä"}])
def test_a_form_that_is_not_ours_is_refused(gate, fresh, form):
    outsider = gate.person()
    outsider.get("/log-in")
    answer = outsider.client.post("/log-in", data=form | {"name": "anybody", "password": gate.password})
    assert answer.status_code == 403
    inside = gate.reader()
    assert inside.client.post("/log-out", data=form).status_code == 403
    assert inside.get("/").status_code == 200


def test_a_form_of_one_session_is_no_good_in_another(gate, fresh):
    one, other = gate.reader(), gate.reader()
    one.get("/")
    assert other.client.post("/log-out", data={"form_token": one.token}).status_code == 403


def test_a_form_that_was_sent_from_elsewhere_is_refused_even_with_its_token(gate, fresh):
    person = gate.reader()
    person.get("/")
    form = {"form_token": person.token}
    answer = person.client.post("/log-out", data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert person.client.post("/log-out", data=form, headers={"Origin": "http://localhost"}).status_code == 302


def test_nothing_is_changed_by_looking(gate, fresh):
    person = gate.reader(role=Role.ADMIN)
    for path in ("/log-out", "/parked/retry", "/people/x/disable", "/people/x/end-sessions"):
        assert person.get(path).status_code == 405


def test_guesses_from_one_place_are_slowed_and_the_wait_is_told(gate, fresh):
    name, guesser = gate.user("Joan"), gate.person("203.0.113.7")
    assert {guesser.log_in(name, "guess").status_code for _ in range(5)} == {401}
    answer = guesser.log_in(name)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= throttle.WINDOW_SECONDS + 1
    assert re.search("Wait 1[56] minutes and try again", answer.text)
    fresh.sleep(throttle.WINDOW_SECONDS + 1)
    assert guesser.log_in(name).status_code == 303


def test_one_guess_each_at_many_names_is_slowed_too(gate, fresh):
    guesser = gate.person("203.0.113.8")
    answers = [guesser.log_in(f"name {number}", "guess").status_code for number in range(31)]
    assert answers == [401] * 30 + [429]


def test_an_ipv6_neighbour_is_the_same_place(gate, fresh):
    name = gate.user("Karen")
    for number in range(5):
        assert gate.person(f"2001:db8::{number}").log_in(name, "guess").status_code == 401
    assert gate.person("2001:db8::99").log_in(name).status_code == 429
    assert gate.person("2001:db8:0:1::1").log_in(name).status_code == 303


def test_strangers_in_many_places_cannot_lock_anybody_out_who_has_been_here_before(gate, fresh, monkeypatch):
    monkeypatch.setattr(access, "_NAME_MAX", 8)
    name = gate.user("Sister Mary")
    assert gate.person("198.51.100.1").log_in(name).status_code == 303
    for number in range(8):
        assert gate.person(f"203.0.113.{number}").log_in(name, "guess").status_code == 401
    assert gate.person("203.0.113.200").log_in(name).status_code == 429
    assert gate.person("198.51.100.1").log_in(name).status_code == 303


def test_a_role_counts_as_it_is_now(gate, fresh):
    person = gate.reader("Lise", Role.ADMIN)
    assert person.get("/people").status_code == 200
    sql = "UPDATE \"user\" SET role = 'viewer' WHERE name = 'Lise'"
    gate.hub.store.write(gate.workspace_id, lambda work: work.connection.exec_driver_sql(sql))
    assert person.get("/people").status_code == 403


def test_an_admin_ends_sessions_and_disables_but_not_themselves(gate, fresh):
    boss, other = gate.reader("Boss", Role.ADMIN), gate.reader("Other")
    ids = {one.name: one.id for one in everybody(gate)}
    boss.get("/people")
    assert boss.post(f"/people/{ids['Other']}/end-sessions").status_code == 303
    assert other.get("/").location == "/log-in"
    assert boss.post(f"/people/{ids['Boss']}/disable").status_code == 403
    assert boss.post(f"/people/{ids['Other']}/disable").status_code == 303
    assert other.log_in("Other").status_code == 401
    assert boss.post("/people/01ARZ3NDEKTSV4RRFFQ69G5FAV/disable").status_code == 404


def test_what_a_form_does_not_ask_for_is_not_taken(gate, fresh):
    person = gate.person()
    name = gate.user("Modest")
    person.get("/log-in")
    form = {"role": "admin", "workspace_id": gate.elsewhere_id}
    assert person.post("/log-in", name=name, password=gate.password, **form).status_code == 303
    assert person.get("/people").status_code == 403


@pytest.mark.parametrize(
    "password", ["", "x", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "ada lovelace 1815", "x" * 300]
)
def test_a_password_that_would_be_guessed_is_not_taken(password):
    with pytest.raises(Misconfigured):
        passwords.hashed(password, "Ada Lovelace")


def test_a_password_that_is_made_is_always_taken_whatever_the_name(monkeypatch):
    """Once in some thousand times a made password holds a name of three letters by chance."""
    letters = iter("abada" * 4 + "lovel" * 4 + "bcdfg" * 3 + "hijkm")
    monkeypatch.setattr(passwords, "secrets", SimpleNamespace(choice=lambda _: next(letters)))
    for name in ("ada", "love"):
        made = passwords.new_password(name)
        assert passwords.matches(passwords.hashed(made + "xyz", name), made + "xyz")


def test_a_password_counts_to_its_last_character_however_a_keyboard_composes_it():
    long = "pässwörter sind " + "länger" * 25 + "!"
    hashed = passwords.hashed(long, "somebody")
    assert passwords.matches(hashed, long)
    assert passwords.matches(hashed, long.replace("ä", "a\N{COMBINING DIAERESIS}"))
    assert not passwords.matches(hashed, long[:-1])
    assert passwords.matches(passwords.hashed(made := passwords.new_password("somebody"), "somebody"), made)


def test_a_name_is_given_once_over_all_workspaces(gate, fresh):
    gate.user("Only One")
    with pytest.raises(Misconfigured, match="There is a user named Only One already"):
        gate.user("Only One", workspace_id=gate.elsewhere_id)
