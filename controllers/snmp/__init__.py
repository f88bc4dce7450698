"""SNMP on the wire: encoding, messages and security, for managers and emulated agents alike.

Both ends share it, so it is held against foreign ones: net-snmp's agent and tools, and pysnmp.
"""
