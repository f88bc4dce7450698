"""The commands, one module for each group of a user's questions."""
