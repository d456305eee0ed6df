"""Which address counts: the browser's where a proxy of ours tells it, never what a stranger says of itself."""

import threading
import urllib.request
from ipaddress import ip_network

import pytest

from web.proxies import behind
from web.server import bind, listen

OURS = tuple(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "fd00::/8")))

CASES = {
    "nobody between": ("203.0.113.9", None, "203.0.113.9"),
    "a stranger who calls himself another": ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
    "our proxy": ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
    "our proxy, and what the browser made up": ("10.0.0.2", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    "two proxies of ours": ("127.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
    "our proxy that says nothing": ("10.0.0.2", None, "10.0.0.2"),
    "our own machines alone": ("127.0.0.1", "10.0.0.7, 10.0.0.2", "10.0.0.7"),
    "words that are no address": ("10.0.0.2", "203.0.113.9, unknown", "10.0.0.2"),
    "a port behind the address": ("10.0.0.2", "203.0.113.9:4711", "203.0.113.9"),
    "IPv6 with a port": ("fd00::2", "[2001:db8::9]:4711", "2001:db8::9"),
    "IPv4 written as IPv6": ("::ffff:10.0.0.2", "203.0.113.9", "203.0.113.9"),
}


def seen(proxies, **environ):
    found = {}
    behind(lambda environ, _: found.update(environ) or [], proxies)({"wsgi.url_scheme": "http"} | environ, None)
    return found


@pytest.mark.parametrize(("sender", "forwarded", "expected"), CASES.values(), ids=CASES.keys())
def test_the_address_that_counts(sender, forwarded, expected):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert seen(OURS, REMOTE_ADDR=sender, **headers)["REMOTE_ADDR"] == expected
    assert seen((), REMOTE_ADDR=sender, **headers)["REMOTE_ADDR"] == sender


def test_https_is_believed_of_our_proxy_alone():
    told = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert seen(OURS, REMOTE_ADDR="10.0.0.2", **told)["wsgi.url_scheme"] == "https"
    assert seen(OURS, REMOTE_ADDR="203.0.113.9", **told)["wsgi.url_scheme"] == "http"
    assert seen((), REMOTE_ADDR="10.0.0.2", **told)["wsgi.url_scheme"] == "http"


def test_wrong_passwords_count_against_the_browser_behind_the_proxy(gate):
    """Thirty from one address shut that address out, and nobody else who comes through the same proxy."""
    gate.user("behind a proxy")
    kept = gate.app.wsgi_app
    gate.app.wsgi_app = behind(kept, OURS)
    try:
        statuses = {}
        for number in range(31):
            statuses[number] = knock(gate, "203.0.113.9", f"nobody {number}")
        assert statuses[29] == 401
        assert statuses[30] == 429
        assert knock(gate, "203.0.113.10", "behind a proxy", gate.password) == 303
    finally:
        gate.app.wsgi_app = kept
        gate.hub.store.write("", lambda work: work.connection.exec_driver_sql("DELETE FROM log_in_failure"))


def knock(gate, address, name, password="wrong"):
    person = gate.person("10.0.0.2")
    person.client.environ_base["HTTP_X_FORWARDED_FOR"] = address
    person.get("/log-in")
    return person.post("/log-in", name=name, password=password).status_code


def test_the_server_hands_the_proxys_word_on():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]

    taken = bind("127.0.0.1", 0)
    server = listen(behind(app, OURS), taken)
    threading.Thread(target=server.run, daemon=True).start()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{taken.getsockname()[1]}/",
        headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.read() == b"203.0.113.9 https"
    server.close()
