"""Pure: bytes of a feed -> entries, and when to look again."""
