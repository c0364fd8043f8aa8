"""What a cache may answer, said another way: by looking back at all that the app ever said.

Every call of the app has a body of its own. An answer that no call of this very request gave must
be one that an earlier call gave to an equivalent request, and that nothing since has taken back.
"""

from dataclasses import dataclass, field
from math import inf
from typing import Any

from cache.stage import Client

DEFAULT_STATUSES = {200, 203, 204, 300, 301, 302, 307, 308, 404, 410}
FAILURES = {500, 502, 503, 504}


@dataclass(frozen=True)
class Terms:
    """One way for the app to speak of caching: the field values, and what they mean."""

    cache_control: bytes | None
    lifetime: float = 0
    swr: float = 0
    sie: float = 0
    no_store: bool = False
    private: bool = False
    must_revalidate: bool = False
    for_cookies: bool = False
    for_authorization: bool = False
    age: int = 0
    expires_in: int | None = None
    heuristic: bool = False


TERMS = [
    Terms(b"max-age=60", 60),
    Terms(b"public, max-age=60", 60, for_cookies=True, for_authorization=True),
    Terms(b"max-age=60", 60, age=50),
    Terms(b"max-age=20, stale-while-revalidate=30", 20, swr=30),
    Terms(b"max-age=20, stale-if-error=100", 20, sie=100),
    Terms(
        b"public, max-age=10, stale-while-revalidate=20, stale-if-error=40",
        10, swr=20, sie=40, for_cookies=True, for_authorization=True,
    ),
    Terms(b"max-age=30, must-revalidate, stale-if-error=100", 30, must_revalidate=True,
          for_authorization=True),
    Terms(b"s-maxage=30, max-age=5", 30, must_revalidate=True, for_cookies=True,
          for_authorization=True),
    Terms(b"no-cache", 0, must_revalidate=True),
    Terms(b"private, max-age=60", 60, private=True, must_revalidate=True),
    Terms(b"no-store", no_store=True),
    Terms(None),
    Terms(None, 60, expires_in=60),
    Terms(None, 100, heuristic=True),
]  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """What the app does for one path until it is told otherwise."""

    terms: Terms = TERMS[1]
    vary: bytes | None = None
    tagged: bool = False
    etag: bool = False
    status: int = 200
    set_cookie: bool = False
    shape: str = "whole"
    answers_conditions: bool = True
    slow: float = 0
    waits: int = 0
    label: bool = False
    version: int = 0


@dataclass(eq=False)
class Asked:
    """One request of a client, as the model sees it."""

    client: Client
    directives: dict[bytes, bytes | None]
    began_at: float
    began: int
    url: tuple[bytes, str, bytes]
    task: Any = None
    broken: bool = False
    calls: list["Call"] = field(default_factory=list)

    def value(self, name: bytes) -> bytes | None:
        return next((value for given, value in self.client.headers if given == name), None)

    @property
    def who(self) -> bytes:
        return (self.value(b"authorization") or b"") + b"/" + (self.value(b"cookie") or b"")


@dataclass(eq=False)
class Call:
    """One call of the app, and all it said."""

    number: int
    method: str
    url: tuple[bytes, str, bytes]
    values: dict[bytes, bytes]
    spec: Spec
    began: int
    began_at: float
    in_background: bool
    wall: float
    received_at: float = 0
    status: int = 0
    body: bytes = b""
    etag: bytes = b""
    fields: dict[bytes, bytes] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    is_whole: bool = False
    failed_at: int | None = None

    @property
    def born(self) -> float:
        return self.began_at - self.spec.terms.age

    def value(self, name: bytes) -> bytes | None:
        return self.values.get(name)


@dataclass(frozen=True)
class Invalidation:
    at: int
    url: tuple[bytes, str, bytes] | None = None
    path: tuple[str, bytes] | None = None
    tag: str | None = None

    def covers(self, call: Call, tags: set[str]) -> bool:
        if self.tag is not None:
            return self.tag in tags
        if self.path is not None:
            return call.url[1:] == self.path
        return self.url is None or call.url == self.url


