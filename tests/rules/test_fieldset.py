"""A fieldset is read in one pass, refused with its position, and never more than is allowed."""

import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.rules import fieldset
from chopin_mw.rules.fieldset import FieldMask, FieldPolicy, parse_fieldset

PARSED: dict[str, Any] = {
    "id": {"id": None},
    "id,carrier": {"id": None, "carrier": None},
    " id , carrier ": {"id": None, "carrier": None},
    "origin.name": {"origin": {"name": None}},
    "origin/name": {"origin": {"name": None}},
    "origin(name)": {"origin": {"name": None}},
    "origin(name,city/code)": {"origin": {"name": None, "city": {"code": None}}},
    "items(id,origin(name)),next": {"items": {"id": None, "origin": {"name": None}}, "next": None},
    "a.b(c.d)": {"a": {"b": {"c": {"d": None}}}},
    "origin.name,origin.city": {"origin": {"name": None, "city": None}},
    "origin,origin.name": {"origin": None},
    "origin.name,origin": {"origin": None},
    "id,id": {"id": None},
    "*": None,
    "id,*": None,
    "*,id": None,
    "origin.*": {"origin": None},
    "origin(*)": {"origin": None},
    "flugzeug-größe,_id,@type,$ref,a:b": {
        "flugzeug-größe": None, "_id": None, "@type": None, "$ref": None, "a:b": None,
    },
}  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), PARSED.items())
def test_all_spellings_are_read(text: str, tree: Any) -> None:
    """Dots, slashes and parentheses nest; what is named twice is named once; `*` is everything."""
    assert parse_fieldset(text) == tree


REFUSED = {
    ",": 1,
    "id,": 4,
    ",id": 1,
    "id,,carrier": 4,
    "id carrier": 4,
    "()": 1,
    "origin()": 8,
    "origin(name": 12,
    "origin(name,": 13,
    "origin(name))": 13,
    "origin)": 7,
    "origin.": 8,
    "origin..name": 8,
    ".name": 1,
    "a(b)c": 5,
    "a(b).c": 5,
    "*.name": 2,
    "*(name)": 2,
    "na*me": 3,
    "a\x00b": 2,
    "a\nb": 2,
    "a\x7f": 2,
    "a\tb": 2,
    "a.b.c.d.e.f.g.h.i": 17,
    "a(b(c(d(e(f(g(h(i))))))))": 17,
    "(" * 2_000: 1,
    "a(" * 1_000: 17,
    ",".join(["a"] * 101): 201,
    "x" * 2_049: 2_049,
}


@pytest.mark.parametrize(("text", "position"), REFUSED.items(), ids=lambda given: repr(given)[:20])
def test_what_is_no_fieldset_is_refused_with_its_position(text: str, position: int) -> None:
    """The client reads where it went wrong, and nothing is echoed at length."""
    with pytest.raises(ProblemError) as raised:
        parse_fieldset(text)

    error = raised.value
    assert (error.status, error.code) == (400, "INVALID_FIELDS")
    assert error.errors[0]["position"] == position
    assert error.errors[0]["parameter"] == "fields"
    assert len(error.detail) < 120


@given(st.text(alphabet="ab.,/()* \x00é", max_size=40))
def test_any_text_is_a_fieldset_or_a_400(text: str) -> None:
    """Nothing else ever comes out of the parser."""
    try:
        tree = parse_fieldset(text)
    except ProblemError as error:
        position = error.errors[0]["position"]
        assert isinstance(position, int)
        assert 1 <= position <= len(text) + 1
    else:
        assert tree is None or all(tree)


names = st.recursive(
    st.none(),
    lambda below: st.dictionaries(st.text("abc", min_size=1), below, min_size=1),
    max_leaves=10,
).filter(bool)


def written(tree: Any) -> str:
    return ",".join(
        name if below is None else f"{name}({written(below)})" for name, below in tree.items()
    )


@given(names)
def test_what_is_written_is_read(tree: Any) -> None:
    """Parsing undoes writing, up to the depth that is read."""
    try:
        assert parse_fieldset(written(tree)) == tree
    except ProblemError as error:
        assert "deeper" in error.detail  # noqa: PT017 - the one thing that may be wrong


def members(mask: FieldMask | None) -> Any:
    return None if mask is None else {name: members(below) for name, below in mask.members}


POLICY = FieldPolicy(
    allow=("id", "carrier", "origin(name,city)", "dest"), always="id", default="carrier,dest"
)
CHOSEN: dict[bytes, Any] = {
    b"": {"id": None, "carrier": None, "dest": None},
    b"other=1": {"id": None, "carrier": None, "dest": None},
    b"fields=": {"id": None, "carrier": None, "dest": None},
    b"fields=+": {"id": None, "carrier": None, "dest": None},
    b"fields": {"id": None, "carrier": None, "dest": None},
    b"fields=dest,carrier": {"id": None, "carrier": None, "dest": None},
    b"fields=dest": {"id": None, "dest": None},
    b"fields=id": {"id": None},
    b"fields=origin": {"id": None, "origin": {"name": None, "city": None}},
    b"fields=origin.city": {"id": None, "origin": {"city": None}},
    b"fields=dest.name": {"id": None, "dest": {"name": None}},
    b"fields=*": {
        "id": None, "carrier": None, "origin": {"name": None, "city": None}, "dest": None,
    },
    b"fields=origin(*)": {"id": None, "origin": {"name": None, "city": None}},
    b"a=1&fields=dest&b=2": {"id": None, "dest": None},
    b"fields=dest&fields=carrier": {"id": None, "carrier": None, "dest": None},
    b"fields=&fields=dest&fields=": {"id": None, "dest": None},
    b"fields=&fields": {"id": None, "carrier": None, "dest": None},
    b"%66ields=dest": {"id": None, "dest": None},
    b"fields=d%65st%2ccarrier": {"id": None, "carrier": None, "dest": None},
    b"fields=dest,+carrier": {"id": None, "carrier": None, "dest": None},
    b"xfields=dest": {"id": None, "carrier": None, "dest": None},
    b"%zz=1&fields=dest": {"id": None, "dest": None},
}  # fmt: skip


