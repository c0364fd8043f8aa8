"""The response cache itself: look up, fill, validate, refresh, invalidate."""
