"""Controllers: from intent to plan to verified change on devices, journalled."""
