import io
import json
import logging

from worker.logs import start_logging


def _lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_process_its_ids_and_no_more(monkeypatch):
    kept, level = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    try:
        start_logging("web", stream=stream)
        logging.getLogger("worker.jobs").info("drained", extra={"lane": "w/c/invoice/deliver"})
        logging.getLogger("somebody.else").info("chatter")
        try:
            int("a customer's name")
        except ValueError:
            logging.getLogger("web").exception("a request failed")
    finally:
        logging.getLogger().handlers[:] = kept
        logging.getLogger().setLevel(level)
    drained, failed = _lines(stream)
    assert (drained["process"], drained["message"], drained["lane"]) == ("web", "drained", "w/c/invoice/deliver")
    assert failed["error"] == "ValueError"
    assert failed["where"].startswith("test_logs.py:")
    assert "customer's name" not in stream.getvalue()
