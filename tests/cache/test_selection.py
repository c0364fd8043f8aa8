"""Which policy goes for which request."""

from typing import Any

import pytest

from cache.stage import whole
from cache.world import FRESH, World, saying
from chopin_mw.asgi.types import Scope, Send
from chopin_mw.cache import selection
from chopin_mw.cache.selection import CacheRule, PolicyTable
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import CacheChoice, exchange_of
from chopin_mw.rules.cache_policy import CachePolicy

A, B, GENERAL = CachePolicy(ttl=1), CachePolicy(ttl=2), CachePolicy(ttl=3)


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/api/a", A),
        ("/api/a/b", A),
        ("/api/", A),
        ("/api", GENERAL),
        ("/API/a", GENERAL),
        ("/static/x.css", None),
        ("/static/x.js", B),
        ("/", GENERAL),
    ],
)
def test_the_first_rule_that_matches_wins(path: str, policy: CachePolicy | None) -> None:
    """Whole paths, in their own case; a star crosses slashes."""
    table = PolicyTable(
        GENERAL,
        [
            CacheRule(path="/api/*", policy=A),
            CacheRule(path="*.css", policy=None),
            CacheRule(path="/static/*", policy=B),
            CacheRule(path="/static/*", policy=A),
        ],
    )

    assert table.of(path) is policy
    assert table.of(path) is policy


def test_without_rules_there_is_one_policy() -> None:
    """Whatever the path, and also where it keeps nothing."""
    assert PolicyTable(GENERAL, []).of("/a") is GENERAL
    assert PolicyTable(None, []).of("/a") is None


def test_paths_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may invent paths for ever."""
    monkeypatch.setattr(selection, "_MOST_REMEMBERED", 10)
    table = PolicyTable(GENERAL, [CacheRule(path="/a*", policy=A)])

    found = [table.of(f"/a{number}") for number in range(25)]

    assert found == [A] * 25
    assert len(table._by_path) <= 10


def test_changed_policies_are_made_once_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A decorator hands in the same mapping each time; others may not."""
    monkeypatch.setattr(selection, "_MOST_REMEMBERED", 10)
    table = PolicyTable(GENERAL, [])
    changes = {"ttl": 9}

    assert table.changed(GENERAL, changes) is table.changed(GENERAL, changes)
    assert table.changed(GENERAL, changes).ttl == 9
    assert [table.changed(GENERAL, {"ttl": each}).ttl for each in range(25)] == [*range(25)]
    assert len(table._changed) <= 10


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CacheRule(path=1, policy=A), "path must be a shell pattern, got 1"),  # type: ignore[arg-type]  # the mistake
        (lambda: CacheRule(path="/", policy="x"), "policy must be a CachePolicy or None, got 'x'"),  # type: ignore[arg-type]  # the mistake
        (lambda: PolicyTable("x", []), "policy must be a CachePolicy or None, got 'x'"),  # type: ignore[arg-type]  # the mistake
        (lambda: PolicyTable(A, ["/a"]), "rules must hold CacheRule, got '/a'"),  # type: ignore[list-item]  # the mistake
    ],
)
def test_a_mistake_is_named(make: Any, message: str) -> None:
    """The option and the value."""
    with pytest.raises(ConfigurationError, match=message):
        make()


NORMALISING = CachePolicy(ignored_query=("utm_*",), sort_query=True)


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("flights", "flights"),
        (("path", "/a", b"b=2&utm_x=1&a=1"), ("path", "/a", b"a=1&b=2")),
        (("url", b"h", "/a", b"b=2&a=1"), ("url", b"h", "/a", b"a=1&b=2")),
        (("path", "/raw", b"b=2&a=1"), ("path", "/raw", b"b=2&a=1")),
        (("path", "/off", b"b=2&a=1"), ("path", "/off", b"b=2&a=1")),
        (("namespace", "", "text"), ("namespace", "", "text")),
        (("other", b"bytes", b"b=2&a=1"), ("other", b"bytes", b"b=2&a=1")),
    ],
)
def test_the_tag_of_a_url_has_the_query_of_its_key(tag: Any, canonical: Any) -> None:
    """By the policy of its path; all other tags stay as they are."""
    rules = [CacheRule(path="/raw", policy=A), CacheRule(path="/off", policy=None)]

    assert PolicyTable(NORMALISING, rules).canonical((tag,)) == (canonical,)


def test_without_normalisation_tags_are_left_alone() -> None:
    """Nothing to do is what nearly every table has to do."""
    tags = (("path", "/a", b"b=2&a=1"),)

    assert PolicyTable(A, []).canonical(tags) is tags


async def test_a_path_without_a_policy_keeps_nothing_but_has_its_tags() -> None:
    """ETag and 304 go on; not even a decorator's word counts."""

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = CacheChoice(changes={"ttl": 60.0})
        await whole(send, b"hello", FRESH)

    world = World(answer, rules=[CacheRule(path="/private/*", policy=None)])
    first = await world.ask(path="/private/a")

    again = await world.ask((b"if-none-match", first.fields[b"etag"]), path="/private/a")

    assert (again.status, again.body) == (304, b"")
    assert world.calls == 2
    assert len(world.memory) == 0
    assert world.outcomes() == {}


async def test_each_path_is_kept_on_its_own_terms() -> None:
    """Rules by path, the general policy for the rest."""
    world = World(saying(), rules=[CacheRule(path="/a", policy=CachePolicy(ttl=60))])

    for path in ("/a", "/a", "/b", "/b"):
        await world.ask(path=path)

    assert [scope["path"] for scope in world.scopes] == ["/a", "/b", "/b"]


@pytest.mark.parametrize("policy", [None, CachePolicy()])
async def test_an_unsafe_request_is_answered_under_any_policy(policy: CachePolicy | None) -> None:
    """Also where nothing is kept, and where its answer could be a later GET's."""
    world = World(saying(FRESH, (b"content-location", b"/")), policy=policy)

    assert (await world.ask(method="POST")).body == b"hello"
    assert len(world.memory) == (0 if policy is None else 1)
