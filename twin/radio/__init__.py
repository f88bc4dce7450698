"""Radio: path loss, antennas, rates, and the coverage of a whole city."""
