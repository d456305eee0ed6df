"""OAuth scopes: which exist, and which of them a request needs."""

IDENTITY = frozenset({"offline_access", "openid", "profile", "email"})
AREAS = {
    "accounting.settings": (
        "organisation",
        "accounts",
        "taxrates",
        "currencies",
        "items",
        "trackingcategories",
    ),
    "accounting.contacts": ("contacts",),
    "accounting.invoices": ("invoices", "creditnotes", "quotes"),
    "accounting.payments": ("payments", "batchpayments", "overpayments", "prepayments"),
    "accounting.banktransactions": ("banktransactions", "banktransfers"),
    "accounting.manualjournals": ("manualjournals",),
}
RETIRED = frozenset({"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"})
"""Xero: the broad scopes, refused to every app made since March 2026."""
KNOWN = IDENTITY | set(AREAS) | {f"{area}.read" for area in AREAS}
DEFAULT = " ".join(["offline_access", "openid", "profile", "email", *AREAS])

_AREA_OF = {resource: area for area, resources in AREAS.items() for resource in resources}


def suffices(scope: str, method: str, path: str) -> bool:
    """Whether a token of this scope may do this; `path` is below the API's root."""
    area = _AREA_OF.get(path.strip("/").split("/")[0].casefold())
    held = scope.split()
    return area is None or area in held or (method == "GET" and f"{area}.read" in held)
