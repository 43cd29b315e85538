"""One peer on some tables: `python peers.py FOLDER --system NAME --tables NAME,… --seed 1`.

Prints one line of JSON a table: the score of each fold (accuracy or R²) and the seconds of fitting. All peers have
the settings of their makers; linear and neural ones get standardised features, and the neural one standardised
targets, without which it does not learn.
"""

import argparse
import json
import pathlib
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def linear(is_class: bool, _: int) -> BaseEstimator:
    # More steps than the default, which would end with a warning on wide tables.
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000) if is_class else Ridge())


def mlp(is_class: bool, seed: int) -> BaseEstimator:
    if is_class:
        return make_pipeline(StandardScaler(), MLPClassifier(random_state=seed))
    scaled = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    return make_pipeline(StandardScaler(), scaled)


def boosting(is_class: bool, seed: int) -> BaseEstimator:
    return (HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor)(random_state=seed)


def forest(is_class: bool, seed: int) -> BaseEstimator:
    return (RandomForestClassifier if is_class else RandomForestRegressor)(random_state=seed)


def lightgbm(is_class: bool, seed: int) -> BaseEstimator:
    import lightgbm

    kind = lightgbm.LGBMClassifier if is_class else lightgbm.LGBMRegressor
    return kind(random_state=seed, verbose=-1, n_jobs=1)


def tabpfn(is_class: bool, seed: int) -> BaseEstimator:
    import tabpfn

    return (tabpfn.TabPFNClassifier if is_class else tabpfn.TabPFNRegressor)(random_state=seed)


SYSTEMS: dict[str, Callable[[bool, int], BaseEstimator]] = {
    "linear": linear,
    "mlp": mlp,
    "boosting": boosting,
    "forest": forest,
    "lightgbm": lightgbm,
    "tabpfn": tabpfn,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--system", required=True, choices=SYSTEMS)
    parser.add_argument("--tables", required=True)
    parser.add_argument("--seed", type=int, default=1)
    found = parser.parse_args()
    warnings.filterwarnings("ignore")
    for table in found.tables.split(","):
        features, answers, folds = (
            np.load(found.folder / table / f"{part}.npy") for part in ("features", "answers", "folds")
        )
        scores, seconds = [], 0.0
        for fold in range(int(folds.max()) + 1):
            learnt, held = folds != fold, folds == fold
            model = SYSTEMS[found.system](answers.dtype == np.uint32, found.seed)
            start = time.perf_counter()
            model.fit(features[learnt], answers[learnt])
            seconds += time.perf_counter() - start
            scores.append(float(model.score(features[held], answers[held])))
        print(json.dumps({"table": table, "scores": scores, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
