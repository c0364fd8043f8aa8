"""The page that both example apps answer at `/`."""

from html import escape
from string import Template

LINKS = {
    "/flights": "the first twenty flights",
    "/flights?limit=1000": "a hundred of them, for PagePolicy allows no more",
    "/flights?origin=JFK&carrier=B6": "filtered by airport and airline",
    "/flights?page=3&per_page=5": "the third page of five; Link names the others",
    "/flights?limit=5&offset=336771": "the last five of 336,776",
    "/departures": "the same flights by cursors: a page costs the same at any depth",
    "/departures?fields=id,airline.name": "only the fields that are asked for",
    "/flights/stream": "all 336,776 as NDJSON, row after row: 24 MB",
    "/flights/live": "1 January 2013 as it happened, ten minutes in a second: server-sent events",
    "/streams": "what streams have cost so far",
    "/flights/1": "one flight, with an entity tag made by @etag",
    "/airlines": "the airlines, fresh for a minute by @cache_control",
    "/board": "a departure board kept in memory: a hundred records that install_json encodes",
    "/delays": "average delay of each airline, kept for a minute by a CacheRule",
    "/routes": "how late each route is: a second of work, kept for an hour by @cache_response",
    "/routes?month=7&origin=JFK": "the same of one month and one airport",
    "/airports/BOS": "one airport; renaming it drops every answer that shows its name",
    "/weather": "the weather by month, kept apart for each value of the cookie units",
    "/flights/1/pass": "a boarding pass: personal, so @no_store",
    "/cache": "what the cache has done so far",
}

PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Flights out of New York City, 2013: $framework and chopin_mw</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; line-height: 1.25; }
  dt { font-family: ui-monospace, monospace; margin-top: .75rem; }
  dd { margin: 0; opacity: .75; }
  pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid; border-radius: .4rem; }
</style>
<h1>Flights out of New York City, 2013<br>$framework and chopin_mw</h1>
<dl>
$links</dl>
<p>Open one, then reload it with the network panel of your browser open: 304. Or in a terminal:</p>
<pre>curl -i $base/airlines
curl -i $base/airlines -H 'If-None-Match: <i>the ETag of the answer above</i>'</pre>
<p>Who are you? Log in, and ask with the token of the answer:</p>
<pre>curl -s $base/login -H 'Content-Type: application/json' \\
  -d '{"name": "amelia", "password": "lockheed vega 5b"}'
curl -i $base/me -H 'Authorization: Bearer <i>the access_token of the answer above</i>'</pre>
</html>
""")


def index_page(framework: str, base: str, more_links: dict[str, str] | None = None) -> str:
    """Return the HTML page that links to everything; `base` is the address of the app."""
    links = "".join(
        f'<dt><a href="{escape(path)}">{escape(path)}</a></dt><dd>{escape(about)}</dd>\n'
        for path, about in (LINKS | (more_links or {})).items()
    )
    return PAGE.substitute(framework=framework, links=links, base=escape(base.rstrip("/")))
