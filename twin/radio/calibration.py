"""Fits a log-distance law with offsets per clutter class to measured losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite

__all__ = ["PathLossFit", "cross_validated_rmse_db", "fit_path_loss"]

Array = NDArray[np.float64]
HUBER = 1.345
PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLossFit:
    """A fitted law: loss = intercept + 10 slope log10(d / 1 km) + offset of the clutter.

    Parameters
    ----------
    intercept_db, slope : float
        Loss at 1 km and exponent.
    intercept_error_db, slope_error : float
        Their standard errors, samples taken as independent.
    sigma_db : float
        Standard deviation of the residuals: the shadowing.
    rmse_db : float
        Root mean square error over the samples of the fit.
    offset_db : mapping of int to float
        Offset per clutter class, pulled towards 0 where samples are few.
    residual_percentile_db : mapping of float to float
        Percentiles of measured minus fitted.
    n_samples : int
        Samples.
    """

    intercept_db: float = field(metadata={"unit": "dB"})
    slope: float = field(metadata={"unit": ""})
    intercept_error_db: float = field(metadata={"unit": "dB"})
    slope_error: float = field(metadata={"unit": ""})
    sigma_db: float = field(metadata={"unit": "dB"})
    rmse_db: float = field(metadata={"unit": "dB"})
    offset_db: Mapping[int, float] = field(metadata={"unit": "dB"})
    residual_percentile_db: Mapping[float, float] = field(metadata={"unit": "dB"})
    n_samples: int = field(metadata={"unit": ""})

    def loss_db(self, distance_m: ArrayLike, clutter: ArrayLike | None = None) -> Array:
        """Predict the loss.

        Parameters
        ----------
        distance_m : array_like
            Distance. [m]  Must be > 0.
        clutter : array_like of int, optional
            Clutter class per point; a class without samples has the offset 0.

        Returns
        -------
        ndarray
            Loss. [dB]
        """
        loss = self.intercept_db + 10.0 * self.slope * np.log10(np.asarray(distance_m) / 1e3)
        if clutter is None:
            return np.asarray(loss)
        classes = np.asarray(clutter)
        return np.asarray(loss + sum(v * (classes == k) for k, v in self.offset_db.items()))


def fit_path_loss(
    distance_m: ArrayLike,
    loss_db: ArrayLike,
    *,
    clutter: ArrayLike | None = None,
    min_count: int = 20,
    prior_count: float = 10.0,
    is_robust: bool = False,
) -> PathLossFit:
    """Fit intercept, slope, shadowing and offsets of clutter classes.

    Parameters
    ----------
    distance_m : array_like of shape (N,)
        Distance per sample. [m]  Must be > 0.
    loss_db : array_like of shape (N,)
        Measured loss. [dB]
    clutter : array_like of int of shape (N,), optional
        Clutter class per sample.
    min_count : int
        Classes with fewer samples get no offset.
    prior_count : float
        An offset is n / (n + prior_count) of the mean residual of its n samples.
    is_robust : bool
        Weigh samples by Huber (1.345 robust sigmas) instead of least squares.

    Returns
    -------
    PathLossFit
        The law.

    Raises
    ------
    ValueError
        Shapes that differ, fewer than 3 samples, one distance only, a NaN: says which element.

    Notes
    -----
    Samples of received packets only are cut off where the receiver hears nothing: the fit then
    has too small a slope and too small a loss at long range (survivor bias). It holds for places
    that are heard, not for the edge of coverage.

    References
    ----------
    .. [1] P. J. Huber, Robust Statistics (1981), section 7.8.
    """
    x, y = _samples(distance_m, loss_db)
    classes = np.zeros(x.size, dtype=np.int64) if clutter is None else np.asarray(clutter)
    if classes.shape != x.shape:
        raise ValueError(f"clutter: has shape {classes.shape}, must be {x.shape}")
    known = [int(k) for k in np.unique(classes) if (classes == k).sum() >= min_count]
    offsets = {k: 0.0 for k in known} if clutter is not None else {}
    design = np.column_stack([np.ones(x.size), x])
    weight, shift = np.ones(x.size), np.zeros(x.size)
    beta = np.zeros(2)
    for _ in range(60):
        previous = beta
        root = np.sqrt(weight)
        beta = np.linalg.lstsq(design * root[:, None], (y - shift) * root, rcond=None)[0]
        residual = y - design @ beta
        for k in offsets:
            mine = classes == k
            count = weight[mine].sum()
            offsets[k] = float((weight * residual)[mine].sum() / (count + prior_count))
        shift = np.asarray(sum((v * (classes == k) for k, v in offsets.items()), np.zeros(x.size)))
        residual = residual - shift
        if is_robust:
            scale = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
            weight = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residual), 1e-9))
        if np.abs(beta - previous).max() < 1e-10:
            break
    free = max(x.size - 2 - len(offsets), 1)
    variance = float((weight * residual**2).sum() / free)
    covariance = variance * np.linalg.inv(design.T @ (design * weight[:, None]))
    sigma = scale if is_robust else np.sqrt(variance)
    return PathLossFit(
        intercept_db=float(beta[0]),
        slope=float(beta[1]),
        intercept_error_db=float(np.sqrt(covariance[0, 0])),
        slope_error=float(np.sqrt(covariance[1, 1])),
        sigma_db=float(sigma),
        rmse_db=float(np.sqrt(np.mean(residual**2))),
        offset_db=offsets,
        residual_percentile_db={p: float(np.percentile(residual, p)) for p in PERCENTILES},
        n_samples=x.size,
    )


def cross_validated_rmse_db(
    distance_m: ArrayLike,
    loss_db: ArrayLike,
    rng: np.random.Generator,
    *,
    n_folds: int = 5,
    is_robust: bool = False,
) -> float:
    """Root mean square error over samples that the fit has not seen.

    Parameters
    ----------
    distance_m, loss_db : array_like of shape (N,)
        Samples, as of `fit_path_loss`. [m], [dB]
    rng : numpy.random.Generator
        Deals the samples to the folds.
    n_folds : int
        Number of folds.
    is_robust : bool
        As of `fit_path_loss`.

    Returns
    -------
    float
        Error. [dB]

    Raises
    ------
    ValueError
        As `fit_path_loss`; fewer than 2 folds or than 3 samples for each.
    """
    x, y = _samples(distance_m, loss_db)
    if n_folds < 2 or x.size < 3 * n_folds:
        raise ValueError(f"n_folds: is {n_folds}, must be 2 to a third of {x.size} samples")
    distance = np.asarray(distance_m, dtype=np.float64)
    fold = rng.permutation(x.size) % n_folds
    squares = 0.0
    for k in range(n_folds):
        left_out = fold == k
        fit = fit_path_loss(distance[~left_out], y[~left_out], is_robust=is_robust)
        squares += float(((y[left_out] - fit.loss_db(distance[left_out])) ** 2).sum())
    return float(np.sqrt(squares / x.size))


def _samples(distance_m: ArrayLike, loss_db: ArrayLike) -> tuple[Array, Array]:
    distance, loss = finite(distance_m, "distance_m"), finite(loss_db, "loss_db")
    if distance.ndim != 1 or distance.shape != loss.shape:
        raise ValueError(f"loss_db: has shape {loss.shape}, must be that of {distance.shape}")
    if distance.size < 3:
        raise ValueError(f"distance_m: has {distance.size} samples, needs 3")
    if (distance <= 0.0).any():
        raise ValueError(f"distance_m[{int((distance <= 0.0).argmax())}]: must be > 0")
    if np.ptp(distance) == 0.0:
        raise ValueError("distance_m: all samples have one distance, no slope can be fitted")
    return 10.0 * np.log10(distance / 1e3), loss
