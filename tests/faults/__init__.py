"""The fault runner: real processes, a room of twelve, and what breaks them."""
