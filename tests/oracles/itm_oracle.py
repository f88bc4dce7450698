"""Irregular Terrain Model step by step in plain Python: without any of the kernel's tricks.

Written along Hufford (1995), "The ITS Irregular Terrain Model, version 1.2.2: the algorithm";
section names are those of its subroutines.
"""

# ruff: noqa: RUF005

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

__all__ = ["Path", "area_path", "loss_db", "profile_path"]


@dataclass
class Path:
    d: float
    f: float
    heights: tuple[float, float]
    effective: list[float]
    horizon: list[float]
    angle: list[float]
    delta_h: float
    ns: float
    gamma: float
    is_area: bool


def _air(n0: float, height: float) -> tuple[float, float]:
    ns = n0 * math.exp(-height / 9460.0)
    return ns, 157e-9 * (1.0 - 0.04665 * math.exp(ns / 179.3))


def _fit(y: list[float], start: float, end: float) -> tuple[float, float]:
    """zlsq1, distances in steps."""
    n = len(y) - 1
    a = int(max(start, 0.0))
    b = n - int(max(n - end, 0.0))
    if b <= a:
        a, b = int(max(a - 1.0, 0.0)), n - int(max(n - (b + 1.0), 0.0))
    length = b - a
    total = 0.5 * (y[a] + y[b])
    torque = 0.25 * (y[b] - y[a]) * length
    for i in range(a + 1, b):
        total += y[i]
        torque += y[i] * (i - a - 0.5 * length)
    total /= length
    torque *= 12.0 / ((length * length + 2.0) * length)
    middle = b - 0.5 * length
    return total - torque * middle, total + torque * (n - middle)


def _irregularity(y: list[float], step: float, start: float, end: float) -> float:
    """dlthx."""
    a, width = start / step, end / step - start / step
    if width < 2.0:
        return 0.0
    tenth = min(max(4, int(0.1 * (width + 8.0))), 25)
    n = 10 * tenth - 5
    samples = []
    for j in range(n):
        at = a + width * j / (n - 1)
        i = min(int(at), len(y) - 2)
        samples.append(y[i] + (y[i + 1] - y[i]) * (at - i))
    first, last = _fit(samples, 0.0, n - 1)
    rest = sorted(
        (s - first - (last - first) / (n - 1) * j for j, s in enumerate(samples)), reverse=True
    )
    spread = rest[tenth - 1] - rest[n - tenth]
    return spread / (1.0 - 0.8 * math.exp(-(end - start) / 50e3))


def profile_path(
    y: list[float], step: float, heights: tuple[float, float], f: float, n0: float
) -> Path:
    """qlrpfl."""
    n = len(y) - 1
    d = n * step
    edge = int(0.1 * n)
    inner = y[edge : n - edge + 1]
    ns, gamma = _air(n0, sum(inner) / len(inner))
    horizon, angle = [], []
    for end, other, own in ((0, n, 0), (n, 0, 1)):
        z = y[end] + heights[own]
        best, far = (y[other] + heights[1 - own] - z) / d - d * gamma / 2, d
        # added up, as the reference does: cutting 0.9 of it to whole points depends on the rounding
        x = float(d if own else 0.0)
        for i in range(1, n):
            x += -step if own else step
            theta = (y[i] - z) / x - x * gamma / 2
            if theta > best:
                best, far = theta, x
        horizon.append(far)
        angle.append(best)
    start = min(15.0 * heights[0], 0.1 * horizon[0])
    stop = d - min(15.0 * heights[1], 0.1 * horizon[1])
    delta_h = _irregularity(y, step, start, stop)

    def typical(he: float) -> float:
        return math.sqrt(2 * he / gamma) * math.exp(-0.07 * math.sqrt(delta_h / max(he, 5.0)))

    if sum(horizon) > 1.5 * d:
        fits = _fit(y, start / step, stop / step)
        he = [h + max(y[e] - fit, 0.0) for h, e, fit in zip(heights, (0, n), fits, strict=True)]
        horizon = [typical(h) for h in he]
        if sum(horizon) <= d:
            q = (d / sum(horizon)) ** 2
            he = [h * q for h in he]
            horizon = [typical(h) for h in he]
        smooth = [math.sqrt(2 * h / gamma) for h in he]
        angle = [
            (0.65 * delta_h * (s / x - 1.0) - 2.0 * h) / s
            for s, x, h in zip(smooth, horizon, he, strict=True)
        ]
    else:
        near, _ = _fit(y, start / step, 0.9 * horizon[0] / step)
        _, far = _fit(y, (d - 0.9 * horizon[1]) / step, stop / step)
        he = [heights[0] + max(y[0] - near, 0.0), heights[1] + max(y[n] - far, 0.0)]
    return Path(d, f, heights, he, horizon, angle, delta_h, ns, gamma, is_area=False)


