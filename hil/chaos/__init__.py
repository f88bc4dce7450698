"""Chaos: seeded fault schedules that drive the transaction machine in virtual time."""
