"""Cities in the box: one folder each, read by `twin.geo.cityfile.load_city`."""
