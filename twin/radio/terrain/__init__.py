"""Loss and sight over terrain: the Irregular Terrain Model, rasters of a surface, maps."""