def area_path(
    d: float,
    delta_h: float,
    heights: tuple[float, float],
    siting: tuple[int, int],
    f: float,
    n0: float,
) -> Path:
    """qlra."""
    ns, gamma = _air(n0, 0.0)
    path = Path(d, f, heights, [], [], [], delta_h, ns, gamma, is_area=True)
    for h, place in zip(heights, siting, strict=True):
        more = (0.0, 4.0, 9.0)[place]
        if h < 5.0:
            more *= math.sin(0.1 * math.pi * h)
        he = h
        if place:
            he += (1.0 + more) * math.exp(-min(20.0, 2.0 * h / max(1e-3, delta_h)))
        smooth = math.sqrt(2.0 * he / gamma)
        far = smooth * math.exp(-0.07 * math.sqrt(delta_h / max(he, 5.0)))
        path.effective.append(he)
        path.horizon.append(far)
        path.angle.append((0.65 * delta_h * (smooth / far - 1.0) - 2.0 * he) / smooth)
    return path


def _rough(p: Path, d: float) -> float:
    return p.delta_h * (1.0 - 0.8 * math.exp(-d / 50e3))


def _sigma(rough: float) -> float:
    return 0.78 * rough * math.exp(-0.5 * rough**0.25)


def _edge(v2: float) -> float:
    """aknfe."""
    if v2 < 5.76:
        return 6.02 + 9.11 * math.sqrt(v2) - 1.27 * v2
    return 12.953 + 10.0 * math.log10(v2)


def _gain(x: float, k: float) -> float:
    """fht."""
    if x < 200.0:
        w = -math.log(k)
        if k < 1e-5 or x * w**3 > 5495.0:
            return (17.372 * math.log(x) if x > 1.0 else 0.0) - 117.0
        return 2.5e-5 * x * x / k - 8.686 * w - 15.0
    far = 0.05751 * x - 4.343 * math.log(x)
    if x < 2000.0:
        w = 0.0134 * x * math.exp(-0.005 * x)
        far = (1.0 - w) * far + w * (17.372 * math.log(x) - 117.0)
    return far


def _diffraction(p: Path, z: complex, theta_los: float, dsml: float, d: float) -> float:
    """adiff."""
    a, dml = 1.0 / p.gamma, sum(p.horizon)
    theta, beyond = d / a - theta_los, d - dml
    knife = 0.0
    for x in p.horizon:
        v2 = 0.0795775 * p.f / 47.7 * theta**2 * x * beyond / (beyond + x)
        knife += _edge(v2)
    radii = [beyond / theta, *(0.5 * x**2 / h for x, h in zip(p.horizon, p.effective, strict=True))]
    arcs = [beyond, *p.horizon]
    xs, ks = [], []
    for radius, arc in zip(radii, arcs, strict=True):
        c = (4.0 / 3.0 * 6370e3 / radius) ** (1 / 3)
        k = 0.017778 * c * p.f ** (-1 / 3) / abs(z)
        ks.append(k)
        xs.append((1.607 - k) * c**2 * p.f ** (1 / 3) * arc / 1000.0)
    x0 = sum(xs)
    smooth = 0.05751 * x0 - 10 * math.log10(x0) - _gain(xs[1], ks[1]) - _gain(xs[2], ks[2]) - 20.0
    h0, h1 = p.heights
    clutter = 5 * math.log10(1 + 1e-5 * h0 * h1 * p.f * _sigma(_rough(p, dsml)))
    product = h0 * h1
    c = product if p.is_area else product + 10.0
    root = math.sqrt(1 + (p.effective[0] * p.effective[1] - product) / c)
    q = (root + (dml - theta_los * a) / d) * min(_rough(p, d) * p.f / 47.7, 6283.2)
    w = 25.1 / (25.1 + math.sqrt(q))
    return w * smooth + (1 - w) * knife + min(15.0, clutter)


