"""PURE: a fetched page and what the feed said -> an article. `page.read_page` is the door."""
