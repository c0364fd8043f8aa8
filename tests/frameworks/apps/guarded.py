"""What the apps with guarded routes have in common.

/me         who asks, by what the framework calls its user
/menu       the same; no token is needed
/login      public
/docs/...   public below
/write      takes the scope flights:write
/thread     the same, in a plain function
/class      the same, in a class
/calls      an open handler that calls the one of /write
/live       a websocket that takes flights:write, and answers with the subject
/open       a websocket that takes any token
"""

from typing import Any

from chopin_mw.handlers.identity import current_token
from chopin_mw.handlers.require_token import require_token

writing = require_token(scopes=("flights:write",))
LOGIN, DOCS = "log in", "read"


def whom() -> str:
    """Name who asks, as any code can, in threads too."""
    token = current_token()
    return "nobody" if token is None else token.user.identity


def named(user: Any) -> str:
    return user.identity if user.is_authenticated else "nobody"


def named_in(scope: Any) -> str:
    return named(scope["user"])
