"""E-government and backbone: citizen offices, data centre, municipal fibre, wireless homes."""

from twin.sim.egov_backbone.assumptions import ASSUMPTIONS
from twin.sim.egov_backbone.system import EgovBackbone

__all__ = ["ASSUMPTIONS", "EgovBackbone"]
