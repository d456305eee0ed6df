"""What a person may set, read once from the environment; everything else is data in the database."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from core.errors import Misconfigured

Network = IPv4Network | IPv6Network

_OFF = frozenset({"", "0", "false", "no"})
_LEASE_SECONDS = 60
_LEASE_SECONDS_MIN = 2


@dataclass(frozen=True, slots=True)
class Settings:
    home: Path
    """Where the embedded database, its key and the embedded Redis keep their files."""
    database_url: str
    redis_url: str
    """Empty: the embedded server on a private unix socket."""
    keys: str
    """Master keys, newest first, comma-separated base64 of 32 bytes; empty: the key file in `home`."""
    host: str
    port: int
    trusted_proxies: tuple[Network, ...]
    """Whose word on where a request comes from is believed; none: whoever connects is who asks."""
    lease_seconds: float
    """How long work stays with a worker that has died or hangs; no vendor is waited for longer than half of it."""
    seed: int | None
    """For repeatable runs; production has none and takes the system's randomness."""

    @property
    def embedded_database(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def database_file(self) -> Path:
        """Of the embedded database."""
        return Path(self.database_url.removeprefix("sqlite:///")).absolute()

    def make_home(self) -> None:
        """The folder, which nobody but its owner looks into."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)


def settings_from(environment: Mapping[str, str]) -> Settings:
    if environment.get("FLASK_DEBUG", "").lower() not in _OFF:
        raise Misconfigured("FLASK_DEBUG is set, and a hub in debug mode shows its insides to strangers: unset it.")
    home = Path(environment.get("SUBLEDGER_HOME") or Path.home() / ".subledger").absolute()
    database_url = environment.get("DATABASE_URL") or f"sqlite:///{home / 'subledger.db'}"
    if database_url.startswith("postgres://"):
        database_url = "postgresql" + database_url.removeprefix("postgres")
    if not database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise Misconfigured(
            "DATABASE_URL must start with postgresql:// or sqlite:///; leave it unset for the embedded database."
        )
    redis_url = environment.get("REDIS_URL", "")
    if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise Misconfigured(
            "REDIS_URL must start with redis://, rediss:// or unix://; leave it unset for the embedded one."
        )
    return Settings(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        keys=environment.get("SUBLEDGER_KEYS", ""),
        host=environment.get("SUBLEDGER_HOST", "127.0.0.1"),
        port=_port(environment),
        trusted_proxies=_networks(environment, "SUBLEDGER_TRUSTED_PROXIES"),
        lease_seconds=_lease_seconds(environment),
        seed=_whole(environment, "SUBLEDGER_SEED"),
    )


def _port(environment: Mapping[str, str]) -> int:
    port = _whole(environment, "SUBLEDGER_PORT") or 8086
    if not 0 < port < 65536:
        raise Misconfigured(f"SUBLEDGER_PORT must lie between 1 and 65535, and {port} does not.")
    return port


def settings() -> Settings:
    return settings_from(os.environ)


def _lease_seconds(environment: Mapping[str, str]) -> float:
    seconds = _whole(environment, "SUBLEDGER_LEASE_SECONDS")
    if seconds is not None and seconds < _LEASE_SECONDS_MIN:
        raise Misconfigured(f"SUBLEDGER_LEASE_SECONDS must be at least {_LEASE_SECONDS_MIN}.")
    return _LEASE_SECONDS if seconds is None else seconds


def _networks(environment: Mapping[str, str], name: str) -> tuple[Network, ...]:
    texts = [text.strip() for text in environment.get(name, "").split(",") if text.strip()]
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise Misconfigured(f"{name} must be addresses or networks such as 10.0.0.0/8, with commas: {error}.") from None


def _whole(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    try:
        return int(text) if text else None
    except ValueError:
        raise Misconfigured(f"{name} must be a whole number, not {text!r}.") from None
