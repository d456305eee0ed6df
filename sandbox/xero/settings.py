"""The organisation itself, its currencies and its tax rates."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.xero import wire
from sandbox.xero.amounts import effective_rate
from sandbox.xero.batches import write_each, write_one
from sandbox.xero.calls import Answer, Call
from sandbox.xero.chart import ALL_CLASSES, COST_CLASSES, SALES_CLASSES
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Currency, TaxComponent, TaxRate
from sandbox.xero.wire import Element

_ISO_4217 = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK
    LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR
    PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD STN SVC SYP SZL
    THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
ISO_CURRENCIES = frozenset(re.findall(r"[A-Z]{3}", _ISO_4217))
_TIME_ZONES = {
    "Europe/Berlin": "WEUROPESTANDARDTIME",
    "Europe/Paris": "ROMANCESTANDARDTIME",
    "Europe/London": "GMTSTANDARDTIME",
    "Europe/Dublin": "GMTSTANDARDTIME",
    "America/New_York": "EASTERNSTANDARDTIME",
    "Pacific/Auckland": "NEWZEALANDSTANDARDTIME",
}
TIME_ZONES = frozenset(_TIME_ZONES)

_CURRENCIES: Listing[Currency] = Listing("Currencies", {"Code": lambda row: row.id}, paged=False)
_TAX_RATES: Listing[TaxRate] = Listing(
    "TaxRates",
    {
        "Name": lambda row: row.name,
        "TaxType": lambda row: row.id,
        "Status": lambda row: row.status,
        "ReportTaxType": lambda row: row.report_tax_type,
        "EffectiveRate": lambda row: effective_rate(row.components),
    },
    paged=False,
)


def get_organisation(call: Call) -> Answer:
    organisation = call.ledger.organisation
    shown = {
        "OrganisationID": call.ledger.organisation_id,
        "Name": organisation.name,
        "LegalName": organisation.name,
        "PaysTax": True,
        "Version": "GLOBAL",
        "OrganisationType": "COMPANY",
        "OrganisationEntityType": "COMPANY",
        "BaseCurrency": organisation.base_currency,
        "CountryCode": organisation.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "MONTHLY",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "PeriodLockDate": wire.ms_date(organisation.period_lock_date),
        "EndOfYearLockDate": wire.ms_date(organisation.end_of_year_lock_date),
        "CreatedDateUTC": "/Date(1767225600000)/",
        "Timezone": _TIME_ZONES[organisation.timezone],
        "ShortCode": "!Sand1",
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    return Answer({"Organisations": [{name: one for name, one in shown.items() if one is not None}]})


def get_currencies(call: Call) -> Answer:
    return listed(call, call.ledger.currencies, _CURRENCIES, lambda row, _: shown_currency(row))


def put_currency(call: Call) -> Answer:
    return write_one(call, "Currencies", lambda: _subscribe(call), shown_currency)


def shown_currency(row: Currency) -> dict[str, Any]:
    return {"Code": row.id, "Description": row.description}


def _subscribe(call: Call) -> Currency:
    (element,) = call.elements("Currencies")[:1]
    code = (wire.read_text(element, "Code") or "").upper()
    if code not in ISO_CURRENCIES:
        raise InvalidError(f"The currency code '{code}' is not valid")
    if call.ledger.currencies.get(code):
        raise InvalidError(f"The currency {code} has already been added")
    description = wire.read_text(element, "Description") or code
    return call.ledger.currencies.put(Currency(code, call.ledger.now(), description))


def get_tax_rates(call: Call) -> Answer:
    return listed(call, call.ledger.tax_rates, _TAX_RATES, lambda row, _: shown_tax_rate(row))


def get_tax_rate(call: Call) -> Answer:
    row = call.ledger.tax_rates.get(call.ids[0])
    if row is None:
        raise no_such_thing()
    return Answer({"TaxRates": [shown_tax_rate(row)]})


def put_tax_rates(call: Call) -> Answer:
    return _write_tax_rates(call, _create)


def post_tax_rates(call: Call) -> Answer:
    return _write_tax_rates(call, _create_or_change)


def shown_tax_rate(row: TaxRate) -> dict[str, Any]:
    rate = wire.rounded(effective_rate(row.components), 4)
    return {
        "Name": row.name,
        "TaxType": row.id,
        "ReportTaxType": row.report_tax_type,
        "CanApplyToAssets": "ASSET" in row.classes,
        "CanApplyToEquity": "EQUITY" in row.classes,
        "CanApplyToExpenses": "EXPENSE" in row.classes,
        "CanApplyToLiabilities": "LIABILITY" in row.classes,
        "CanApplyToRevenue": "REVENUE" in row.classes,
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
        "Status": row.status,
        "TaxComponents": [
            {
                "Name": component.name,
                "Rate": wire.rounded(component.rate, 4),
                "IsCompound": component.compound,
                "IsNonRecoverable": component.non_recoverable,
            }
            for component in row.components
        ],
    }


def _write_tax_rates(call: Call, write: Callable[[Ledger, Element], TaxRate]) -> Answer:
    return write_each(
        call,
        "TaxRates",
        lambda one: write(call.ledger, one),
        shown_tax_rate,
        flag=None,
        stories=False,
        together=True,
    )


def _create_or_change(ledger: Ledger, element: Element) -> TaxRate:
    tax_type, name = wire.read_text(element, "TaxType"), wire.read_text(element, "Name")
    found = ledger.tax_rates.get(tax_type) if tax_type else None
    if found is None and name:
        found = next(iter(ledger.tax_rates.having("name", name)), None)
    if found is None:
        return _create(ledger, element)
    status = wire.read_text(element, "Status") or found.status
    if status not in {"ACTIVE", "DELETED", "ARCHIVED"}:
        raise InvalidError(f"The status '{status}' is not valid for a tax rate")
    components = _components(element) if wire.given(element, "TaxComponents") else found.components
    changed = replace(found, name=name or found.name, components=components, status=status, updated_at=ledger.now())
    return ledger.tax_rates.put(changed)


def _create(ledger: Ledger, element: Element) -> TaxRate:
    name = wire.read_text(element, "Name")
    if not name:
        raise InvalidError("A name must be specified for the tax rate")
    if ledger.tax_rates.having("name", name):
        raise InvalidError(f"A tax rate with the name '{name}' already exists")
    number = 1
    while ledger.tax_rates.get(f"TAX{number:03}"):
        number += 1
    report = wire.read_text(element, "ReportTaxType") or "OUTPUT"
    classes = {"OUTPUT": SALES_CLASSES, "INPUT": COST_CLASSES}.get(report, ALL_CLASSES)
    rate = TaxRate(f"TAX{number:03}", ledger.now(), name, _components(element), report, classes=classes)
    return ledger.tax_rates.put(rate)


def _components(element: Element) -> tuple[TaxComponent, ...]:
    components = tuple(
        TaxComponent(
            name=wire.read_text(one, "Name") or "VAT",
            rate=wire.read_number(one, "Rate") or Decimal(0),
            compound=wire.read_flag(one, "IsCompound") or False,
            non_recoverable=wire.read_flag(one, "IsNonRecoverable") or False,
        )
        for one in wire.read_elements(element, "TaxComponents")
    )
    if not components:
        raise InvalidError("A tax rate needs at least one tax component")
    return components
