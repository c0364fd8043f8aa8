"""Use every citizen, fork, use it again in the child, and end without a word.

Run by test_citizenship.py in an interpreter of its own, with warnings as errors.
"""

import asyncio
import os

from middleware.citizens import CITIZENS
from support.apps import BODY, sending, start
from support.scopes import http_scope
from support.scripted import request


def main() -> None:
    for citizen in CITIZENS:
        app = citizen(sending(start(), BODY))
        answered = asyncio.run(request(app, http_scope())).body
        child = os.fork()
        if child == 0:
            again = asyncio.run(request(app, http_scope())).body
            os._exit(again != answered)
        _, status = os.waitpid(child, 0)
        assert status == 0, citizen.name


if __name__ == "__main__":
    main()
