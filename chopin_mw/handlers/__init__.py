"""What a handler uses: decorators, JSON responses, request bodies."""
