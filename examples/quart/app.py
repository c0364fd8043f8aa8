"""The flights API in Quart with chopin_mw: `python -m uvicorn examples.quart.app:app`."""

from quart import Quart

from chopin_mw import CachePolicy, CacheRule, ChopinMiddleware, HTTPCache, install_json
from examples.flights import accounts, queries, statistics
from examples.quart.account import account
from examples.quart.blueprint import flights

app = Quart(__name__)
app.register_blueprint(flights)
app.register_blueprint(account)

# Kept because of their path, with no decorator; all others only as their handlers allow.
rules = [CacheRule(path="/delays", policy=CachePolicy(ttl=60, stale_while_revalidate=600))]
cache = HTTPCache(rules=rules)
# Tokens, clamped pages, cache, conditional requests and Cache-Control for the whole app.
app.asgi_app = ChopinMiddleware(  # type: ignore[method-assign]  # Quart's own idiom
    app.asgi_app, cache=cache, pagination=queries.PAGES, auth=accounts.verifier
)
# Fast JSON for jsonify, returned dicts and lists, and request.get_json.
install_json(app)


# For your own eyes: in an app of yours, this route asks who is there.
@app.get("/cache")
async def show_cache() -> queries.Record:
    return {**statistics.show_cache(cache), "tokens": accounts.show_tokens()}
