"""The constants of backtest.test.ts, by scikit-learn and scipy, from the formulas of its rows.

python3 -m venv /tmp/drift && /tmp/drift/bin/pip install scipy==1.17.1 numpy==2.4.6 scikit-learn==1.7.2
/tmp/drift/bin/python test/integration/backtests/metric_constants.py > test/integration/backtests/metric-constants.json
"""

import json

import numpy as np
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    precision_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
)

# 40 rows a week, three weeks.
a = np.array([i * 7 % 23 / 2 for i in range(120)])
b = np.array([i % 5 for i in range(120)], dtype=float)
score = 2 * a + 3 * b - 1
actual = np.array([i * 11 % 37 for i in range(120)], dtype=float)
probability = (np.array([i * 13 % 20 for i in range(120)]) + 0.5) / 20
happened = np.array([i * 3 % 7 < 3 for i in range(120)]).astype(int)


def week(number):
    rows = slice(40 * number, 40 * number + 40)
    p, t, chance, truth = score[rows], actual[rows], probability[rows], happened[rows]
    edges = np.histogram_bin_edges(np.concatenate([a[:40], a[rows]]), bins=10)
    shares = [np.histogram(of, edges)[0] / 40 for of in (a[:40], a[rows])]
    return {
        "meanAbsoluteError": float(mean_absolute_error(t, p)),
        "rootMeanSquaredError": float(root_mean_squared_error(t, p)),
        "bias": float((p - t).mean()),
        "accuracy": float(accuracy_score(truth, chance >= 0.6)),
        "logLoss": float(log_loss(truth, chance)),
        "areaUnderRocCurve": float(roc_auc_score(truth, chance)),
        "precision": float(precision_score(truth, chance >= 0.6)),
        "recall": float(recall_score(truth, chance >= 0.6)),
        "driftOfA": float(jensenshannon(*shares, base=2) ** 2),
    }


print(json.dumps([week(number) for number in range(3)], indent=1))
