"""Recommendations of the ITU-R, one module each."""
