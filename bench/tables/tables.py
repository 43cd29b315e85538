"""The tables of the comparison: scikit-learn's own, made-up ones of many shapes, and those of a data folder.

`python tables.py FOLDER --seed 1 [--data-dir DIR] [--only NAME,…]` writes each table to FOLDER/NAME: features.npy
(float32, `[rows, columns]`), answers.npy (uint32 classes or float32 targets) and folds.npy (uint32, the fold of each
row), and prints one line of JSON a table; a table whose data are missing prints why.
"""

import argparse
import gzip
import json
import pathlib
from collections.abc import Callable

import numpy as np
from sklearn import datasets as sk
from sklearn.model_selection import KFold, StratifiedKFold

FOLDS = 5

Table = tuple[np.ndarray, np.ndarray, str]


def classes(features: np.ndarray, labels: np.ndarray) -> Table:
    return features, np.unique(labels, return_inverse=True)[1], "classification"


def numbers(features: np.ndarray, targets: np.ndarray) -> Table:
    return features, targets, "regression"


def made(rows: int, columns: int, **options: object) -> Callable[[int], Table]:
    """Classes of clusters at the corners of a cube."""

    def make(seed: int) -> Table:
        return classes(*sk.make_classification(rows, columns, random_state=seed, **options))

    return make


