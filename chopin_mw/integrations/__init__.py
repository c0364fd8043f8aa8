"""One third-party framework per file."""