def _two_ray(p: Path, z: complex, line: tuple[float, float], dsml: float, d: float) -> float:
    """alos."""
    h, wn = sum(p.effective), p.f / 47.7
    sine = h / math.hypot(d, h)
    damp = math.exp(-min(10.0, wn * _sigma(_rough(p, d)) * sine))
    r = (sine - z) / (sine + z) * damp
    q = abs(r) ** 2
    if q < 0.25 or q < sine:
        r *= math.sqrt(sine / q)
    phi = 2.0 * wn * p.effective[0] * p.effective[1] / d
    if phi > math.pi / 2:
        phi = math.pi - (math.pi / 2) ** 2 / phi
    rays = -20.0 * math.log10(abs(cmath.exp(-1j * phi) + r))
    w = 1.0 / (1.0 + p.f * p.delta_h / max(10e3, dsml))
    return w * rays + (1.0 - w) * (line[0] * d + line[1])


def _scatter(p: Path, theta_los: float, d: float, h0: float) -> tuple[float, float]:
    """ascat: the loss and the frequency gain that the nearer distance reuses."""
    wn, a, gain = p.f / 47.7, 1.0 / p.gamma, h0
    if h0 <= 15.0:
        ad = p.horizon[0] - p.horizon[1]
        rr = p.effective[1] / p.effective[0]
        if ad < 0.0:
            ad, rr = -ad, 1.0 / rr
        theta = sum(p.angle) + d / a
        r = [2.0 * wn * theta * h for h in p.effective]
        if max(r) < 0.2:
            return 1001.0, h0
        s = (d - ad) / (d + ad)
        q = min(max(0.1, rr / s), 10.0)
        s = max(0.1, s)
        cross = (d - ad) * (d + ad) * theta * 0.25 / d
        more = 0.031 - p.ns * 2.32e-3 + p.ns**2 * 5.67e-6
        eta = cross / 1755.6 * (1.0 + more * math.exp(-(min(1.7, cross / 8e3) ** 6)))
        mean = sum(_h0(x, eta) for x in r) / 2.0
        step = 6.0 * (0.6 - math.log10(max(eta, 1.0))) * math.log10(s) * math.log10(q)
        gain = max(mean + min(mean, step), 0.0)
        if eta < 1.0:
            t = (1 + math.sqrt(2) / r[0]) * (1 + math.sqrt(2) / r[1])
            flat = 10 * math.log10(t**2 * sum(r) / (sum(r) + 2 * math.sqrt(2)))
            gain = eta * gain + (1.0 - eta) * flat
        if gain > 15.0 and h0 >= 0.0:
            gain = h0
    th = d / a - theta_los
    td = th * d
    row = 0 if td <= 10e3 else 1 if td <= 70e3 else 2
    c = ((133.4, 0.332e-3, -10.0), (104.6, 0.212e-3, -2.5), (71.8, 0.157e-3, 5.0))[row]
    loss = c[0] + c[1] * td + c[2] * math.log10(td) + 10 * math.log10(wn * 47.7 * th**4)
    return loss - 0.1 * (p.ns - 301.0) * math.exp(-td / 40e3) + gain, gain


def _h0(r: float, eta: float) -> float:
    """h0f."""
    a, b = (25.0, 80.0, 177.0, 395.0, 705.0), (24.0, 45.0, 68.0, 80.0, 105.0)
    eta = min(max(eta, 1.0), 5.0)
    i = int(eta)
    curve = [10 * math.log10(1 + x / r**4 + y / r**2) for x, y in zip(a, b, strict=True)]
    if eta == i:
        return curve[i - 1]
    return (1 - eta + i) * curve[i - 1] + (eta - i) * curve[i]


