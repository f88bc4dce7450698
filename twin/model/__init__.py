"""The shared nouns: city, attributes, errors, secrets, legal limits and safe readers."""
