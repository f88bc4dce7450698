"""The command: the one place that knows every package."""
