"""The corridor: fetch, extract, cluster, write; each loads, thinks in a pure room, saves."""