@dataclass
class Model:
    """Hold the whole history of one world; `profile` is "default", "proxy" or "identity"."""

    profile: str
    calls: list[Call] = field(default_factory=list)
    invalidations: list[Invalidation] = field(default_factory=list)

    def complaint(self, asked: Asked, now: float) -> str | None:
        """Say what is wrong with the answer, if anything is."""
        client = asked.client
        status, fields = client.status, client.fields
        if status == 504 and b"only-if-cached" in asked.directives and self.profile == "proxy":
            return None
        if status == 416 and asked.value(b"range") is not None:
            return None
        if status == 304 and not self._was_asked(asked, fields):
            return f"304 with {fields.get(b'etag')!r} to somebody who has something else"
        if any(self._gave(call, asked) for call in asked.calls):
            return None
        candidates = [call for call in self.calls if self._looks_like(call, asked)]
        if not candidates:
            return "bytes that the app never gave as a whole"
        reasons = [self._reason_against(call, asked, now) for call in candidates]
        return None if None in reasons else "; ".join(map(str, reasons))

    def _gave(self, call: Call, asked: Asked) -> bool:
        """Say whether the answer is what this call said, be it broken, a 304 or a part."""
        client = asked.client
        if client.status == call.status:
            if call.method == "HEAD" or client.method == "HEAD":
                return client.body == b""
            cut = asked.broken or not call.is_whole
            return client.body == call.body or (cut and call.body.startswith(client.body))
        if client.status == 304 and call.status == 200:
            return self._conditions_hold(call, client)
        return False

    def _conditions_hold(self, call: Call, client: Client) -> bool:
        known = dict(client.headers).get(b"if-none-match")
        if known is not None:
            return known == b"*" or (call.etag != b"" and call.etag in known.split(b", "))
        return b"if-modified-since" in dict(client.headers)

    def _was_asked(self, asked: Asked, fields: dict[bytes, bytes]) -> bool:
        known = asked.value(b"if-none-match")
        if known is None:
            return asked.value(b"if-modified-since") is not None
        return known == b"*" or fields.get(b"etag", b"?") in known.split(b", ")

    def _looks_like(self, call: Call, asked: Asked) -> bool:
        client = asked.client
        if call.method == "HEAD" or call.status == 304:
            return False
        fields, status = client.fields, client.status
        if client.method == "HEAD" or status == 304:
            same_tag = call.status != 200 or fields.get(b"etag", b"") == call.etag
            return same_tag and status in (304, call.status)
        if status == 206:
            is_part = asked.broken or _is_part(call, client)
            return fields.get(b"etag", b"") == call.etag and is_part
        if asked.broken and not client.ended:
            return call.status == status and call.body.startswith(client.body)
        return call.status == status and call.body == client.body

    def _reason_against(self, call: Call, asked: Asked, now: float) -> str | None:
        """Say why this earlier answer must not be given to this request."""
        return (
            self._not_equivalent(call, asked)
            or self._not_shared(call, asked)
            or self._taken_back(call, asked, now)
        )

    def _not_equivalent(self, call: Call, asked: Asked) -> str | None:
        if call.url != asked.url:
            return f"of {call.url}"
        if not call.is_whole:
            return f"call {call.number} never ended well"
        for name in (call.fields.get(b"vary") or b"").split(b", "):
            if name == b"*" or (name and call.value(name) != asked.value(name)):
                return f"varies by {name!r}"
        if self.profile == "identity" and _who(call) != asked.who:
            return f"for {_who(call)!r}"
        if call.method == "POST" and b"content-location" not in call.fields:
            return "of a POST"
        return None

    def _not_shared(self, call: Call, asked: Asked) -> str | None:
        terms = call.spec.terms
        if terms.no_store or b"no-store" in (call.value(b"cache-control") or b""):
            return "no-store"
        if self.profile == "identity":
            return "set-cookie" if call.spec.set_cookie else None
        if terms.private:
            return "private"
        if call.value(b"authorization") is not None and not terms.for_authorization:
            return "of a request with Authorization"
        if self.profile == "proxy":
            return None
        if call.spec.set_cookie:
            return "set-cookie"
        if call.status not in DEFAULT_STATUSES:
            return f"a {call.status}"
        if asked.value(b"authorization") is not None and not terms.for_authorization:
            return "given to a request with Authorization"
        either = asked.value(b"cookie") is not None or call.value(b"cookie") is not None
        return "cookie" if either and not terms.for_cookies else None

    def _taken_back(self, call: Call, asked: Asked, now: float) -> str | None:
        """Say why no call that confirmed this answer is good enough now."""
        said = [each for each in self.calls if each is call or _confirms(each, call)]
        valid = [each for each in said if not self._is_invalid(each, call, said, asked)]
        if not valid:
            return f"call {call.number} was invalidated"
        terms = [each.spec.terms for each in said]
        if any(self._is_timely(each, terms, asked) for each in valid):
            return self._wrong_age(said, asked, now)
        return f"call {call.number} is too old"

    def _is_invalid(self, each: Call, call: Call, said: list[Call], asked: Asked) -> bool:
        # A tag that any of them was given is a tag of what is stored.
        tags = {tag for one in said if one.number <= each.number for tag in one.tags}
        return any(
            each.began < one.at < asked.began and one.covers(call, tags)
            for one in self.invalidations
        )

    def _is_timely(self, each: Call, said: list[Terms], asked: Asked) -> bool:
        directives = asked.directives if self.profile == "proxy" else {}
        is_own = each in asked.calls
        if is_own:
            return True
        if b"no-cache" in directives:
            # A flight may have been in the air already.
            return False
        # A bare 304 leaves the terms as they were.
        terms = said if b"cache-control" not in each.fields else [each.spec.terms]
        lifetime = max(one.lifetime for one in terms)
        if each.spec.terms.heuristic and self.profile != "proxy":
            lifetime = 0
        if each.status in (404, 410) and self.profile == "default":
            lifetime = min(lifetime, 300)
        stale = max(0 if one.must_revalidate else one.swr for one in terms)
        strict = all(one.must_revalidate for one in terms)
        if self._failed_since(asked) and not strict:
            stale = max(stale, *(one.sie for one in terms))
            stale = inf if self.profile == "proxy" else stale
        if b"max-stale" in directives and not strict:
            given = directives[b"max-stale"]
            stale = max(stale, inf if given is None else int(given) + 0.001)
        most = directives.get(b"max-age")
        if most is not None and asked.began_at - each.born > int(most) and stale is not inf:
            return False
        return asked.began_at < each.born + lifetime + stale

    def _failed_since(self, asked: Asked) -> bool:
        return any(
            call.url == asked.url and call.failed_at is not None and call.failed_at > asked.began
            for call in self.calls
        )

    def _wrong_age(self, said: list[Call], asked: Asked, now: float) -> str | None:
        age = asked.client.fields.get(b"age")
        if age is None:
            return "without Age"
        ok = any(
            int(asked.began_at - each.received_at) <= int(age) <= now - each.born for each in said
        )
        return None if ok else f"Age {age!r}"


def _who(call: Call) -> bytes:
    return (call.value(b"authorization") or b"") + b"/" + (call.value(b"cookie") or b"")


def _confirms(each: Call, call: Call) -> bool:
    """Say whether the app confirmed an earlier answer by a 304 or an answer to HEAD."""
    if each.url != call.url or each.number <= call.number or not each.received_at:
        return False
    if b"no-store" in (each.value(b"cache-control") or b"") or each.spec.terms.no_store:
        return False
    if each.status == 304:
        return each.etag == call.etag
    return each.method == "HEAD" and each.status == 200 == call.status


def _is_part(call: Call, client: Client) -> bool:
    value = client.fields.get(b"content-range")
    if value is None:
        return b"multipart/byteranges" in client.fields.get(b"content-type", b"")
    first, _, rest = value.removeprefix(b"bytes ").partition(b"-")
    last, _, size = rest.partition(b"/")
    return int(size) == len(call.body) and client.body == call.body[int(first) : int(last) + 1]
