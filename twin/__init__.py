"""The digital twin of the city: model, geometry, radio, simulation and planning."""
