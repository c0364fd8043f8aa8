"""Talk to the server: types, edits of messages, short replies, holding a response back."""
