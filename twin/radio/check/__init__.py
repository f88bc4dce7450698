"""Runs our models over tables of reference values, which are recognised by their header."""

from __future__ import annotations

from twin.radio.check.registry import CheckedFile, check_paths

__all__ = ["CheckedFile", "check_paths"]
