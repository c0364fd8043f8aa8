"""The flights API in FastAPI with chopin_mw: `python -m uvicorn examples.fastapi.app:app`."""

from fastapi import FastAPI

from chopin_mw import ChopinMiddleware, install_json
from examples.fastapi.routes import router

app = FastAPI(title="Flights out of New York City, 2013")
app.include_router(router)

# Conditional requests and Cache-Control for the whole app.
app.add_middleware(ChopinMiddleware)
# Fast JSON for the routes that FastAPI does not encode natively.
install_json(app)
