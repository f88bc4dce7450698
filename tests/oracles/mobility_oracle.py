"""Handover in steps of a few milliseconds over lines between reports, all by hand."""

from __future__ import annotations

import numpy as np

CONNECTED, PREPARING, EXECUTING, LOST = range(4)


def sinr_db(level_dbm, noise_mw):
    """SINR of every cell at every user, all cells on the air all the time."""
    power = 10.0 ** (np.asarray(level_dbm, np.float64) / 10.0)
    rest = power.sum(axis=1, keepdims=True) - power
    return 10.0 * np.log10(power / (rest + noise_mw))


def run(filtered_dbm, levels_dbm, noise_mw, policy, *, step_s, fine_s):
    """Count events of users between reports; arrays of shape (reports, users, cells)."""
    filtered = np.asarray(filtered_dbm, np.float64)
    sinr = np.array([sinr_db(level, noise_mw) for level in levels_dbm])
    n_users = filtered.shape[1]
    counts = {name: np.zeros(n_users, int) for name in ("handovers", "returns", "reports",
                                                        "failures", "link_losses")}  # fmt: skip
    outage_s = np.zeros(n_users)
    for user in range(n_users):
        _live(filtered[:, user], sinr[:, user], policy, step_s, fine_s, counts, outage_s, user)
    return counts, outage_s


def _live(filtered, sinr, policy, step_s, fine_s, counts, outage_s, user):  # noqa: C901
    threshold = policy.offset_db + policy.hysteresis_db
    serving, before, joined = int(filtered[0].argmax()), -1, -1e9
    phase, until, target, out = CONNECTED, 0.0, -1, None
    above = np.full(filtered.shape[1], np.nan)
    per_report = round(step_s / fine_s)
    for k in range((len(filtered) - 1) * per_report + 1):
        report, part = divmod(k, per_report)
        share = part / per_report
        after = min(report + 1, len(filtered) - 1)
        now = report * step_s + share * step_s
        level = filtered[report] + share * (filtered[after] - filtered[report])
        quality = sinr[report] + share * (sinr[after] - sinr[report])
        if phase in (EXECUTING, LOST):
            outage_s[user] += fine_s if k else 0.0
        if phase in (CONNECTED, PREPARING):
            if out is None and quality[serving] < policy.q_out_db:
                out = now
            if out is not None and quality[serving] > policy.q_in_db:
                out = None
            if out is not None and now >= out + policy.t310_s:
                counts["link_losses" if phase == CONNECTED else "failures"][user] += 1
                phase, until, before, out = LOST, now + policy.reestablishment_s, -1, None
        if phase == PREPARING and now >= until:
            if out is not None:
                counts["failures"][user] += 1
                phase, until, before, out = LOST, now + policy.reestablishment_s, -1, None
            else:
                phase, until = EXECUTING, now + policy.execution_s
        elif phase == EXECUTING and now >= until:
            if quality[target] < policy.q_out_db:
                counts["failures"][user] += 1
                phase, until, before, out = LOST, now + policy.reestablishment_s, -1, None
            else:
                counts["handovers"][user] += 1
                is_return = target == before and now - joined < policy.shortest_stay_s
                counts["returns"][user] += is_return
                before, serving, joined, phase, out = serving, target, now, CONNECTED, None
                above[:] = np.nan
        elif phase == LOST and now >= until:
            serving, joined, phase, out = int(level.argmax()), now, CONNECTED, None
            above[:] = np.nan
        if phase == CONNECTED:
            is_above = level - level[serving] > threshold
            above = np.where(is_above, np.where(np.isnan(above), now, above), np.nan)
            ripe = np.flatnonzero(now - above >= policy.time_to_trigger_s)
            if len(ripe):
                target = int(ripe[np.argmin(above[ripe])])
                counts["reports"][user] += 1
                phase, until = PREPARING, now + policy.preparation_s
