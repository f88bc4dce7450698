"""Inventories that others keep: NetBox, CSV files and Nornir."""

from controllers.sources.rows import Imported, Row, devices_of

__all__ = ["Imported", "Row", "devices_of"]
