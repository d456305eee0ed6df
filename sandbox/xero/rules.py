"""What is general knowledge rather than documented, each with a switch: POST /_sandbox/rules {"name": false}.

RULES.md lists all rules, these among them, with their code and their test.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    # requests and answers
    answers_are_xml_unless_json_is_accepted: bool = True
    answers_carry_a_correlation_id: bool = True
    errors_are_summarised_by_default: bool = True
    missing_things_are_plain_404s: bool = True
    """Else ErrorNumber 17."""
    unpaged_lists_are_summaries: bool = True
    limit_problems_are_in_lower_case: bool = True
    """Else as older documentation spells them: Minute, Daily."""
    limit_refusals_have_no_body: bool = True
    refusals_are_in_known_words: bool = True
    """Else what is refused for a name, an account, an amount, a lock date or a currency is told in other words."""
    deleted_items_never_show: bool = True
    """Else an item that was deleted shows among what changed, as it was."""
    # who may ask
    rotated_refresh_tokens_have_grace: bool = True
    scopes_are_enforced: bool = True
    unconnected_tenants_are_forbidden: bool = True
    """403; else 401."""
    # contacts
    contact_numbers_are_unique: bool = True
    documents_follow_a_merge: bool = True
    """Else they stay with the contact that was merged away."""
    documents_of_merged_contacts_keep_their_moment: bool = True
    documents_of_archived_contacts_stay_as_they_are: bool = True
    # documents
    line_total_must_match: bool = True
    unknown_tracking_is_refused: bool = True
    approval_needs_lines_and_due_date: bool = True
    zero_totals_are_paid_at_once: bool = True
    paid_documents_reopen: bool = True
    documents_with_money_on_them_keep_their_amounts: bool = True
    numbers_of_deleted_drafts_are_free: bool = True
    rates_are_foreign_units_for_a_base_unit: bool = True
    """Else the inverse."""
    # money
    payment_account_must_share_a_currency: bool = True
    payments_of_a_batch_are_deleted_together: bool = True
    bank_transfers_stay_in_one_currency: bool = True
    manual_journals_leave_banks_and_debtors_alone: bool = True
    payments_are_told_as_invoice_updates: bool = True

    def words(self, known: str) -> str:
        """What a refusal says whose wording is general knowledge."""
        return known if self.refusals_are_in_known_words else "A validation error occurred on this document."
