"""Objects to JSON bytes and back, through one codec."""
