"""The floor: the least that Django does for a page, on the same server and database."""
