"""Who buys, what, where, and what is going to happen to them. The seed decides which name gets which part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from demo.story import turns
from demo.story.turns import Act

FIRST_MONTH_DAYS = 34
"""By then the invoices that are voided or given up later have long been sent."""


@dataclass(frozen=True, slots=True)
class Market:
    country: str
    currency: str
    tax: str
    """Empty where none is charged."""
    names: Sequence[str]


_GERMAN = (
    "Zoë Bäckerei GmbH", "Müller & Söhne KG", "Größe & Maß OHG", "Fräulein Nüßlein e. K.", "🚀 Rakete UG",
    "„Zum Goldenen Löwen“ Gastronomie", "Žďár Maschinenbau GmbH", "Straßenfest Köln e. V.", "Ærø Schifffahrt GmbH",
    "Öl- und Gaswerk <Nord>", "Tischlerei O'Brien", "Blumen “Vergißmeinnicht”", "Café Ćevapi 🍽️ GmbH",
    "A/B Testlabor GmbH", "100 % Bio GmbH", "Łódź Spedition GmbH", "Übermut & Co.", "Naïve Kunst GmbH",
    "Éclair Patisserie Berlin", "Weiß, Schwarz & Rot PartG",
)  # fmt: skip
_FRENCH = (
    "Crème & Fils SARL", 'Librairie "Le Chat Noir"', "L'Épicerie d'Anaïs", "Œuvre Commune SAS", "Hôtel Où ça ?",
    "Forêt — Études SA", "Société «Garçon»", "Noël ❄️ et Cie",
)  # fmt: skip
_AMERICAN = (
    "Blue Heron Software, Inc.",
    "O'Neill Analytics LLC", 'The "Quoted" Company', "Peña & Daughters", "Zero\\Slash Corp",
    "Smith; Wesson & Drop Tables", "Pizza D'Angelo 🍕 Inc.", "Coöperative Press", "#1 Hosting", "Jalapeño Labs",
)  # fmt: skip
_JAPANESE = ("株式会社さくら", "東京ねこカフェ🐈", "ラーメン一番", "Ōsaka Denki", "山田・鈴木商店")
_KUWAITI = ("شركة الخليج", "Al-Ṣabāḥ Trading", "Dhow & Pearl W.L.L.", "مقهى النخلة ☕", "Falcon 'n' Sons")

_MARKETS: Mapping[str, Market] = {
    "de": Market("DE", "eur", "de-19", _GERMAN),
    "de gross": Market("DE", "eur", "de-19-gross", _GERMAN),
    "de reduced": Market("DE", "eur", "de-7", _GERMAN),
    "fr gross": Market("FR", "eur", "fr-20-gross", _FRENCH),
    "fr reduced": Market("FR", "eur", "fr-5.5", _FRENCH),
    "us": Market("US", "usd", "", _AMERICAN),
    "jp": Market("JP", "jpy", "jp-10", _JAPANESE),
    "jp gross": Market("JP", "jpy", "jp-10-gross", _JAPANESE),
    "kw": Market("KW", "kwd", "", _KUWAITI),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that happens on a day between the two, counted from the story's first."""

    earliest: int
    latest: int
    act: Act


@dataclass(frozen=True, slots=True)
class Part:
    market: str
    start: Act
    turns: Sequence[Turn] = ()
    count: int = 1
    latest_start: int = 9
    """All start between the first day and this one."""


_USES = tuple(Turn(day, day + 6, turns.use) for day in (10, 17, 24, 34, 41, 48))
_BREAKS = Turn(12, 20, turns.card_breaks)

