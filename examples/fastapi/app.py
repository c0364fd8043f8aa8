"""The flights API in FastAPI with chopin_mw: `python -m uvicorn examples.fastapi.app:app`."""

from fastapi import FastAPI

from chopin_mw import CachePolicy, CacheRule, ChopinMiddleware, HTTPCache, install_json
from examples.fastapi import account
from examples.fastapi.routes import router
from examples.flights import accounts, queries, statistics

app = FastAPI(title="Flights out of New York City, 2013")
app.include_router(router)
app.include_router(account.router)

# Kept because of their path, with no decorator; all others only as their handlers allow.
rules = [CacheRule(path="/delays", policy=CachePolicy(ttl=60, stale_while_revalidate=600))]
cache = HTTPCache(rules=rules)
# Tokens, clamped pages, cache, conditional requests and Cache-Control for the whole app.
app.add_middleware(ChopinMiddleware, cache=cache, pagination=queries.PAGES, auth=accounts.verifier)
# Fast JSON for the routes that FastAPI does not encode natively.
install_json(app)


# For your own eyes: in an app of yours, this route asks who is there.
@app.get("/cache", response_model=None)
async def show_cache() -> queries.Record:
    return {**statistics.show_cache(cache), "tokens": accounts.show_tokens()}
