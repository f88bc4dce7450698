"""The stateful engine for users: exact under edits of users and cells."""

from twin.radio.engine.load import LoadResult, solve_load
from twin.radio.engine.network import RadioNetwork
from twin.radio.engine.service import LayerService

__all__ = ["LayerService", "LoadResult", "RadioNetwork", "solve_load"]
