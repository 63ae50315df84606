"""The wet room: the only place with HTTP, SQL, files and processes."""
