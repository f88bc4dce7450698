"""German radio and emission limits as tables and pure rules; every row names its source."""

from twin.model.regulatory.emf import (
    EIRP_THRESHOLD_W,
    emf_limit_a_per_m,
    emf_limit_v_per_m,
    is_above_eirp_threshold,
)
from twin.model.regulatory.emf_rules import emf_findings, emf_sum, site_eirp_w, site_findings
from twin.model.regulatory.findings import Finding
from twin.model.regulatory.srd868 import ALARM_868, SRD_868, SubBand, srd868_sub_band
from twin.model.regulatory.srd868_rules import srd868_findings
from twin.model.regulatory.wifi import check_radio, needs_cac_s, radio_findings
from twin.model.regulatory.wifi_bands import WIFI_BANDS, WifiBand
from twin.model.regulatory.wifi_channels import channel_block_hz, channel_centre_hz

__all__ = [
    "ALARM_868",
    "EIRP_THRESHOLD_W",
    "SRD_868",
    "WIFI_BANDS",
    "Finding",
    "SubBand",
    "WifiBand",
    "channel_block_hz",
    "channel_centre_hz",
    "check_radio",
    "emf_findings",
    "emf_limit_a_per_m",
    "emf_limit_v_per_m",
    "emf_sum",
    "is_above_eirp_threshold",
    "needs_cac_s",
    "radio_findings",
    "site_eirp_w",
    "site_findings",
    "srd868_findings",
    "srd868_sub_band",
]
