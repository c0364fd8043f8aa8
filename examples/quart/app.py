"""The flights API in Quart with chopin_mw: `python -m uvicorn examples.quart.app:app`."""

from quart import Quart

from chopin_mw import ChopinMiddleware, install_json
from examples.quart.blueprint import flights

app = Quart(__name__)
app.register_blueprint(flights)

# Conditional requests and Cache-Control for the whole app.
app.asgi_app = ChopinMiddleware(app.asgi_app)  # type: ignore[method-assign]  # Quart's own idiom
# Fast JSON for jsonify, returned dicts and lists, and request.get_json.
install_json(app)
