"""Who is asking, where a reverse proxy stands between: only a proxy that the settings name is believed."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from core.settings import Network

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


def behind(app: App, proxies: Sequence[Network]) -> App:
    """The app, which sees the address that the nearest stranger has, https where the browser speaks it, and no word of
    any proxy besides.
    """

    def seen(environ: Environ, start_response: Any) -> Iterable[bytes]:
        told = {name: environ.pop(name) for name in list(environ) if "FORWARDED" in name}
        forwarded, scheme = told.get("HTTP_X_FORWARDED_FOR", ""), told.get("HTTP_X_FORWARDED_PROTO", "")
        sender = _address(environ.get("REMOTE_ADDR", ""))
        if sender is not None and _trusted(sender, proxies):
            environ["REMOTE_ADDR"] = str(_nearest_stranger(sender, forwarded.split(","), proxies))
            if scheme.rpartition(",")[2].strip() == "https":
                environ["wsgi.url_scheme"] = "https"
        return app(environ, start_response)

    return seen


def _nearest_stranger(
    sender: IPv4Address | IPv6Address, forwarded: Sequence[str], proxies: Sequence[Network]
) -> IPv4Address | IPv6Address:
    """Each proxy adds at the end whom it heard; what stands before a stranger is the stranger's own word."""
    for text in reversed(forwarded):
        found = _address(text.strip())
        if found is None:
            break
        sender = found
        if not _trusted(sender, proxies):
            break
    return sender


def _trusted(address: IPv4Address | IPv6Address, proxies: Sequence[Network]) -> bool:
    return any(address in network for network in proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """With or without a port; IPv4 as such, even where it is written as IPv6."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