PARTS: Sequence[Part] = (
    Part("de", turns.subscribe("team"), count=3),
    Part("de gross", turns.subscribe("team"), count=2),
    Part("de reduced", turns.subscribe("reader"), count=2),
    Part("fr gross", turns.subscribe("team")),
    Part("fr reduced", turns.subscribe("reader")),
    Part("us", turns.subscribe("team"), count=2),
    Part("jp gross", turns.subscribe("team")),
    Part("kw", turns.subscribe("team")),
    Part("de", turns.subscribe("quarterly")),
    Part("us", turns.subscribe("quarterly")),
    Part("fr gross", turns.subscribe("yearly")),
    Part("kw", turns.subscribe("yearly")),
    Part("de", turns.subscribe("seats")),
    Part("us", turns.subscribe("seats")),
    Part("de gross", turns.subscribe("calls"), _USES),
    Part("us", turns.subscribe("team and calls"), _USES),
    Part("jp", turns.subscribe("calls"), _USES),
    Part("kw", turns.subscribe("calls"), _USES),
    Part("de", turns.subscribe("team", coupon="twenty percent for two months")),
    Part("de gross", turns.subscribe("team", coupon="five euros, once")),
    Part("jp", turns.subscribe("team", promotion=True)),
    Part("fr gross", turns.subscribe("team", trial_days=14)),
    Part("us", turns.subscribe("team", trial_days=14)),
    Part("de", turns.subscribe("team"), [Turn(14, 26, turns.upgrade_at_once)]),
    Part("jp gross", turns.subscribe("team"), [Turn(14, 26, turns.upgrade_on_the_next_invoice)]),
    Part("us", turns.subscribe("team"), [_BREAKS, Turn(40, 42, turns.card_is_mended)]),
    Part("de", turns.subscribe("team"), [_BREAKS]),
    Part("de", turns.bill("workshop"), [Turn(12, 15, turns.credit_a_part), Turn(18, 24, turns.pay)]),
    Part("us", turns.bill("onboarding"), [Turn(12, 15, turns.credit_a_part)]),
    Part("de gross", turns.subscribe("team"), [Turn(12, 28, turns.refund_a_part)]),
    Part("fr reduced", turns.subscribe("team"), [Turn(12, 28, turns.refund_a_part)]),
    Part("kw", turns.subscribe("team"), [Turn(12, 28, turns.refund_a_part)]),
    Part("jp gross", turns.bill("workshop"), [Turn(10, 12, turns.pay), Turn(14, 28, turns.refund_a_part)]),
    Part("us", turns.subscribe("team"), [Turn(12, 28, turns.refund_all)]),
    Part("fr reduced", turns.bill("onboarding"), [Turn(10, 12, turns.pay), Turn(14, 28, turns.refund_all)]),
    Part("de", turns.subscribe("yearly"), [Turn(12, 28, turns.refund_without_credit_note)]),
    Part("us", turns.subscribe("yearly"), [Turn(12, 28, turns.refund_without_credit_note)]),
    Part("de gross", turns.bill("workshop"), [Turn(FIRST_MONTH_DAYS + 1, 50, turns.void)]),
    Part("de", turns.bill("onboarding"), [Turn(FIRST_MONTH_DAYS + 1, 50, turns.give_up)]),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """At that moment, counted in seconds from the beginning, this happens to the customer of that number."""

    at_seconds: int
    customer: int
    act: Act


def cast(random: Random) -> tuple[Sequence[tuple[str, Market]], Sequence[Scene]]:
    """Every customer with a name of its own, and everything that will happen, in order."""
    names = {market.names: random.sample(market.names, len(market.names)) for market in _MARKETS.values()}
    customers: list[tuple[str, Market]] = []
    scenes: list[Scene] = []
    for part in PARTS:
        market = _MARKETS[part.market]
        for _ in range(part.count):
            customers.append((names[market.names].pop(), market))
            for turn in (Turn(0, part.latest_start, part.start), *part.turns):
                moment = random.randint(turn.earliest * 86_400, (turn.latest + 1) * 86_400 - 1)
                scenes.append(Scene(moment, len(customers) - 1, turn.act))
    return customers, sorted(scenes, key=lambda scene: scene.at_seconds)
