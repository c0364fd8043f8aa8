"""What a bearer token costs: verified before, verified now by PyJWT, and where there is none."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import token_apps as apps
from benchmarks.apps import bare, http_scope
from benchmarks.case import Answer, Budget, Case
from chopin_mw.asgi.types import Scope
from chopin_mw.middleware.jwt import JWTMiddleware

TOPIC = "tokens"
_HELLO = b'{"hello":"world"}'
_APP = bare(_HELLO)
_REMEMBERED = Budget(added=2.5)
# By research: what stands around PyJWT is a tenth of it at most.
_HARDLY_MORE = Budget(times=1.1)
_UNKNOWN = 64
# Fewer than there are, and they come in turn: each is forgotten before it comes again.
_KEPT = 32

Ask = Callable[[], Scope]


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    for algorithm in apps.ALGORITHMS:
        yield from _verified(algorithm)
    for algorithm in apps.ALGORITHMS:
        yield from _remembered(algorithm)
    yield from _without_a_token()
    yield from _forged()
    yield from _in_frameworks()


def _verified(algorithm: str) -> Iterator[Case]:
    """Yield the first request with a token, ours beside PyJWT by hand."""
    unknown = f"unknown {algorithm} tokens"
    tokens = [apps.token(algorithm, f"user-{number}") for number in range(_UNKNOWN)]
    base, plain = f"bare: {unknown}", _plain(algorithm)
    yield _case(base, _APP, apps.asking(tokens))
    yield _case(plain, apps.PlainPyJWT(_APP, algorithm), apps.asking(tokens), base=base)
    verifier = apps.verifier(algorithm, cache_entries=_KEPT)

    def is_right(answer: Answer) -> bool:
        # The last check shows that none of all the others was a hit.
        return _is_hello(answer) and verifier.statistics().hits == 0

    ours, name = JWTMiddleware(_APP, verifier=verifier), f"JWTMiddleware: {unknown}"
    # In a turn of its own: with another's requests in between, some would come again too soon.
    ask = apps.asking(tokens)
    yield _case(name, ours, ask, is_right=is_right, base=plain, budget=_HARDLY_MORE)


def _remembered(algorithm: str) -> Iterator[Case]:
    ask, same = apps.asking([apps.token(algorithm)]), f"the same {algorithm} token"
    base = f"bare: {same}"
    yield _case(base, _APP, ask)
    yield _hit(f"JWTMiddleware: {same}", algorithm, ask, base, _REMEMBERED)
    if algorithm == "ES256":
        # The same once more, because a case has one budget.
        cheaper = Budget(cheaper=30, than=(_plain(algorithm),))
        yield _hit(f"JWTMiddleware: {same}, beside PyJWT", algorithm, ask, base, cheaper)


def _hit(name: str, algorithm: str, ask: Ask, base: str, budget: Budget) -> Case:
    verifier = apps.verifier(algorithm)

    def is_right(answer: Answer) -> bool:
        # The first check has it verified, the last one shows that all others were hits.
        return _is_hello(answer) and verifier.statistics().misses == 1

    ours = JWTMiddleware(_APP, verifier=verifier)
    return _case(name, ours, ask, is_right=is_right, base=base, budget=budget)


def _without_a_token() -> Iterator[Case]:
    ask, base = http_scope("GET"), "bare: no token"
    yield _case(base, _APP, ask)
    public = apps.verifier("HS256", public_paths=("/",))
    yield _case(
        "JWTMiddleware: a public path", JWTMiddleware(_APP, verifier=public), ask, base=base
    )
    optional = apps.verifier("HS256", optional_paths=("/",))
    ours = JWTMiddleware(_APP, verifier=optional)
    yield _case("JWTMiddleware: no token, and none needed", ours, ask, base=base)
    ours = JWTMiddleware(_APP, verifier=apps.verifier("HS256"))
    name = "JWTMiddleware: no token, refused"
    yield _case(name, ours, ask, is_right=_is_refused, base=base)


def _forged() -> Iterator[Case]:
    for algorithm in apps.ALGORITHMS:
        what = f"a forged {algorithm} token"
        good = apps.token(algorithm)
        # A signature of the right length, whose last character has no bits to spare.
        ask, base = apps.asking([good[:-9] + b"AAAAAAAA" + good[-1:]]), f"bare: {what}"
        yield _case(base, _APP, ask)
        plain, name = apps.PlainPyJWT(_APP, algorithm), f"plain PyJWT: {what}, refused"
        yield _case(name, plain, ask, is_right=_is_refused, base=base)
        ours = JWTMiddleware(_APP, verifier=apps.verifier(algorithm))
        name = f"JWTMiddleware: {what}, refused"
        yield _case(name, ours, ask, is_right=_is_refused, base=base)


def _in_frameworks() -> Iterator[Case]:
    base = "FastAPI, no token looked at"
    hs256 = apps.asking([apps.token("HS256")])
    yield _in_framework(base, apps.fastapi_without(), hs256)
    for algorithm in ("HS256", "ES256"):
        ask = apps.asking([apps.token(algorithm)])
        ours = apps.fastapi_with_ours(algorithm)
        yield _in_framework(f"JWTMiddleware on FastAPI, {algorithm}", ours, ask, base)
        by_dependency = apps.fastapi_with_dependency(algorithm)
        name = f"peer: HTTPBearer and PyJWT in a dependency, {algorithm}"
        yield _in_framework(name, by_dependency, ask, base)
    base = "Litestar, no token looked at"
    yield _in_framework(base, apps.litestar_without(), hs256)
    yield _in_framework("JWTMiddleware on Litestar, HS256", apps.litestar_with_ours(), hs256, base)
    its_own = apps.litestar_with_its_own()
    yield _in_framework("peer: Litestar's JWTAuth, HS256", its_own, hs256, base)


def _plain(algorithm: str) -> str:
    return f"plain PyJWT: unknown {algorithm} tokens"


def _is_hello(answer: Answer) -> bool:
    return answer.status == 200 and answer.body == _HELLO


def _is_refused(answer: Answer) -> bool:
    return answer.status == 401 and b"www-authenticate" in answer.headers


def _in_framework(name: str, app: Any, ask: Ask, base: str | None = None) -> Case:
    def is_right(answer: Answer) -> bool:
        return answer.status == 200 and json.loads(answer.body) == {"sub": apps.SUBJECT}

    return _case(name, app, ask, is_right=is_right, base=base)


def _case(
    name: str,
    app: Any,
    ask: Ask,
    *,
    is_right: Callable[[Answer], bool] = _is_hello,
    base: str | None = None,
    budget: Budget | None = None,
) -> Case:
    return Case(
        name=name, topic=TOPIC, app=app, scope=ask, is_right=is_right, base=base, budget=budget
    )
