"""The faults that are proved: each scenario by its number, what is played, and the tests that play it.

A proof is a test and what its parameters say, where `{database}` and `{kind}` stand for each of those listed; a proof
without `{kind}` plays a trade, which has a document of every kind. `stands_for` says what is played in place of what
does not exist here. `test_scenarios` holds all of this against the tests as pytest collects them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BOTH = ("sqlite", "postgresql")
DOCUMENTS = ("invoice", "payment", "credit_note")
WRITTEN = (*DOCUMENTS, "allocation", "credit_refund")
PLURALS = ("Invoices", "Payments", "CreditNotes", "Allocations")

Proofs = Mapping[str, Sequence[str]]
"""A test, by its file and name, to what its parameters have to say."""

KILLS = "flows/test_kills.py::"
REDIS = "flows/test_redis.py::"
DATABASES = "flows/test_databases.py::"
INBOUND = "flows/test_inbound.py::"
LOST = "flows/test_lost_answers.py::"
ANSWERS = "flows/test_answers.py::"
BODIES = "web/test_webhook_bodies.py::"
COMMIT = "web/test_webhook_commit.py::"
SIGNATURES = "web/test_webhook_signatures.py::"
SERVER = "web/test_server.py::"
DOOR_KILLED = f"{KILLS}test_a_door_killed_while_it_stores_a_message_loses_nothing_and_does_nothing_twice"
WORKER_KILLED = f"{KILLS}test_a_worker_that_is_killed_loses_nothing_and_does_nothing_twice"
DISK_FILLS = f"{DATABASES}test_a_disk_that_fills_in_the_middle_loses_nothing_and_needs_no_hand_when_there_is_room"
RETRY = (
    "flows/test_bad_input.py::"
    "test_a_retry_is_a_new_question_and_not_answered_with_what_the_vendor_remembers_of_the_last"
)
STORM = f"{LOST}test_a_vendor_that_refuses_every_call_for_long_is_asked_by_one_at_a_time_and_not_stormed_afterwards"
SPOILT = f"{LOST}test_an_answer_that_never_ends_or_bursts_is_given_up_and_found_by_asking"


@dataclass(frozen=True, slots=True)
class Scenario:
    number: int
    says: str
    proofs: Proofs
    kinds: Sequence[str] = DOCUMENTS
    databases: Sequence[str] = BOTH
    stands_for: str = ""


SCENARIOS = (
    # --- processes killed with SIGKILL -------------------------------------------------------------------------------
    Scenario(
        1,
        "web killed with half a message (P1)",
        {
            f"{KILLS}test_a_door_killed_with_half_a_message_in_its_hands_has_stored_nothing": ["{database}"],
            f"{KILLS}test_a_door_killed_before_it_has_stored_a_message_is_told_again": ["{database}"],
        },
    ),
    Scenario(
        2,
        "web killed before the signature and before the inbox (P2, P3)",
        {f"{KILLS}test_a_door_killed_before_it_has_stored_a_message_is_told_again": ["{database}"]},
    ),
    Scenario(3, "web killed inside the inbox's transaction (P4)", {DOOR_KILLED: ["{database}", "{kind}", "P4"]}),
    Scenario(4, "web killed stored and not answered (P5)", {DOOR_KILLED: ["{database}", "{kind}", "P5"]}),
    Scenario(
        5,
        "web killed before the nudge (P6)",
        {f"{KILLS}test_a_process_killed_while_it_rings_the_bell_holds_nothing_up": ["{database}", "P6"]},
    ),
    Scenario(
        6,
        "killed inside the enqueue",
        {f"{KILLS}test_a_process_killed_while_it_rings_the_bell_holds_nothing_up": ["{database}", "P6", "inside"]},
        stands_for="rq 3 writes a job and its place in the queue in one MULTI; what can be torn apart is our own mark "
        "that a lane was rung and that job. No job has an id of ours.",
    ),
    Scenario(
        7,
        "worker killed between the bell and its lane (P7)",
        {f"{KILLS}test_a_worker_killed_between_the_bell_and_its_lane_loses_no_work": ["{database}"]},
        stands_for="there is one queue only",
    ),
    Scenario(8, "worker killed before the read (P8)", {WORKER_KILLED: ["{database}", "{kind}", "P8"]}),
    Scenario(9, "worker killed after the read (P9)", {WORKER_KILLED: ["{database}", "{kind}", "P9"]}),
    Scenario(10, "worker killed inside the work transaction (P10)", {WORKER_KILLED: ["{database}", "{kind}", "P10"]}),
    Scenario(11, "worker killed after it (P11)", {WORKER_KILLED: ["{database}", "{kind}", "P11"]}),
    Scenario(12, "worker killed with a delivery chosen (P12)", {WORKER_KILLED: ["{database}", "{kind}", "P12"]}),
    Scenario(
        14, "worker killed promised and not sent (P14)", {WORKER_KILLED: ["{database}", "{kind}", "P14"]}, WRITTEN
    ),
    Scenario(
        15,
        "worker killed sent and not done (P15)",
        {
            f"{KILLS}test_a_worker_killed_before_the_vendor_did_what_it_was_sent_sends_it_again": [
                "{database}",
                "{kind}",
            ]
        },
    ),
    Scenario(
        16,
        "worker killed done and not answered (P16)",
        {
            f"{KILLS}test_a_worker_killed_when_the_vendor_has_done_it_finds_it_by_asking": [
                "{database}",
                "{kind}",
                "P16",
            ]
        },
        WRITTEN,
    ),
    Scenario(
        17,
        "worker killed with the answer in hand (P17)",
        {WORKER_KILLED: ["{database}", "{kind}", "P17"]},
        WRITTEN,
    ),
    Scenario(
        18,
        "worker killed written down (P18), and with the echo before that (P19)",
        {
            WORKER_KILLED: ["{database}", "{kind}", "P18"],
            f"{KILLS}test_a_worker_killed_when_the_echo_of_its_write_has_overtaken_its_answer_writes_nothing_twice": [
                "{database}",
                "{kind}",
            ],
        },
        stands_for="P19: Xero tells of invoices and credit notes; a payment shows as a change of its invoice",
    ),
    Scenario(
        19,
        "scheduler killed before and after its slot, two at once (P20)",
        {f"{KILLS}test_of_two_schedulers_killed_around_a_slot_one_runs_it_once": ["{database}", "P20"]},
    ),
    # --- Redis -------------------------------------------------------------------------------------------------------
    Scenario(
        30,
        "FLUSHALL at P6, P7, P11, P12 and idle",
        {
            f"{REDIS}test_what_was_queued_is_done_though_redis_forgets_it": ["{database}"],
            f"{REDIS}test_redis_may_forget_everything_while_it_is_counted_on": ["{database}"],
            f"{REDIS}test_an_idle_hub_does_not_notice_that_redis_has_forgotten_everything": ["{database}"],
        },
    ),
    Scenario(
        31, "Redis killed and empty", {f"{REDIS}test_redis_killed_and_started_anew_loses_nothing": ["{database}"]}
    ),
    Scenario(
        32,
        "Redis down while webhooks arrive",
        {f"{REDIS}test_webhooks_are_accepted_while_redis_is_down": ["{database}"]},
        stands_for="as long as all webhooks of a trade take, not ten minutes",
    ),
    Scenario(
        33,
        "Redis accepts and never answers",
        {f"{REDIS}test_webhooks_are_accepted_while_redis_hangs": ["{database}"]},
        stands_for="the server is stopped (SIGSTOP), which takes connections and says nothing",
    ),
    Scenario(
        36,
        "the same job many times at once",
        {f"{REDIS}test_a_lane_that_is_rung_by_many_at_the_same_time_is_worked_by_one": ["{database}"]},
    ),
    # --- the database ------------------------------------------------------------------------------------------------
    Scenario(
        40,
        "writer's lock held for long",
        {
            f"{DATABASES}test_a_lock_is_waited_for_and_one_that_lasts_is_told_to_the_vendor_which_comes_again": [
                "{database}"
            ],
            f"{COMMIT}test_a_locked_database_is_503_and_the_message_is_stored_when_it_comes_again": ["{database}"],
        },
        stands_for="a wait of one second and locks shorter and longer than that, instead of 1, 5 and 60 seconds",
    ),
    Scenario(
        41,
        "read, then write",
        {f"{DATABASES}test_every_transaction_that_writes_says_so_when_it_begins": ["{database}"]},
    ),
    Scenario(
        42,
        "disk full at P4, P10, P17, in a checkpoint, in the log",
        {
            f"{DATABASES}test_a_full_disk_is_never_answered_with_2xx": ["{database}"],
            DISK_FILLS: ["{database}", "{kind}"],
            f"{DATABASES}test_a_checkpoint_that_finds_no_room_loses_nothing": [],
            f"{DATABASES}test_a_log_that_cannot_be_written_holds_nothing_up": ["{database}"],
        },
        stands_for="PostgreSQL's disk cannot be filled without being root: triggers raise its disk_full (53100). The "
        "checkpoint is SQLite's",
    ),
    Scenario(43, "disk full when the vendor has done it", {DISK_FILLS: ["{database}", "{kind}", "P17"]}),
    Scenario(
        44,
        "PostgreSQL restarted at P4, P10, P17",
        {
            f"{DATABASES}test_a_server_that_is_restarted_in_the_middle_loses_nothing": ["{kind}"],
            f"{DATABASES}test_processes_outlive_a_restart_of_their_server": [],
        },
        databases=("postgresql",),
    ),
    Scenario(
        45,
        "COMMIT done, its answer lost",
        {f"{DATABASES}test_a_commit_whose_answer_is_lost_is_unknown_and_found_out": ["{kind}"]},
        databases=("postgresql",),
        stands_for="SQLite has no connection that could be cut",
    ),
    Scenario(
        46,
        "serialization failure and deadlock at P10",
        {
            f"{DATABASES}test_a_collision_is_tried_again_as_a_whole_without_asking_the_vendor_again": [
                "{database}",
                "{kind}",
            ],
            f"{DATABASES}test_a_collision_that_lasts_is_given_up_after_five_tries_and_the_work_is_done_later": [
                "{database}",
                "{kind}",
            ],
            "store/test_unit_of_work.py::test_two_that_wait_for_each_other_are_both_done_in_the_end": ["{database}"],
        },
        stands_for="SQLite's writers queue; there a row that another made first collides",
    ),
    # --- inbound -----------------------------------------------------------------------------------------------------
    Scenario(
        55,
        "the same delivery twice, a hundred times, ten in parallel",
        {f"{INBOUND}test_one_message_told_often_is_one_event_and_one_effect": ["{database}", "{kind}"]},
    ),
    Scenario(
        56,
        "the same id with another body",
        {f"{INBOUND}test_an_id_used_twice_is_shown_to_a_person_and_the_truth_is_fetched": ["{database}", "{kind}"]},
    ),
    Scenario(
        58,
        "two events of the same second",
        {
            f"{INBOUND}test_two_events_of_the_same_second_leave_what_is_true_in_either_order": [
                "{database}",
                "{kind}",
            ]
        },
    ),
    Scenario(
        59,
        "told before what it rests on",
        {
            f"{INBOUND}test_one_event_alone_brings_whatever_it_rests_on": ["{database}"],
            "flows/test_webhooks.py::test_an_update_told_before_its_creation_is_no_trouble": ["{database}"],
        },
        stands_for="nothing is parked: what is missing is fetched at once",
    ),
    Scenario(
        63,
        "a burst",
        {f"{INBOUND}test_a_burst_about_the_same_objects_is_read_once_and_written_once": ["{database}"]},
        stands_for="300 messages about three objects; calls are counted, no time is taken",
    ),
    Scenario(
        64,
        "a batch with one bad element",
        {f"{INBOUND}test_of_a_message_with_many_events_only_the_unreadable_one_is_set_aside": ["{database}"]},
        stands_for="a hundred events in one message of Xero's, for HubSpot's batch",
    ),
    Scenario(
        65,
        "several tenants, one unknown",
        {f"{INBOUND}test_of_a_message_about_several_tenants_the_unknown_one_is_kept_apart": ["{database}"]},
        stands_for="Xero's tenants for QuickBooks' realms",
    ),
    Scenario(
        66,
        "the older and the newer form",
        {
            f"{INBOUND}test_an_event_in_the_older_and_in_the_newer_form_is_understood": ["{database}"],
            f"{INBOUND}test_what_a_message_says_of_its_object_is_not_believed": ["{database}", "{kind}"],
        },
        stands_for="Xero's events with and without what was added to them, for QuickBooks' two formats",
    ),
    Scenario(
        67,
        "unknown types, values and fields, null where something was",
        {
            f"{INBOUND}test_what_a_message_says_of_its_object_is_not_believed": ["{database}", "{kind}"],
            f"{BODIES}test_an_event_that_names_no_object_is_kept_and_needs_no_work": ["{database}"],
            f"{BODIES}test_an_event_of_an_unknown_type_is_kept_and_needs_no_work": ["{database}"],
        },
    ),
    Scenario(
        68,
        "an event of another API version",
        {f"{INBOUND}test_what_a_message_says_of_its_object_is_not_believed": ["{database}", "{kind}"]},
    ),
    Scenario(
        69,
        "bodies of every strange sort and size",
        {
            f"{BODIES}test_a_signed_body_that_cannot_be_read_is_kept_whole_and_parked_with_the_reason": ["{database}"],
            f"{BODIES}test_text_that_no_database_can_hold_does_not_keep_an_event_out": ["{database}"],
            f"{SIGNATURES}test_an_oversized_message_says_the_same_at_a_known_and_at_an_unknown_door": ["{database}"],
            f"{SERVER}test_a_body_larger_than_any_door_takes_is_refused_before_it_is_read": [],
        },
        kinds=(),
    ),
    Scenario(
        70,
        "the raw bytes are what is signed",
        {f"{BODIES}test_the_raw_bytes_are_what_is_signed": ["{database}"]},
        kinds=(),
    ),
    Scenario(
        71,
        "a body that stops half way",
        {f"{SERVER}test_a_message_that_stops_half_way_is_hung_up_on_and_leaves_no_row": ["{database}"]},
        kinds=(),
    ),
    Scenario(
        72,
        "500 that dawdle",
        {
            f"{SERVER}test_many_that_dawdle_keep_nobody_out": [],
            f"{SERVER}test_one_byte_at_a_time_does_not_keep_a_connection_open": [],
        },
        kinds=(),
        databases=(),
    ),
    Scenario(
        73,
        "our clock is wrong",
        {f"{SIGNATURES}test_a_genuine_message_outside_the_tolerance_is_not_stored_but_may_come_again": ["{database}"]},
        kinds=(),
    ),
    Scenario(
        74,
        "a secret is changed, there first or here first",
        {
            f"{SIGNATURES}test_while_a_secret_is_changed_no_message_is_refused_whoever_changes_it_first": [
                "{database}"
            ],
            f"{COMMIT}test_while_a_secret_is_changed_both_are_good_and_then_only_the_newer_two": ["{database}"],
        },
        kinds=(),
    ),
    Scenario(
        75,
        "the other mode, another account",
        {
            f"{INBOUND}test_an_event_of_the_other_mode_is_kept_apart": ["{database}", "{kind}"],
            "flows/test_webhooks.py::test_an_event_of_an_account_that_is_not_connected_is_kept_apart": ["{database}"],
        },
    ),
    Scenario(
        76,
        "Xero's intent to receive",
        {f"{BODIES}test_xeros_intent_to_receive_is_answered_by_signature_alone": ["{database}"]},
        kinds=(),
        stands_for="also played by Xero's sandbox against the running hub of every kill, which waits for ENABLED",
    ),
    # --- ambiguous writes --------------------------------------------------------------------------------------------
    Scenario(
        78,
        "done, and no answer: creations, changes, removals",
        {
            f"{LOST}test_a_lost_answer_is_found_by_asking": ["{database}", "commit_then_hang"],
            f"{LOST}test_a_change_or_a_removal_whose_answer_was_lost_is_found_by_asking": [
                "{database}",
                "commit_then_hang",
            ],
        },
    ),
    Scenario(
        79,
        "done, then 500, a reset, garbage or nothing",
        {
            f"{LOST}test_a_lost_answer_is_found_by_asking": ["{database}"],
            f"{LOST}test_a_change_or_a_removal_whose_answer_was_lost_is_found_by_asking": ["{database}"],
        },
    ),
    Scenario(
        80,
        "three lost answers",
        {
            f"{LOST}test_what_three_lost_answers_left_undone_is_done_once": ["{database}"],
            f"{LOST}test_a_question_whose_answer_is_lost_is_put_again": ["{database}"],
        },
    ),
    Scenario(
        82,
        "the vendor has forgotten the key",
        {
            "flows/test_forgotten_keys.py::test_a_day_later_a_write_is_looked_up_before_it_is_repeated": [
                "{database}",
                "{kind}",
            ]
        },
        (*DOCUMENTS, "allocation"),
    ),
    Scenario(
        83,
        "a key that was used for something else",
        {
            f"{ANSWERS}test_a_key_that_the_vendor_knows_for_something_else_is_told_and_the_next_one_is_another": [
                "{database}",
                "{kind}",
            ],
            "flows/test_bad_input.py::"
            "test_a_retry_is_a_new_question_and_not_answered_with_what_the_vendor_remembers_of_the_last": [
                "{database}"
            ],
        },
        (*DOCUMENTS, "allocation"),
    ),
    Scenario(
        84,
        "a failure that is kept for a key",
        {f"{LOST}test_a_vendor_that_fails_with_the_same_answer_for_the_same_key_is_asked_with_another": ["{database}"]},
        stands_for="Xero answers 500; nothing is written to Stripe",
    ),
    Scenario(
        85,
        "409: under way, already there",
        {f"{LOST}test_a_conflict_is_asked_about_and_what_is_there_is_taken_as_ours": ["{database}"]},
    ),
    Scenario(
        86,
        "429 with any word on when to come back",
        {
            f"{LOST}test_a_rate_limit_with_any_word_on_when_to_come_back_is_waited_out": ["{database}", "{kind}"],
            f"{LOST}test_a_vendor_is_left_alone_for_at_most_an_hour_whatever_it_says": ["{database}"],
        },
        PLURALS,
    ),
    Scenario(
        87,
        "every call refused for long",
        {
            STORM: ["{database}"],
        },
        stands_for="ten refusals of a minute each with twenty sales waiting",
    ),
    Scenario(
        90,
        "200 with a fault, with a page, in part",
        {
            f"{LOST}test_a_lost_answer_is_found_by_asking": ["{database}", "malformed"],
            f"{ANSWERS}test_of_a_batch_those_that_are_refused_are_set_aside_and_all_others_arrive": [
                "{database}",
                "{kind}",
            ],
        },
        stands_for="Xero's 200 with errors at some elements, for QuickBooks' Fault and HubSpot's 207",
    ),
    Scenario(
        91,
        "of fifty, two refused",
        {
            f"{ANSWERS}test_of_a_batch_those_that_are_refused_are_set_aside_and_all_others_arrive": [
                "{database}",
                "{kind}",
            ]
        },
        stands_for="fifty invoices; nine payments and nine credit notes",
    ),
    Scenario(
        92,
        "stored otherwise than sent",
        {
            f"{ANSWERS}test_what_the_vendor_keeps_otherwise_than_it_was_sent_is_shown_and_not_written_again": [
                "{database}",
                "{kind}",
            ]
        },
    ),
    Scenario(
        95,
        "an answer that is too long, too slow, a bomb or without end",
        {
            SPOILT: ["{database}"],
            "connectors/test_http.py::test_an_answer_that_trickles_ends_after_the_total_time": [],
            "connectors/test_http.py::test_a_packed_answer_is_read_and_a_bomb_is_not_unpacked": [],
        },
    ),
    Scenario(
        96,
        "lists that change, repeat themselves, expire or do not end",
        {
            f"{ANSWERS}test_a_list_that_promises_more_and_does_not_go_on_is_left_and_read_again": [
                "{database}",
                "{kind}",
            ],
            f"{ANSWERS}test_what_comes_and_goes_while_a_list_is_read_page_by_page_is_not_missed": ["{database}"],
            "connectors/stripe/test_client.py::test_a_list_is_read_again_from_its_start_when_its_place_is_gone": [],
            "connectors/stripe/test_client.py::test_what_happens_while_the_rows_are_listed_is_told_afterwards": [],
            "connectors/xero/test_client.py::test_a_second_with_more_rows_than_a_page_is_paged_through": [],
        },
    ),
    Scenario(
        97,
        "poison",
        {"flows/test_poison.py::test_poison_is_set_aside_and_its_neighbours_flow": ["{database}", "{kind}"]},
    ),
)
