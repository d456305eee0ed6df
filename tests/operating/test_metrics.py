from web.app import create_app


def test_metrics_count_rows_and_tell_nobodys_name(made):
    hub, _ = made
    answer = create_app(hub).test_client().get("/metrics")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'subledger_oldest_pending_seconds{what="event"} 0.0' in text
    assert 'subledger_connection_active{connection="' in text
    assert "Stripe" not in text
