"""The pages on Flask, and the webhook doors before it. Nothing is kept in memory that matters."""

from flask import Flask, Response, jsonify
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import MethodNotAllowed

from core.errors import HubError
from core.store.migrate import check_schema
from web.metrics import metrics
from web.pages import add_pages
from web.webhooks import WebhookDoors
from worker.hub import Hub


def create_app(hub: Hub, doors: Hub | None = None) -> Flask:
    """`doors`: a hub of the webhook doors' own, so that they have database connections that no page can take."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["hub"] = hub
    app.register_blueprint(metrics)
    add_pages(app)
    app.wsgi_app = WebhookDoors(doors or hub, app.wsgi_app)  # type: ignore[method-assign]

    @app.errorhandler(MethodNotAllowed)
    def other_method(error: MethodNotAllowed) -> Response:
        """Says which methods there are, and nothing else."""
        return Response(status=405, headers={"Allow": ", ".join(sorted(error.valid_methods or ()))})

    @app.get("/health")
    def health() -> Response:
        """The process answers."""
        return jsonify(status="up")

    @app.get("/ready")
    def ready() -> tuple[Response, int]:
        """The database takes work at this version's schema."""
        try:
            check_schema(hub.store.engine)
        except HubError as error:
            return jsonify(status="not ready", problem=str(error)), 503
        except DBAPIError:
            return jsonify(status="not ready", problem="The database cannot be reached."), 503
        return jsonify(status="ready"), 200

    return app
