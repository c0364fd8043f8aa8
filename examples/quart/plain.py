"""The same app without chopin_mw: what the tour measures the other one against."""

from quart import Quart

from examples.quart.blueprint import flights

app = Quart(__name__)
app.register_blueprint(flights)
