"""What a simulated day looks like: curves, tables and a page."""
