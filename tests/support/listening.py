"""Stand where HTTPCacheMiddleware stands, and note what the decorators said by the first byte."""

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.exchange import SCOPE_KEY, CacheChoice, Exchange, cache_scope


class ListeningMiddleware:
    """Keep the choice that stood when each answer began; None where nobody made one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.choices: list[CacheChoice | None] = []

    @property
    def choice(self) -> CacheChoice:
        """Return the only choice."""
        (choice,) = self.choices
        assert choice is not None
        return choice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange: Exchange | None = scope.get(SCOPE_KEY)
                self.choices.append(None if exchange is None else exchange.cache)
            await send(message)

        token = cache_scope.set(scope)
        try:
            await self.app(scope, receive, send_and_note)
        finally:
            cache_scope.reset(token)