@pytest.mark.parametrize(("query", "chosen"), CHOSEN.items())
def test_a_mask_is_what_is_asked_for_and_allowed(query: bytes, chosen: Any) -> None:
    """In the order of the allow-list, so that the bytes do not depend on the client's order."""
    mask = members(POLICY.mask(query))

    assert mask == chosen
    assert list(mask) == [name for name in ("id", "carrier", "origin", "dest") if name in mask]


@pytest.mark.parametrize(
    ("query", "name", "position"),
    [
        (b"fields=id,idx", "idx", 4),
        (b"fields=secret", "secret", 1),
        (b"fields=origin(name,secret)", "origin.secret", 13),
        (b"fields=origin.secret", "origin.secret", 8),
        (b"fields=a%0d%0ab", None, 2),
        (b"fields=%ff", "\\ufffd", 1),
        (b"fields=" + b"x" * 2_000, "x" * 40, 1),
    ],
)
def test_what_is_not_allowed_is_named(query: bytes, name: str | None, position: int) -> None:
    """With its position in the decoded text."""
    with pytest.raises(ProblemError) as raised:
        POLICY.mask(query)

    assert raised.value.errors[0]["position"] == position
    assert name is None or f"'{name}' at {position}" in raised.value.detail


def test_what_is_not_allowed_can_be_ignored() -> None:
    """Nothing of it is in the mask; what always goes still goes."""
    policy = FieldPolicy(allow="id,origin(name)", always="id", on_unknown="ignore")

    assert members(policy.mask(b"fields=secret,origin(name,secret)")) == {
        "id": None,
        "origin": {"name": None},
    }
    assert members(policy.mask(b"fields=secret")) == {"id": None}


def test_the_default_is_all_that_is_allowed() -> None:
    """Never more than that, also where the client asks for everything."""
    policy = FieldPolicy(allow=["id", "origin.name"])

    assert members(policy.mask(b"")) == {"id": None, "origin": {"name": None}}
    assert members(policy.mask(b"fields=*")) == members(policy.mask(b""))


def test_everything_can_be_allowed() -> None:
    """Then the client chooses among whatever the handler returns."""
    policy = FieldPolicy(allow="*", always="id")

    assert policy.mask(b"") is None
    assert policy.mask(b"fields=*") is None
    assert members(policy.mask(b"fields=a.b")) == {"a": {"b": None}, "id": None}


def test_the_parameter_has_the_name_that_was_chosen() -> None:
    """And no other."""
    policy = FieldPolicy(allow="id,name", parameter="only")

    assert members(policy.mask(b"only=id&fields=name")) == {"id": None}
    with pytest.raises(ProblemError, match="The parameter only names 'x'"):
        policy.mask(b"only=x")


def test_a_mask_is_made_once_for_each_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request with the same text parses nothing; a policy remembers 256 texts."""
    policy = FieldPolicy(allow="id,name")
    first = policy.mask(b"fields=id")
    for number in range(300):
        policy.mask(b"fields=id" + b"%20" * number)
    kept = policy.mask(b"fields=name")
    monkeypatch.setattr(fieldset, "_Reader", None)

    assert policy.mask(b"a=1&fields=name&b=2") is kept
    assert first is not None
    with pytest.raises(TypeError):
        policy.mask(b"fields=id")


MISTAKES: dict[str, dict[str, Any]] = {
    "allow": {"allow": ()},
    "allow has": {"allow": "id,"},
    "allow must": {"allow": [1]},
    "always names|always has": {"allow": "id", "always": "(("},
    "default must be allowed, got 'b'": {"allow": "a", "default": "b"},
    "default must be allowed, got 'a.c'": {"allow": "a.b", "default": "a.c"},
    "parameter must be a name": {"allow": "a", "parameter": ""},
    "on_unknown": {"allow": "a", "on_unknown": "drop"},
}


@pytest.mark.parametrize(("message", "options"), MISTAKES.items())
def test_lists_that_cannot_be_are_reported_at_once(message: str, options: Any) -> None:
    """With the option's name."""
    with pytest.raises(ConfigurationError, match=message):
        FieldPolicy(**options)


HOSTILE = {
    "a megabyte of names": b"fields=" + b"a," * 500_000,
    "a megabyte of parentheses": b"fields=" + b"(" * 1_000_000,
    "a megabyte of parameters": b"fields=id&" * 100_000,
    "a megabyte of percent signs": b"%66" * 333_333 + b"=id",
    "a megabyte of ampersands": b"&" * 1_000_000,
    "a megabyte of blanks": b"fields=" + b"+" * 1_000_000,
    "a megabyte of bytes": b"fields=" + b"\xff" * 1_000_000,
    "many percent names": b"%66ield=1&" * 100_000 + b"fields",
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_junk_is_quick(query: bytes) -> None:
    """Refused or not, in far less than a second."""
    started = time.process_time()
    try:
        POLICY.mask(query)
    except ProblemError as error:
        assert error.status == 400  # noqa: PT017 - either is fine
    assert time.process_time() - started < 1


def test_names_in_a_query_are_decoded_once() -> None:
    """`%2525` is a percent sign and two digits, not a name to be decoded again."""
    policy = FieldPolicy(allow="a%25")

    assert members(policy.mask(b"fields=" + quote("a%25").encode())) == {"a%25": None}
