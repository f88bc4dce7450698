"""Emulated devices: SNMP agents, NETCONF servers and a CLI host that show a world on the wire."""
