"""Fields: no plan brings a site near the limits of the 26. BImSchV, or beyond its certificate."""

from __future__ import annotations

from controllers.plan import Plan, PlanFinding
from controllers.ports import Exposure, ExposurePredictor
from twin.model.regulatory import EIRP_THRESHOLD_W, Finding

__all__ = ["exposure_policy"]

_ORDINANCE = "26. BImSchV (2013), paragraph 2 and Annexes 1b, 2b"
_CERTIFICATE = "BEMFV, paragraphs 4 and 5"
_HIGH_SHARE = 0.5
_MORE = 1.01  # 0.04 dB: less is the rounding of a setting


def exposure_policy(plan: Plan, predictor: ExposurePredictor | None) -> tuple[PlanFinding, ...]:
    """Check the sites whose power or beams a plan changes.

    Parameters
    ----------
    plan : Plan
        The plan.
    predictor : ExposurePredictor or None
        Says what fields there are; without one nothing is found.

    Returns
    -------
    tuple of PlanFinding
        An error where the limit is passed, a warning from half of the permitted field strength on
        if the plan raises it, and a warning where a site radiates more than it did: its
        certificate was issued for what it radiated.
    """
    if predictor is None or not any(part.kind == "cell" for part in plan.devices):
        return ()
    return tuple(
        PlanFinding(device=found.devices[0], finding=finding)
        for found in predictor.exposure(plan.changes)
        for finding in _findings(found)
    )


def _findings(found: Exposure) -> list[Finding]:
    findings = []
    rises = found.share_after > found.share_before * _MORE
    if found.share_after > 1.0 or (rises and found.share_after > _HIGH_SHARE):
        is_over = found.share_after > 1.0
        todo = (
            "above the limit; lower power or tilt less" if is_over else "let a person look before"
        )
        findings.append(
            Finding(
                rule="emf",
                severity="error" if is_over else "warning",
                message=(
                    f"site {found.site} would use {100 * found.share_after:.0f} % (now "
                    f"{100 * found.share_before:.0f} %) of the permitted field strength, {todo}"
                ),
                reference=_ORDINANCE,
            )
        )
    if found.eirp_w_after > max(found.eirp_w_before * _MORE, EIRP_THRESHOLD_W):
        findings.append(
            Finding(
                rule="site-certificate",
                severity="warning",
                message=(
                    f"site {found.site} would radiate {found.eirp_w_after:.0f} W EIRP instead of "
                    f"{found.eirp_w_before:.0f} W; make sure that its site certificate covers that"
                ),
                reference=_CERTIFICATE,
            )
        )
    return findings
