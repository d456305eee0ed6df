"""Contacts: unique by name among the active ones; found by ContactID, ContactNumber or Name."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Contact
from sandbox.xero.wire import Element

DETAILS = {
    "AccountNumber": 50,
    "FirstName": 255,
    "LastName": 255,
    "CompanyNumber": 50,
    "EmailAddress": 255,
    "BankAccountDetails": 200,
    "TaxNumber": 50,
    "AccountsReceivableTaxType": 50,
    "AccountsPayableTaxType": 50,
    "SalesDefaultAccountCode": 10,
    "PurchasesDefaultAccountCode": 10,
    "XeroNetworkKey": 50,
    "Website": 255,
}
"""Texts that are only kept, with how long they may be."""
_ADDRESS = (
    "AddressType",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "AddressLine4",
    "City",
    "Region",
    "PostalCode",
    "Country",
    "AttentionTo",
)
_PHONE = ("PhoneType", "PhoneNumber", "PhoneAreaCode", "PhoneCountryCode")
_PERSON = ("FirstName", "LastName", "EmailAddress")
_EMAIL = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]{2,}")  # Xero: ASCII only
NAME_LENGTH_MAX, NUMBER_LENGTH_MAX = 255, 50
_ARCHIVED = (
    "The specified contact details matched an archived contact."
    " Archived contacts cannot currently be edited via the API."
)
_ARCHIVED_IN_DOCUMENT = (
    "The contact with the specified contact details has been archived. The contact must be un-archived"
    " before creating new invoices or credit notes."
)

_LISTING: Listing[Contact] = Listing(
    "Contacts",
    {
        "ContactID": lambda row: row.id,
        "ContactNumber": lambda row: row.number,
        "Name": lambda row: row.name,
        "ContactStatus": lambda row: row.status,
        "EmailAddress": lambda row: dict(row.details).get("EmailAddress"),
        "AccountNumber": lambda row: dict(row.details).get("AccountNumber"),
        "TaxNumber": lambda row: dict(row.details).get("TaxNumber"),
        "UpdatedDateUTC": lambda row: row.updated_at,
    },
    {"ContactNumber": ("number", str), "Name": ("name", str.casefold)},
)


def get_contacts(call: Call) -> Answer:
    wanted, archived = call.listed("ids"), call.flag("includearchived")
    term = call.query.get("searchterm", "").casefold()

    def holds(row: Contact) -> bool:
        shown = archived or row.status == "ACTIVE"
        return shown and (not term or any(term in text.casefold() for text in _searched(row)))

    contacts = call.ledger.contacts
    candidates = [row for one in wanted if (row := contacts.get(one.lower()))] if wanted else None
    return listed(
        call,
        contacts,
        _LISTING,
        lambda row, whole: shown_contact(call.ledger, row, whole=whole),
        candidates=candidates,
        holds=holds,
    )


def get_contact(call: Call) -> Answer:
    return Answer({"Contacts": [shown_contact(call.ledger, _found(call), whole=True)]})


def put_contacts(call: Call) -> Answer:
    return _write(call, None)


def post_contacts(call: Call) -> Answer:
    return _write(call, existing)


def post_contact(call: Call) -> Answer:
    found = _found(call)
    return _write(call, lambda _ledger, _element: found)


def shown_contact(ledger: Ledger, row: Contact, *, whole: bool = False) -> dict[str, Any]:
    """`whole`: in a page or alone, which is where Xero names the contact that this one was merged into."""
    shown: dict[str, Any] = {"ContactID": row.id, "ContactNumber": row.number, "ContactStatus": row.status}
    shown["MergedToContactID"] = row.merged_into_id if whole else None
    shown |= {"Name": row.name} | dict(row.details)
    shown |= {
        "Addresses": [dict(address) for address in row.addresses],
        "Phones": [dict(phone) for phone in row.phones],
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "ContactGroups": [],
        "IsSupplier": ledger.invoices.any_having("contact_and_type", (row.id, "ACCPAY")),
        "IsCustomer": ledger.invoices.any_having("contact_and_type", (row.id, "ACCREC")),
        "DefaultCurrency": row.default_currency,
        "ContactPersons": [dict(person) | {"IncludeInEmails": False} for person in row.persons],
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    return {name: value for name, value in shown.items() if value is not None}


def shown_in_document(row: Contact) -> dict[str, Any]:
    """The short form that stands inside invoices and payments."""
    shown = {"ContactID": row.id, "ContactNumber": row.number, "Name": row.name}
    return {name: value for name, value in shown.items() if value is not None} | {
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def existing(ledger: Ledger, element: Element) -> Contact | None:
    """Whom an element means: by ContactID, else by ContactNumber, else by Name."""
    if contact_id := wire.read_text(element, "ContactID"):
        found = ledger.contacts.get(contact_id.lower())
        if found is None:
            raise InvalidError("The contact with the specified contact details could not be found")
        return found
    if (number := wire.read_text(element, "ContactNumber")) and (numbered := ledger.contacts.having("number", number)):
        return numbered[-1]
    name = (wire.read_text(element, "Name") or "").strip()
    named = ledger.contacts.having("name", name.casefold())
    return next((row for row in named if row.status == "ACTIVE"), None)


def contact_of_document(ledger: Ledger, element: Element) -> Contact:
    """The contact that a document names; one that is known by nothing yet is created by its name."""
    named = wire.read_element(element, "Contact")
    contact = existing(ledger, named) if named else None
    if contact is None:
        if not wire.read_text(named, "Name"):
            raise InvalidError("A Contact must be specified for this type of transaction")
        contact = saved_contact(ledger, named, None)
    if contact.status != "ACTIVE":
        raise InvalidError(_ARCHIVED_IN_DOCUMENT)
    return contact


def check_contact_is_active(ledger: Ledger, contact_id: str) -> None:
    """Before a document is changed, voided or deleted."""
    if ledger.rules.documents_of_archived_contacts_stay_as_they_are and ledger.contacts[contact_id].status != "ACTIVE":
        raise InvalidError(_ARCHIVED_IN_DOCUMENT)


def merge(ledger: Ledger, contacts: Sequence[Contact], survivor: Contact) -> list[Contact]:
    """As a person does it in Xero, where no API can: all documents follow, the merged contacts are archived.

    Their names and numbers stay with them. Brings back the merged ones and, last, the survivor.
    """
    now = ledger.now()
    moments = {} if ledger.rules.documents_of_merged_contacts_keep_their_moment else {"updated_at": now}
    for contact in contacts if ledger.rules.documents_follow_a_merge else ():
        for table in ledger.of_contacts:
            for row in table.having("contact", contact.id):
                table.put(replace(row, contact_id=survivor.id, **moments))
    merged = [replace(contact, status="ARCHIVED", merged_into_id=survivor.id, updated_at=now) for contact in contacts]
    return [ledger.contacts.put(row) for row in (*merged, replace(survivor, updated_at=now))]


def restore(ledger: Ledger, contact: Contact) -> Contact:
    """Active again, which only a person can do in Xero; documents that were merged away stay where they are."""
    restored = replace(contact, status="ACTIVE", merged_into_id=None, updated_at=ledger.now())
    _check_unique(ledger, restored)
    return ledger.contacts.put(restored)


def saved_contact(ledger: Ledger, element: Element, before: Contact | None) -> Contact:
    if before and before.status == "ARCHIVED":
        raise InvalidError(_ARCHIVED)
    name = (wire.read_text(element, "Name") or (before.name if before else "")).strip()
    if not name:
        raise InvalidError("The contact name must be specified")
    if len(name) > NAME_LENGTH_MAX:
        raise InvalidError(f"The contact name must have at most {NAME_LENGTH_MAX} characters")
    start = before or Contact(ledger.new_id(ledger.contacts, "contact", name), ledger.now(), name)
    status = wire.read_text(element, "ContactStatus") or start.status
    if status not in {"ACTIVE", "ARCHIVED"}:
        raise InvalidError("The contact status must be ACTIVE or ARCHIVED")
    number = wire.read_text(element, "ContactNumber") or start.number
    currency = wire.read_text(element, "DefaultCurrency") or start.default_currency
    if currency and currency != start.default_currency:
        ledger.check_currency(currency)
    contact = replace(
        start,
        name=name,
        updated_at=ledger.now(),
        status=status,
        number=number,
        details=_details(element, dict(start.details)),
        addresses=_parts(element, "Addresses", _ADDRESS) or start.addresses,
        phones=_parts(element, "Phones", _PHONE) or start.phones,
        persons=_parts(element, "ContactPersons", _PERSON) or start.persons,
        default_currency=currency,
    )
    _check_unique(ledger, contact)
    return ledger.contacts.put(contact)


def _check_unique(ledger: Ledger, contact: Contact) -> None:
    others = ledger.contacts.having("name", contact.name.casefold())
    if contact.status == "ACTIVE" and any(row.id != contact.id and row.status == "ACTIVE" for row in others):
        known = f"The contact name {contact.name} is already assigned to another contact."
        more = " The contact name must be unique across all active contacts."
        raise InvalidError(ledger.rules.words(known + more))
    if contact.number is None:
        return
    if len(contact.number) > NUMBER_LENGTH_MAX:
        raise InvalidError(f"The contact number must have at most {NUMBER_LENGTH_MAX} characters")
    if ledger.rules.contact_numbers_are_unique and any(
        row.id != contact.id for row in ledger.contacts.having("number", contact.number)
    ):
        raise InvalidError(f"The contact number {contact.number} is already assigned to another contact.")


def _details(element: Element, before: dict[str, str]) -> tuple[tuple[str, str], ...]:
    details = dict(before)
    for name, length_max in DETAILS.items():
        text = wire.read_text(element, name)
        if text is None:
            continue
        if len(text) > length_max:
            raise InvalidError(f"{name} must have at most {length_max} characters")
        details[name] = text
    if (email := details.get("EmailAddress")) and not _EMAIL.fullmatch(email):
        raise InvalidError("Email address must be valid.")
    return tuple(details.items())


def _parts(element: Element, name: str, known: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(
        tuple((key, text) for key in known if (text := wire.read_text(part, key)) is not None)
        for part in wire.read_elements(element, name)
    )


def _searched(row: Contact) -> list[str]:
    details = dict(row.details)
    return [
        row.name,
        row.number or "",
        *(details.get(name, "") for name in ("EmailAddress", "FirstName", "LastName")),
    ]


def _found(call: Call) -> Contact:
    numbered = call.ledger.contacts.having("number", call.ids[0])
    contact = call.ledger.contacts.get(call.ids[0].lower()) or next(iter(numbered), None)
    if contact is None:
        raise no_such_thing()
    return contact


def _write(call: Call, find: Any) -> Answer:
    def write(element: Element) -> Contact:
        before = find(call.ledger, element) if find else None
        return saved_contact(call.ledger, element, before)

    return write_each(call, "Contacts", write, lambda row: shown_contact(call.ledger, row), flag="HasValidationErrors")
