"""A thousand emulated devices in real time, under load from another process."""
