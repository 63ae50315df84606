"""Pure: story -> seed document -> bytes, and back."""
