"""Antennas: patterns of 3GPP, arrays, files of makers."""
