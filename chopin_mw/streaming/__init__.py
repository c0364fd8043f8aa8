"""Long answers made from iterators, batch by batch."""