def _reference(p: Path, z: complex) -> float:
    """lrprop."""
    a, f, dml = 1.0 / p.gamma, p.f, sum(p.horizon)
    dsml = sum(math.sqrt(2 * h * a) for h in p.effective)
    theta_los = -max(sum(p.angle), -dml / a)
    cube = (a * a / f) ** (1 / 3)
    d3 = max(dsml, dml + 5 * cube)
    d4 = d3 + 10 * cube
    a3, a4 = (_diffraction(p, z, theta_los, dsml, d) for d in (d3, d4))
    slope = (a4 - a3) / (d4 - d3)
    start = a3 - slope * d3
    if p.d < dsml:
        loss = _within(p, z, (slope, start), dsml)
    else:
        d5, d6 = dml + 200e3, dml + 400e3
        a6, h0 = _scatter(p, theta_los, d6, -1.0)
        a5, _ = _scatter(p, theta_los, d5, h0)
        loss = slope * p.d + start
        if a5 < 1000.0:
            ms = (a6 - a5) / 200e3
            dx = max(dsml, dml + 1.088 * cube * math.log(f))
            dx = max(dx, (a5 - start - ms * d5) / (slope - ms))
            if p.d > dx:
                loss = ms * p.d + (slope - ms) * dx + start
    return max(loss, 0.0)


def _within(p: Path, z: complex, line: tuple[float, float], dsml: float) -> float:
    slope, start = line
    dml, at_end = sum(p.horizon), dsml * slope + start
    d0 = 0.04 * p.f * p.effective[0] * p.effective[1]
    if start >= 0.0:
        d0 = min(d0, 0.5 * dml)
        d1 = d0 + 0.25 * (dml - d0)
    else:
        d1 = max(-start / slope, 0.25 * dml)
    a1 = _two_ray(p, z, line, dsml, d1)
    k1 = k2 = 0.0
    is_set = False
    if d0 < d1:
        a0 = _two_ray(p, z, line, dsml, d0)
        q = math.log(dsml / d0)
        above = (dsml - d0) * (a1 - a0) - (d1 - d0) * (at_end - a0)
        k2 = max(0.0, above / ((dsml - d0) * math.log(d1 / d0) - (d1 - d0) * q))
        is_set = start > 0.0 or k2 > 0.0
        if is_set:
            k1 = (at_end - a0 - k2 * q) / (dsml - d0)
            if k1 < 0.0:
                k1, k2 = 0.0, max(at_end - a0, 0.0) / q
                if k2 == 0.0:
                    k1 = slope
    if not is_set:
        k1, k2 = max(at_end - a1, 0.0) / (dsml - d1), 0.0
        if k1 == 0.0:
            k1 = slope
    return at_end - k1 * dsml - k2 * math.log(dsml) + k1 * p.d + k2 * math.log(p.d)


# TR 82-100, Table 5.1, by climate: median, sigma-, sigma+ (c1 c2 x1 x2 x3, km), then C_D, z_D
_CLIMATES = (
    (-9.67, 12.7, 144.9, 190.3, 133.8, 2.13, 159.5, 762.2, 123.6, 94.5)
    + (2.11, 102.3, 636.9, 134.8, 95.6, 1.224, 1.282),
    (-0.62, 9.19, 228.9, 205.2, 143.6, 2.66, 7.67, 100.4, 172.5, 136.4)
    + (6.87, 15.53, 138.7, 143.7, 98.6, 0.801, 2.161),
    (1.26, 15.5, 262.6, 185.2, 99.8, 6.11, 6.65, 138.2, 242.2, 178.6)
    + (10.08, 9.60, 165.3, 225.7, 129.7, 1.380, 1.282),
    (-9.21, 9.05, 84.1, 101.1, 98.6, 1.98, 13.11, 139.1, 132.7, 193.5)
    + (3.68, 159.3, 464.4, 93.1, 94.2, 1.000, 20.0),
    (-0.62, 9.19, 228.9, 205.2, 143.6, 2.68, 7.16, 93.7, 186.8, 133.5)
    + (4.75, 8.12, 93.2, 135.9, 113.4, 1.224, 1.282),
    (-0.39, 2.86, 141.7, 315.9, 167.4, 6.86, 10.38, 187.8, 169.6, 108.9)
    + (8.58, 13.97, 216.0, 152.0, 122.7, 1.518, 1.282),
    (3.15, 857.9, 2222.0, 164.8, 116.3, 8.51, 169.8, 609.8, 119.9, 106.6)
    + (8.43, 8.19, 136.2, 188.5, 122.9, 1.518, 1.282),
)
_GAIN_PLUS = {2: (0.93, 0.31, 2.00), 4: (0.93, 0.19, 1.79), 5: (0.93, 0.31, 2.00)}
_GAIN_MINUS = {5: (0.92, 0.25, 1.77)}