def expression(rows: int, columns: int, count: int, modules: int, effect: float) -> Callable[[int], Table]:
    """Like gene expressions: columns in correlated modules, some of which are shifted by the class; skewed scales."""

    def make(seed: int) -> Table:
        random = np.random.default_rng(seed)
        labels = np.arange(rows) % count
        factors = random.normal(size=(rows, modules))
        shifted = random.choice(modules, max(2, modules // 8), replace=False)
        factors[:, shifted] += effect * random.normal(size=(count, len(shifted)))[labels]
        module = random.integers(modules, size=columns)
        loading = random.uniform(0.2, 1, columns) * random.choice([-1, 1], columns)
        noise = random.normal(size=(rows, columns))
        batch = random.normal(size=(rows, 2)) @ random.normal(scale=0.4, size=(2, columns))
        level = factors[:, module] * loading + noise + batch
        return classes(random.lognormal(0, 1, columns) * np.exp(0.5 * level), labels)

    return make


def spectra(rows: int, columns: int, count: int, peaks: int, effect: float) -> Callable[[int], Table]:
    """Like spectra: sums of smooth peaks whose heights vary, on a baseline that drifts; some peaks follow the class."""

    def make(seed: int) -> Table:
        random = np.random.default_rng(seed)
        labels = np.arange(rows) % count
        place = np.linspace(0, 1, columns)
        centres, widths = random.uniform(size=peaks), random.uniform(0.005, 0.08, peaks)
        shapes = np.exp(-0.5 * ((place - centres[:, None]) / widths[:, None]) ** 2)
        heights = 1 + 0.3 * random.normal(size=(rows, peaks))
        telling = random.choice(peaks, max(2, peaks // 6), replace=False)
        heights[:, telling] += effect * random.normal(size=(count, len(telling)))[labels]
        drift = random.normal(size=(rows, 3)) @ np.stack([np.ones(columns), place, place**2])
        gain = random.lognormal(0, 0.1, (rows, 1))
        return classes(gain * (heights @ shapes + 0.5 * drift) + 0.02 * random.normal(size=(rows, columns)), labels)

    return make


def letters(rows: int) -> Callable[[int], Table]:
    """Like letters in many fonts: 26 classes of 20 bent clusters each, 16 whole numbers from 0 to 15."""

    def make(seed: int) -> Table:
        random = np.random.default_rng(seed)
        count, fonts, width, warps = 26, 20, 16, 4
        shape = random.normal(size=(count, 1, width)) * 0.6 + 0.9 * random.normal(size=(count, fonts, width))
        labels = np.arange(rows) % count
        font = random.integers(fonts, size=rows)
        bend = random.normal(size=(count, warps, width)) * 0.5
        warp = random.normal(size=(rows, warps))
        warp[:, 2:] = warp[:, :2] ** 2 - 1
        level = shape[labels, font] + np.einsum("rw,rwc->rc", warp, bend[labels])
        level += 0.3 * random.normal(size=(rows, width))
        return classes(np.clip(np.round(7.5 + 2.6 * level), 0, 15), labels)

    return make


def binary(rows: int, columns: int) -> Callable[[int], Table]:
    """Inputs of 0 and 1 alone, most of them rarely 1."""

    def make(seed: int) -> Table:
        features, labels = sk.make_classification(
            rows, columns, n_informative=columns // 3, n_redundant=columns // 3, random_state=seed
        )
        share = np.random.default_rng(seed).beta(0.6, 1.8, columns)
        least = np.array([np.quantile(column, 1 - part) for column, part in zip(features.T, share)])
        return classes((features > least).astype(float), labels)

    return make


def regression(rows: int, columns: int, **options: object) -> Callable[[int], Table]:
    def make(seed: int) -> Table:
        return numbers(*sk.make_regression(rows, columns, random_state=seed, **options))

    return make


def shipped(load: Callable[..., tuple[np.ndarray, np.ndarray]], wrap: Callable[..., Table]) -> Callable[[int], Table]:
    return lambda _: wrap(*load(return_X_y=True))


MADE = {
    "iris": shipped(sk.load_iris, classes),
    "wine": shipped(sk.load_wine, classes),
    "breast-cancer": shipped(sk.load_breast_cancer, classes),
    "digits": shipped(sk.load_digits, classes),
    "diabetes": shipped(sk.load_diabetes, numbers),
    "few-rows": made(80, 12, n_informative=6, n_classes=3, n_clusters_per_class=1),
    "clusters": made(2000, 20, n_informative=10, n_classes=4, n_clusters_per_class=2),
    "noisy": made(1000, 50, n_informative=6, n_redundant=6, flip_y=0.1),
    "unbalanced": made(2000, 20, n_informative=6, weights=[0.95], flip_y=0, class_sep=0.8),
    "many-classes": made(3000, 30, n_informative=20, n_classes=20, n_clusters_per_class=1, class_sep=1.5),
    "binary": binary(1200, 60),
    "wide-cube": made(150, 3000, n_informative=40, n_redundant=400, class_sep=2, n_clusters_per_class=1),
    "expression-60": expression(60, 2000, 2, 60, 1.0),
    "expression-100": expression(100, 5000, 4, 120, 0.9),
    "expression-200": expression(200, 10000, 5, 200, 0.7),
    "spectra-80": spectra(80, 2000, 3, 30, 0.35),
    "spectra-180": spectra(180, 4000, 6, 50, 0.45),
    "letter-like": letters(20000),
    "moons": lambda seed: classes(*sk.make_moons(500, noise=0.25, random_state=seed)),
    "circles": lambda seed: classes(*sk.make_circles(500, noise=0.12, factor=0.6, random_state=seed)),
    "blobs": lambda seed: classes(*sk.make_blobs(300, 10, centers=6, cluster_std=4, random_state=seed)),
    "quantiles": lambda seed: classes(
        *sk.make_gaussian_quantiles(n_samples=1500, n_features=10, n_classes=3, random_state=seed)
    ),
    "hastie": lambda seed: classes(*sk.make_hastie_10_2(4000, random_state=seed)),
    "friedman-1": lambda seed: numbers(*sk.make_friedman1(600, 12, noise=1, random_state=seed)),
    "friedman-2": lambda seed: numbers(*sk.make_friedman2(400, noise=60, random_state=seed)),
    "linear": regression(300, 30, n_informative=10, noise=40),
    "linear-wide": regression(120, 1500, n_informative=40, effective_rank=8, tail_strength=0.1, noise=0.5),
    "roll": lambda seed: numbers(*sk.make_swiss_roll(1500, noise=0.5, random_state=seed)),
}


def a9a(folder: pathlib.Path, random: np.random.Generator) -> Table:
    with gzip.open(folder / "a9a" / "a9a.gz") as file:
        return classes(*some(4000, random, *(part if at else part.toarray() for at, part in enumerate(sk.load_svmlight_file(file, n_features=123)))))


def higgs(folder: pathlib.Path, random: np.random.Generator) -> Table:
    rows = np.loadtxt(folder / "higgs" / "higgs_train_10k.csv", delimiter=",", skiprows=1, dtype=np.float32)
    return classes(*some(5000, random, rows[:, 1:], rows[:, 0]))


def madelon(folder: pathlib.Path, _: np.random.Generator) -> Table:
    root = folder / "madelon"
    return classes(np.loadtxt(root / "madelon_train.data"), np.loadtxt(root / "madelon_train.labels"))


def mnist(folder: pathlib.Path, random: np.random.Generator) -> Table:
    with gzip.open(folder / "mnist" / "train-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(folder / "mnist" / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return classes(*some(2000, random, images, labels))


READ = {"a9a": a9a, "higgs": higgs, "madelon": madelon, "mnist-2000": mnist}


def some(count: int, random: np.random.Generator, features: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """So many rows, drawn without replacement."""
    rows = random.permutation(len(answers))[:count]
    return features[rows], answers[rows]


def folds_of(answers: np.ndarray, task: str, seed: int) -> np.ndarray:
    """The fold of each row: the same for every system."""
    kind = StratifiedKFold if task == "classification" else KFold
    folds = np.zeros(len(answers), np.uint32)
    for fold, (_, held) in enumerate(kind(FOLDS, shuffle=True, random_state=seed).split(answers, answers)):
        folds[held] = fold
    return folds


def write(folder: pathlib.Path, name: str, table: Table, seed: int) -> None:
    features, answers, task = table
    is_class = task == "classification"
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    np.save(path / "features.npy", np.ascontiguousarray(features, np.float32))
    np.save(path / "answers.npy", answers.astype(np.uint32 if is_class else np.float32))
    np.save(path / "folds.npy", folds_of(answers, task, seed))
    line = {"table": name, "task": task, "rows": len(answers), "columns": features.shape[1]}
    print(json.dumps({**line, "classes": int(answers.max()) + 1 if is_class else 0}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--only", default="")
    found = parser.parse_args()
    wanted = found.only.split(",") if found.only else [*MADE, *READ]
    for name in wanted:
        if name in MADE:
            write(found.folder, name, MADE[name](found.seed), found.seed)
            continue
        if name not in READ:
            raise SystemExit(f'Cannot make the table "{name}": the tables are {", ".join([*MADE, *READ])}')
        try:
            if found.data_dir is None:
                raise FileNotFoundError("no --data-dir was given")
            table = READ[name](found.data_dir, np.random.default_rng(found.seed))
        except OSError as cause:
            print(json.dumps({"table": name, "missing": str(cause)}), flush=True)
            continue
        write(found.folder, name, table, found.seed)


if __name__ == "__main__":
    main()
