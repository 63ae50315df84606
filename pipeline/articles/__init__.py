"""Pure: HTML of a page -> article."""
