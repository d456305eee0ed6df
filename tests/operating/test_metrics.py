from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from core.store import connections, inbox, schema
from web.app import create_app


def test_metrics_count_rows_and_tell_nobodys_name(made):
    hub, _ = made
    answer = create_app(hub).test_client().get("/metrics")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'subledger_oldest_pending_seconds{what="event"} 0.0' in text
    assert 'subledger_connection_active{connection="' in text
    assert "Stripe" not in text


def _told(hub, **labels):
    """{(metric, its labels beside the given ones): value}"""
    text = create_app(hub).test_client().get("/metrics").get_data(as_text=True)
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name not in labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if labels.items() <= sample.labels.items()
    }


def test_metrics_say_what_is_queued_parked_used_up_and_left_alone(made):
    hub, what = made
    with hub.store.read() as database:
        stripe, xero = (
            next(one.id for one in connections.connections(database) if one.vendor == vendor)
            for vendor in ("stripe", "xero")
        )
    told = [
        inbox.Told(stripe, f"evt_{number}", "invoice.paid", "invoice", f"in_{number}", "", b"{}", None)
        for number in range(3)
    ]

    def happen(work):
        inbox.note(hub.store, work, told, None, "webhook")
        event, connection = schema.event, schema.connection
        parked = {"state": "parked", "reason_code": "rate_missing", "reason_params": {}}
        work.connection.execute(update(event).where(event.c.remote_id == "in_0").values(**parked))
        connections.take_permit(work, xero, 60, 60)
        work.connection.execute(
            update(connection)
            .where(connection.c.id == xero)
            .values(failures=4, not_before=work.now + timedelta(seconds=90))
        )

    hub.store.write(what.workspace_id, happen)
    found = _told(hub)
    assert found["subledger_work", "pending", "event"] == 2
    assert found["subledger_pending", stripe, "invoice", "event"] == 2
    assert found["subledger_parked", "rate_missing", "event"] == 1
    assert _told(hub, connection=stripe)["subledger_connection_resting_seconds", "stripe"] == 0
    of_xero = _told(hub, connection=xero)
    assert of_xero["subledger_connection_window_calls", "xero"] == 1
    assert of_xero["subledger_connection_window_calls_max", "xero"] == 60
    assert of_xero["subledger_connection_failures", "xero"] == 4
    assert 0 < of_xero["subledger_connection_resting_seconds", "xero"] <= 90
