from sqlalchemy import text


def test_health_says_that_the_process_answers(doors):
    answer = doors.client.get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "up"})


def test_ready_says_that_the_database_takes_work(doors):
    answer = doors.client.get("/ready")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


def test_a_database_at_another_schema_is_not_ready_and_says_what_to_do(doors):
    with doors.hub.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = doors.client.get("/ready")
    assert answer.status_code == 503
    assert "run `subledger db upgrade`" in answer.json["problem"]


def test_a_page_that_is_not_there_tells_nothing_about_the_inside(doors):
    for path in ("/.git/config", "/console", "/webhooks/", "/webhooks/stripe/a/b", "/static/app.py"):
        answer = doors.client.get(path)
        assert answer.status_code == 404
        assert not {word for word in ("Werkzeug", "Flask", "Python", "Traceback") if word in answer.text}
        assert "Server" not in answer.headers
