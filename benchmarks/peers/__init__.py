"""The same work through Stellwerk and through the packages others install for it."""