def _deviate(percent: float) -> float:
    """qerfi."""
    q = percent / 100.0
    t = math.sqrt(-2.0 * math.log(min(q, 1.0 - q)))
    x = t - ((0.010328 * t + 0.802853) * t + 2.515516) / (
        ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    )
    return x if q <= 0.5 else -x


def _curve(c: tuple[float, ...], d: float) -> float:
    c1, c2, x1, x2, x3 = c
    d /= 1000.0
    return (c1 + c2 / (1 + ((d - x2) / x3) ** 2)) * (d / x1) ** 2 / (1 + (d / x1) ** 2)


def loss_db(  # noqa: C901 - one step after the other
    p: Path,
    *,
    climate: int,
    is_vertical: bool,
    epsilon: float,
    sigma: float,
    mdvar: int,
    percents: tuple[float, float, float],
) -> float:
    """lrprop and avar together, plus free space."""
    ep = complex(epsilon, 18000.0 * sigma / p.f)
    z = cmath.sqrt(ep - 1.0)
    if is_vertical:
        z /= ep
    wn = p.f / 47.7
    row = _CLIMATES[climate - 1]
    zt, zl, zs = map(_deviate, percents)
    dex = sum(math.sqrt(2 * 9e6 * h) for h in p.effective) + (575.7e12 / wn) ** (1 / 3)
    de = 130e3 * p.d / dex if p.d < dex else 130e3 + p.d - dex
    mode = mdvar % 10
    if mode == 0:
        zt = zl = zs
    elif mode == 1:
        zl = zs
    elif mode == 2:
        zl = zt
    sigma_s = 0.0 if mdvar >= 20 else 5.0 + 3.0 * math.exp(-de / 100e3)
    rough = wn * _rough(p, p.d)
    sigma_l = 0.0 if mdvar % 20 >= 10 else 10.0 * rough / (rough + 13.0)
    q = math.log(0.133 * wn)

    def gain(table: dict[int, tuple[float, float, float]]) -> float:
        a, b, c = table.get(climate, (1.0, 0.0, 0.0))
        return a + b / ((c * q) ** 2 + 1.0)

    plus = _curve(row[10:15], de) * gain(_GAIN_PLUS)
    cd, zd = row[15:]
    if zt < 0.0:
        sigma_t = _curve(row[5:10], de) * gain(_GAIN_MINUS)
    elif zt <= zd:
        sigma_t = plus
    else:
        sigma_t = cd * plus + (plus - cd * plus) * zd / zt
    yt, yl = sigma_t * zt, sigma_l * zl
    var = sigma_s**2 + yt**2 / (7.8 + zs**2) + yl**2 / (24.0 + zs**2)
    if mode == 0:
        yr, var = 0.0, var + sigma_t**2 + sigma_l**2
    elif mode == 1:
        yr, var = yt, var + sigma_l**2
    elif mode == 2:
        yr = math.hypot(sigma_t, sigma_l) * zt
    else:
        yr = yt + yl
    loss = _reference(p, z) - _curve(row[:5], de) - yr - math.sqrt(var) * zs
    if loss < 0.0:
        loss *= (29.0 - loss) / (29.0 - 10.0 * loss)
    return loss + 32.45 + 20 * math.log10(p.f) + 20 * math.log10(p.d / 1000.0)
