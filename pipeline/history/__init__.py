"""Pure: where old articles are found, and how complete each way to find them can be."""
