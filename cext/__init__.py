"""Compiled kernels: NumPy in, NumPy out."""
