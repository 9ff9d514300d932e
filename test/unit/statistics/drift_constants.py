"""The constants of drift.test.ts, by scipy and numpy. They share no code with statistics/drift.ts.

python3 -m venv /tmp/drift && /tmp/drift/bin/pip install scipy==1.17.1 numpy==2.4.6
/tmp/drift/bin/python test/unit/statistics/drift_constants.py > test/unit/statistics/drift-constants.json
"""

import json

import numpy as np
from scipy.spatial.distance import chebyshev, jensenshannon
from scipy.special import rel_entr
from scipy.stats import wasserstein_distance

random = np.random.default_rng(20010501)


def case(name, p, q, edges):
    p_counts, q_counts = np.asarray(p, dtype=np.int64), np.asarray(q, dtype=np.int64)
    edges = np.asarray(edges, dtype=np.float64)
    p_shares, q_shares = p_counts / p_counts.sum(), q_counts / q_counts.sum()
    middles = edges[:-1] / 2 + edges[1:] / 2
    p_filled = np.where(p_shares == 0, 1e-4, p_shares)
    q_filled = np.where(q_shares == 0, 1e-4, q_shares)
    return {
        "name": name,
        "p": p_counts.tolist(),
        "q": q_counts.tolist(),
        "edges": edges.tolist(),
        "jensenShannon": float(jensenshannon(p_shares, q_shares, base=2) ** 2),
        "lInfinity": float(chebyshev(p_shares, q_shares)),
        # The index is the sum of both relative entropies: each is sum(x ln(x / y)) here, of filled shares.
        "populationStabilityIndex": float(rel_entr(q_filled, p_filled).sum() + rel_entr(p_filled, q_filled).sum()),
        "wasserstein": float(wasserstein_distance(middles, middles, p_shares, q_shares)),
    }


def histograms(name, one, other, bins):
    edges = np.histogram_bin_edges(np.concatenate([one, other]), bins=bins)
    return case(name, np.histogram(one, edges)[0], np.histogram(other, edges)[0], edges)


cases = [
    case("equal", [10, 20, 30], [1, 2, 3], [0, 1, 2, 3]),
    case("disjoint", [5, 0], [0, 7], [0, 1, 2]),
    case("one bin", [5], [7], [3, 3]),
    case("a bin that empties", [10, 20, 70], [0, 20, 80], [-5, 0, 5, 10]),
    case("few against many", [1, 0, 2], [10**12, 10**12, 1], [1e-300, 1e-299, 1e-298, 1e-297]),
    histograms("normal, moved", random.normal(0, 1, 5000), random.normal(0.5, 1, 4000), 10),
    histograms("exponential, scaled", random.exponential(8, 3000), 1.5 * random.exponential(8, 3000), 20),
    histograms("uniform, 50 bins", random.uniform(-1, 1, 999), random.uniform(-1, 1, 1001), 50),
]
print(json.dumps(cases, indent=1))
