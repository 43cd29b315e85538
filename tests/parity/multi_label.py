"""Numbers for multi_label_metrics_test.ts, computed by scikit-learn: python3 multi_label.py"""

import json

import numpy
from sklearn import metrics

# Eighths, which 32-bit floats hold; the ties are meant.
PROBABILITIES = numpy.array(
    [
        [7, 1, 4, 2],
        [5, 6, 4, 1],
        [2, 5, 3, 1],
        [6, 2, 7, 3],
        [5, 7, 1, 2],
        [1, 6, 6, 1],
        [3, 3, 5, 4],
        [6, 1, 2, 1],
    ]
) / 8
TARGETS = numpy.array(
    [
        [1, 0, 0, 0],
        [1, 1, 1, 0],
        [0, 0, 0, 0],
        [0, 0, 1, 1],
        [1, 1, 0, 0],
        [0, 1, 1, 0],
        [1, 0, 1, 1],
        [1, 0, 0, 0],
    ]
)
WEIGHTS = numpy.array([1, 2, 0.5, 3, 1, 1, 0.25, 4])


def measured(weights):
    predicted = (PROBABILITIES > 0.5).astype(int)
    how = {"sample_weight": weights}
    found = {
        "accuracy": metrics.accuracy_score(TARGETS, predicted, **how),
        "hammingLoss": metrics.hamming_loss(TARGETS, predicted, **how),
    }
    scores = {
        "Precision": metrics.precision_score,
        "Recall": metrics.recall_score,
        "F1": metrics.f1_score,
    }
    for average in ("micro", "macro"):
        for name, score in scores.items():
            found[average + name] = score(TARGETS, predicted, average=average, zero_division=0, **how)
    found["rocAuc"] = metrics.roc_auc_score(TARGETS, PROBABILITIES, average="macro", **how)
    found["meanAveragePrecision"] = metrics.average_precision_score(
        TARGETS, PROBABILITIES, average="macro", **how
    )
    columns = range(TARGETS.shape[1])
    losses = [metrics.log_loss(TARGETS[:, label], PROBABILITIES[:, label], **how) for label in columns]
    found["logLoss"] = float(numpy.mean(losses))
    each = {
        name: score(TARGETS, predicted, average=None, zero_division=0, **how)
        for name, score in (("precision", scores["Precision"]), ("recall", scores["Recall"]), ("f1", scores["F1"]))
    }
    each["rocAuc"] = metrics.roc_auc_score(TARGETS, PROBABILITIES, average=None, **how)
    each["averagePrecision"] = metrics.average_precision_score(TARGETS, PROBABILITIES, average=None, **how)
    each["logLoss"] = numpy.array(losses)
    each["confusion"] = metrics.multilabel_confusion_matrix(TARGETS, predicted, **how)
    found["labels"] = [
        {name: values[label].tolist() for name, values in each.items()} for label in columns
    ]
    return found


print(json.dumps({"plain": measured(None), "weighed": measured(WEIGHTS)}, indent=2))
