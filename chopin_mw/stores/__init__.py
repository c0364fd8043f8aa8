"""Remember responses: one protocol, and the stores that follow it."""
