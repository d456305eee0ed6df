"""Every page that can be reached: for everybody who may and may not see it, and with nothing in it."""

import re

import pytest

from core.kinds import Kind
from core.roles import Role
from core.store.reading import comparison
from web.pages.rules import RULES


@pytest.fixture(scope="module")
def walked(reader):
    return reader.walk()


def test_every_page_that_a_viewer_can_reach_is_there(walked):
    assert {path: page.status_code for path, page in walked.items() if page.status_code != 200} == {}
    assert len(walked) > 100


def test_the_walk_passes_by_every_page_that_a_viewer_may_see(world, walked):
    adapter = world.app.url_map.bind("localhost")
    passed = {adapter.match(path.partition("?")[0])[0] for path in walked}
    mine = {name for name, role in RULES.items() if role is Role.VIEWER and "GET" in methods(world, name)}
    assert mine - passed == set()


def methods(world, endpoint):
    return {method for rule in world.app.url_map.iter_rules(endpoint) for method in rule.methods}


def test_every_page_has_a_rule_and_every_rule_a_page(world):
    pages = {rule.endpoint for rule in world.app.url_map.iter_rules() if rule.endpoint.startswith("pages.")}
    assert pages == RULES.keys()


def test_a_page_without_a_rule_keeps_the_hub_from_starting(world, monkeypatch):
    from web.app import create_app
    from web.pages import rules

    monkeypatch.delitem(rules.RULES, "pages.people.index")
    with pytest.raises(AssertionError, match=r"pages\.people\.index"):
        create_app(world.hub)


def test_who_has_not_logged_in_is_sent_to_the_log_in(world):
    person = world.person()
    person.get("/log-in")
    answers = [ask(person, rule) for rule in pages_for(world, Role.ADMIN)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/log-in")}


@pytest.mark.parametrize("role", list(Role)[:-1])
def test_a_role_that_is_not_enough_gets_403_everywhere(world, role):
    person = world.reader(role=role)
    person.get("/")
    closed = [rule for rule in pages_for(world, Role.ADMIN) if not role.covers(RULES[rule.endpoint])]
    assert len(closed) >= 3
    assert {ask(person, rule).status_code for rule in closed} == {403}
    assert all("Your role does not include this" in ask(person, rule).text for rule in closed)


def pages_for(world, role):
    rules = [rule for rule in world.app.url_map.iter_rules() if RULES.get(rule.endpoint)]
    return [rule for rule in rules if role.covers(RULES[rule.endpoint])]


def ask(person, rule):
    path = re.sub(r"<\w+>", "01ARZ3NDEKTSV4RRFFQ69G5FAV", rule.rule)
    return person.post(path) if "POST" in rule.methods else person.get(path)


def test_an_admin_sees_the_people_and_a_viewer_does_not_even_see_the_link(reader, admin):
    assert "a viewer" in admin.words("/people")
    assert "/people" not in reader.get("/").text


def test_a_workspace_in_which_nothing_has_happened_has_all_its_pages(world):
    newcomer = world.reader(workspace_id=world.empty_id)
    pages = newcomer.walk()
    assert {path for path, page in pages.items() if page.status_code != 200} == set()
    assert "Nothing to compare yet" in newcomer.words("/")
    assert "Nothing waits for you" in newcomer.words("/parked")
    assert "Nothing is posted" in newcomer.words("/trial-balance")
    assert all("None yet" in newcomer.words(f"/records?kind={kind}") for kind in Kind)
    assert "Nothing to compare yet" in newcomer.words("/comparison")
    assert "None." in newcomer.words("/deliveries")


def test_nothing_of_one_workspace_is_shown_to_another(world, walked):
    stranger = world.reader(workspace_id=world.elsewhere_id)
    named = [path for path in walked if re.search(r"[0-9A-Z]{26}", path) and "connection=" not in path]
    assert len(named) > 50
    assert {path for path in named if "before=" not in path and stranger.get(path).status_code != 404} == set()
    assert "Nothing fits" in stranger.words("/records?q=Zoë")
    assert "Xero" in stranger.words("/connections")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/records/inv_1",
        "/records/inv_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/records/'%20OR%201=1%20--",
        "/records?kind=secret",
        "/records/../../etc/passwd",
        "/deliveries/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/trial-balance/x/1100/EUR",
        "/trial-balance/01ARZ3NDEKTSV4RRFFQ69G5FAV/1100/EUR",
        "/static/../app.py",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(reader, path):
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "There is no such page, or no such record in this workspace." in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_a_page_that_fails_says_so_without_details(world, monkeypatch):
    def broken(*_):
        raise ValueError("the secret inside")

    monkeypatch.setattr(comparison, "differences", broken)
    answer = world.reader().get("/comparison")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "secret inside" not in answer.text


def test_a_database_that_is_busy_is_said_to_be_busy(world, monkeypatch):
    from core.errors import Busy

    def busy(*_):
        raise Busy("locked")

    monkeypatch.setattr(comparison, "differences", busy)
    answer = world.reader().get("/comparison")
    assert (answer.status_code, "Nothing is lost; try again shortly." in answer.text) == (503, True)


def test_vendors_doors_keep_their_plain_answers(world):
    answer = world.app.test_client().get("/webhooks/stripe/unknown")
    assert (answer.status_code, answer.text) == (405, "")


def test_every_answer_carries_the_strict_policy_and_is_kept_by_nobody(walked):
    for page in walked.values():
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"


def test_no_page_needs_more_than_its_policy_allows(walked):
    for path, page in walked.items():
        assert not re.search(r"<(script|style)(?![^>]* src=)[^>]*>", page.text), path
        assert not re.search(r"\s(style|on\w+)\s*=\s*\"", page.text), path
        assert not re.search(r"(src|href|action)=\"(https?:)?//", page.text), path


def test_files_that_never_change_are_kept_for_ever_and_named_by_their_content(reader):
    found = re.search(r'href="(/static/house\.css\?v=\w{12})"', reader.get("/").text)
    answer = reader.get(found[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    answer.close()


def test_names_of_customers_are_text_and_nothing_else(world, walked):
    said = [page.text for page in walked.values()]
    assert not any("<script>alert" in text for text in said)
    assert not any("49 $" in text or "$49" in text for text in said)
    for name, part in ((world.script, "&lt;script&gt;alert"), (world.braces, "{{7*7}} ${7*7}"), (world.fox, "🦊")):
        (invoice,) = world.documents(Kind.INVOICE, name)
        assert invoice.customer == name
        assert any(part in text for text in said)
