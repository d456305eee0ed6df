"""The pages in a real browser: its policy is kept, keys work, nothing is wider than a phone."""

import threading
import time

import pytest
from werkzeug.serving import make_server

from demo.browser import DESKTOP, PHONE, Browser, is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="no Chromium with its driver is installed")

LOOKS, LOOK_SECONDS = 100, 0.1
_PAGES = ("/", "/parked", "/records", "/records?kind=customer", "/deliveries", "/comparison", "/trial-balance")


@pytest.fixture(scope="module")
def served(world):
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def log_in(browser, served, name, password):
    browser.open(f"{served}/log-in")
    browser.type_into("input[name=name]", name)
    browser.type_into("input[name=password]", password)
    browser.click("main button")
    assert arrives(browser, f"{served}/")


def arrives(browser, address):
    """A key is pressed, and the page that it leads to comes when it comes."""
    for _ in range(LOOKS):
        if browser.address == address and browser.run("return document.readyState") == "complete":
            return True
        time.sleep(LOOK_SECONDS)
    return False


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_keeps_to_its_policy_and_fits_the_window(world, served, size):
    name = world.user(f"browser {world.hub.store.new_id()}")
    with Browser(size) as browser:
        log_in(browser, served, name, world.password)
        for path in _PAGES:
            browser.open(served + path)
            wider = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, path
        assert browser.complaints() == []


def test_the_keyboard_leads_everywhere(world, served):
    name = world.user(f"keys {world.hub.store.new_id()}")
    with Browser() as browser:
        log_in(browser, served, name, world.password)
        hints = "return [...document.querySelectorAll('.main kbd')].filter((key) => key.checkVisibility()).length"
        assert browser.run(hints) == 0
        browser.press("g")
        assert browser.run(hints) == 7
        browser.press("t")
        assert arrives(browser, f"{served}/trial-balance")
        browser.press("/")
        assert browser.run("return document.activeElement.name") == "q"
        browser.type_into("[data-find]", "Bäckerei\n")
        assert arrives(browser, f"{served}/records?q=B%C3%A4ckerei")
        assert browser.run("return document.querySelectorAll('main tbody tr').length") == 1


def test_keys_walk_through_a_list_and_stop_at_its_ends(world, served):
    name = world.user(f"list {world.hub.store.new_id()}")
    with Browser() as browser:
        log_in(browser, served, name, world.password)
        browser.open(f"{served}/records")
        links = browser.run(
            "return [...document.querySelectorAll('main tbody tr td:first-child a')].map((a) => a.href)"
        )
        assert len(links) > 3

        def after(keys):
            for key in keys:
                browser.press(key)
            return browser.run("return document.activeElement.href")

        assert after("j") == links[0]
        assert after("jj") == links[2]
        assert after("k") == links[1]
        assert after("kkkk") == links[0]
        assert after("j" * (len(links) + 2)) == links[-1]


def test_a_name_that_is_a_script_is_not_run(world, served):
    name = world.user(f"script {world.hub.store.new_id()}")
    with Browser() as browser:
        log_in(browser, served, name, world.password)
        browser.open(f"{served}/records?q=script")
        assert world.script in browser.run("return document.querySelector('main').innerText")
        assert browser.complaints() == []
