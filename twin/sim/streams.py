"""Named random streams, so that adding one process does not shift the numbers of another."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["stream"]


def stream(seed: int, name: str) -> np.random.Generator:
    """Make the generator of one named purpose.

    Parameters
    ----------
    seed : int
        Seed of the run.  Must be >= 0.
    name : str
        What the numbers are for, such as ``users/cells``.

    Returns
    -------
    numpy.random.Generator
        Independent of every other name and of the order in which streams are made.

    Raises
    ------
    ValueError
        Negative seed.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}, must be 0 or more")
    digest = hashlib.sha256(name.encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4")
    return np.random.default_rng(np.random.SeedSequence([seed, *(int(word) for word in words)]))
