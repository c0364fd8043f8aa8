"""Cache-Status says what the cache did (RFC 9211)."""

from conformance.case import (
    MUST,
    MUST_NOT,
    SHOULD,
    case,
    fill,
    hit,
    miss,
    reply,
    validated,
)

FIELD, HIT, FWD, FWD_STATUS, STORED, TTL = (
    "9211 §2",
    "9211 §2.1",
    "9211 §2.2",
    "9211 §2.3",
    "9211 §2.5",
    "9211 §2.4",
)
_LIFE = "Cache-Control: max-age=100"
_UPSTREAM = "Cache-Status: Origin; fwd=uri-miss; stored"
_BEFORE = {"before us": "Origin"}
_MISS = {"hit": None, "fwd": "uri-miss"}

CASES = (
    case(HIT, MUST, "a hit", fill(_LIFE), hit(cache_status={"hit": True, "fwd": None})),
    case(FWD, MUST, "nothing stored", fill(_LIFE, cache_status=_MISS)),
    case(STORED, SHOULD, "a response that is stored",
         fill(_LIFE, cache_status={**_MISS, "stored": True})),
    case(STORED, MUST_NOT, "a response that is not stored",
         fill("Cache-Control: no-store", cache_status={**_MISS, "stored": None})),
    case(FWD, MUST, "another variant", fill(_LIFE, "Vary: Foo", sends=("Foo: 1",)),
         miss("Foo: 2", cache_status={"hit": None, "fwd": "vary-miss"})),
    case(FWD, MUST, "a stale response, replaced", fill(_LIFE),
         miss(after=150, cache_status={"hit": None, "fwd": "stale"})),
    case(FWD_STATUS, SHOULD, "a stale response, validated", fill(_LIFE, 'ETag: "a"'),
         validated(after=150, cache_status={"fwd": "stale", "fwd-status": 304})),
    case(FWD, MUST, "a method that is not for caches",
         miss(method="POST", payload=b"a", cache_status={"hit": None, "fwd": "method"})),
    case(FWD, MUST, "a request with no-cache", fill(_LIFE),
         miss("Cache-Control: no-cache", cache_status={"hit": None, "fwd": "request"})),
    case(TTL, SHOULD, "what is left of a lifetime", fill(_LIFE),
         hit(after=30, cache_status={"hit": True, "ttl": 70})),
    case(TTL, SHOULD, "a lifetime that is over, negative", fill(_LIFE),
         hit("Cache-Control: max-stale", after=130, cache_status={"hit": True, "ttl": -30})),
    case(FIELD, MUST, "members of caches before this one stay",
         fill(_LIFE, _UPSTREAM, cache_status={**_MISS, **_BEFORE}),
         hit(cache_status={"hit": True, **_BEFORE})),
    case(FIELD, MUST, "a response that is passed on, too",
         miss(reply=reply("Cache-Control: private", _UPSTREAM), cache_status={**_MISS, **_BEFORE})),
    case(HIT, MUST, "HEAD from a stored response", fill(_LIFE),
         hit(method="HEAD", cache_status={"hit": True})),
)  # fmt: skip
