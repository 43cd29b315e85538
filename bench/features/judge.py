"""Accuracy of a support vector classifier on chosen features, as the literature on feature selection judges them.

    python3 judge.py ARRAYS.npz

The archive holds x_train, y_train, x_test and y_test. Features are standardised by the training samples; the classifier
is scikit-learn's SVC with its defaults (RBF kernel, C = 1). Prints the accuracy in percent.
"""

import sys

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

arrays = np.load(sys.argv[1])
scaler = StandardScaler().fit(arrays["x_train"].astype(np.float64))
train, test = (scaler.transform(arrays[name].astype(np.float64)) for name in ("x_train", "x_test"))
classifier = SVC(cache_size=1000).fit(train, arrays["y_train"])
print(100 * classifier.score(test, arrays["y_test"]))
