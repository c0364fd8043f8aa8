"""One concern per file, plain ASGI; `chopin_mw.stack` composes them in their fixed order."""
