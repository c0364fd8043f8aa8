"""The same app without chopin_mw: what the tour measures the other one against."""

from fastapi import FastAPI

from examples.fastapi.routes import router

app = FastAPI(title="Flights out of New York City, 2013")
app.include_router(router)
