"""The constants of output-statistics.test.ts, by scipy and numpy, from the formulas of its rows.

python3 -m venv /tmp/drift && /tmp/drift/bin/pip install scipy==1.17.1 numpy==2.4.6
/tmp/drift/bin/python test/integration/statistics/output_constants.py > test/integration/statistics/output-constants.json
"""

import json
from collections import Counter

import numpy as np
from scipy.spatial.distance import chebyshev, jensenshannon
from scipy.special import rel_entr
from scipy.stats import wasserstein_distance

ROWS = range(200)
CITIES = ["Rome", "Bern", "Oslo"]

january = np.array([i * 37 % 101 / 4 for i in ROWS])
february = np.array([i * 53 % 97 / 3 for i in ROWS if i % 50 != 0])
january_cities = [CITIES[i % 3] for i in ROWS]
february_cities = ["Oslo" if i % 5 == 0 else "Rome" for i in ROWS]
first = np.array([2 * i + 3 - 1 for i in range(100)], dtype=float)
second = np.array([2 * (i * i / 50) + 3 - 1 for i in range(80)], dtype=float)


def statistics(values):
    return {
        "mean": float(values.mean()),
        "standardDeviation": float(values.std()),
        "median": float(np.quantile(values, 0.5, method="inverted_cdf")),
        "histogram": np.histogram(values, bins=10)[0].tolist(),
    }


def numbers(baseline, values):
    edges = np.histogram_bin_edges(np.concatenate([baseline, values]), bins=10)
    p, q = (np.histogram(of, edges)[0] / len(of) for of in (baseline, values))
    p_filled, q_filled = (np.where(shares == 0, 1e-4, shares) for shares in (p, q))
    middles = edges[:-1] / 2 + edges[1:] / 2
    return {
        "JENSEN_SHANNON": float(jensenshannon(p, q, base=2) ** 2),
        "L_INFINITY": float(chebyshev(p, q)),
        "POPULATION_STABILITY_INDEX": float(rel_entr(q_filled, p_filled).sum() + rel_entr(p_filled, q_filled).sum()),
        "WASSERSTEIN": float(wasserstein_distance(middles, middles, p, q)),
    }


def categories(baseline, values):
    names = sorted({*baseline, *values})
    p, q = ([Counter(of)[name] / len(of) for name in names] for of in (baseline, values))
    return float(chebyshev(p, q))


print(
    json.dumps(
        {
            "trainingSet": statistics(january),
            "predictions": statistics(first),
            "serving": numbers(january, february),
            "servingCity": categories(january_cities, february_cities),
            "jobs": numbers(first, second),
        },
        indent=1,
    )
)
