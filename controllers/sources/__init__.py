"""Inventories that others keep: NetBox, CSV files, Nornir and Ansible."""

from controllers.sources.rows import Imported, Row, devices_of

__all__ = ["Imported", "Row", "devices_of"]
