"""Right solutions of notebook 07, written in other ways than the reference. Each must score full."""

ALTERNATIVES = {
    "supervised_fraction": {
        "a count": """
def supervised_fraction(objective, length, cut=None, probability=0.15):
    if objective == "causal":
        asked = length
    elif objective == "masked":
        asked = probability * length
    elif objective == "encoder-decoder":
        if cut is None:
            raise ValueError("no cut")
        if cut < 0 or cut > length:
            raise ValueError("outside")
        asked = length - cut
    else:
        raise ValueError(objective)
    return asked / length
""",
        "a dict, and a whole number where it is one": """
def supervised_fraction(objective, length, cut=None, probability=0.15):
    if objective not in ["causal", "masked", "encoder-decoder"]:
        raise ValueError
    if objective == "encoder-decoder" and (cut is None or cut not in range(length + 1)):
        raise ValueError
    return {
        "causal": lambda: 1,
        "masked": lambda: probability,
        "encoder-decoder": lambda: len(range(cut, length)) / length,
    }[objective]()
""",
    },
    "best_by_validation": {
        "groups and tuples": """
def best_by_validation(runs):
    groups = {}
    for run in runs:
        groups.setdefault(run["rate"], []).append(run["validation"])
    candidates = [
        (sum(found) / len(found), rate)
        for rate, found in groups.items()
        if not any(math.isinf(v) or math.isnan(v) for v in found)
    ]
    if not candidates:
        raise ValueError("nothing left")
    rate = min(candidates)[1]
    return [run for run in runs if run["rate"] == rate]
""",
        "numpy": """
def best_by_validation(runs):
    import numpy as np

    rates = np.array([run["rate"] for run in runs])
    values = np.array([run["validation"] for run in runs])
    different = np.unique(rates)
    if len(different) == 0:
        raise ValueError
    means = np.array([values[rates == rate].mean() for rate in different])
    means[~np.isfinite(means)] = np.inf
    if np.isinf(means).all():
        raise ValueError
    best = different[means.argmin()]
    return list(filter(lambda run: run["rate"] == best, runs))
""",
        "one after the other": """
def best_by_validation(runs):
    best, lowest = None, math.inf
    for rate in sorted(set(run["rate"] for run in runs)):
        values = torch.tensor([run["validation"] for run in runs if run["rate"] == rate], dtype=torch.float64)
        if values.isfinite().all() and values.mean() < lowest:
            best, lowest = rate, values.mean()
    if best is None:
        raise ValueError
    return tuple(run for run in runs if run["rate"] == best)
""",
    },
    "interval": {
        "numpy": """
def interval(values, level=0.95):
    import numpy as np

    if not (0 < level < 1) or len(values) < 2:
        raise ValueError(level)
    array = np.asarray(values, dtype=float)
    half = t_quantile(0.5 + level / 2, len(array) - 1) * array.std(ddof=1) / len(array) ** 0.5
    return tuple(array.mean() + sign * half for sign in (-1, 1))
""",
        "sums": """
def interval(values, level=0.95):
    n = len(values)
    if n <= 1 or level <= 0 or level >= 1:
        raise ValueError("no interval")
    middle = sum(values) / n
    variance = sum((value - middle) ** 2 for value in values) / (n - 1)
    lower = t_quantile((1 - level) / 2, n - 1)
    return middle + lower * math.sqrt(variance / n), middle - lower * math.sqrt(variance / n)
""",
        "torch": """
def interval(values, level=0.95):
    if len(values) < 2 or not 0.0 < level < 1.0:
        raise ValueError("two values, and a level between 0 and 1")
    x = torch.tensor(values, dtype=torch.float64)
    error = (x.var() / len(x)).sqrt()
    half = t_quantile(1 - (1 - level) / 2, len(x) - 1) * error
    return (x.mean() - half).item(), (x.mean() + half).item()
""",
    },
    "permutation_test": {
        "numpy": """
def permutation_test(ours, theirs, paired=False):
    import itertools

    import numpy as np

    a, b = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    if a.size == 0 or b.size == 0 or paired and a.size != b.size:
        raise ValueError("lists do not fit")
    if paired:
        signs = np.array(list(itertools.product([-1, 1], repeat=a.size)))
        found = np.abs((signs * (a - b)).mean(axis=1))
    else:
        both = np.concatenate([a, b])
        rows = np.array(list(itertools.combinations(range(both.size), a.size)))
        first = both[rows].sum(axis=1)
        found = np.abs(first / a.size - (both.sum() - first) / b.size)
    limit = abs(a.mean() - b.mean()) - 1e-9 * max(np.abs(a).max(), np.abs(b).max())
    return float((found >= limit).mean())
""",
        "swapping pairs": """
def permutation_test(ours, theirs, paired=False):
    import itertools

    def difference(one, other):
        return abs(mean(one) - mean(other))

    if len(ours) == 0 or len(theirs) == 0:
        raise ValueError("empty")
    largest = max(abs(value) for value in list(ours) + list(theirs))
    observed, count, total = difference(ours, theirs), 0, 0
    if paired:
        if len(ours) != len(theirs):
            raise ValueError("no pairs")
        for swaps in itertools.product([False, True], repeat=len(ours)):
            one = [y if swap else x for swap, x, y in zip(swaps, ours, theirs)]
            other = [x if swap else y for swap, x, y in zip(swaps, ours, theirs)]
            total += 1
            count += difference(one, other) >= observed - 1e-9 * largest
    else:
        both = list(ours) + list(theirs)
        for chosen in itertools.combinations(range(len(both)), len(ours)):
            one = [both[i] for i in chosen]
            other = [both[i] for i in range(len(both)) if i not in chosen]
            total += 1
            count += difference(one, other) >= observed - 1e-9 * largest
    return count / total
""",
        "half of the signs": """
def permutation_test(ours, theirs, paired=False):
    from itertools import combinations, product

    n, m = len(ours), len(theirs)
    if min(n, m) < 1 or (paired and n != m):
        raise ValueError("lists")
    both = torch.tensor([*ours, *theirs], dtype=torch.float64)
    if paired:
        signs = torch.tensor([(1, *rest) for rest in product((1, -1), repeat=n - 1)], dtype=torch.float64)
        found = signs @ (both[:n] - both[n:]) / n
    else:
        rows = torch.tensor(list(combinations(range(n + m), m)))
        second = both[rows].sum(dim=1)
        found = (both.sum() - second) / n - second / m
    observed = (both[:n].mean() - both[n:].mean()).abs()
    return (found.abs() >= observed - 1e-9 * both.abs().max()).double().mean().item()
""",
    },
    "serving_cost": {
        "turn by turn": """
def serving_cost(architecture, layers, d_model, source, answer, turns=1):
    if architecture not in ("GPT-2", "encoder-decoder"):
        raise ValueError(architecture)
    computed = chat = cached = 0
    for turn in range(turns):
        chat += source
        if architecture == "GPT-2":
            unread = source + (turn > 0)
            computed += (unread + answer - 1) * layers
            cached += (unread + answer - 1) * layers * d_model * 2
        else:
            computed += (chat + answer) * layers // 2
            cached = (chat + answer) * d_model * layers
        chat += answer
    return computed, cached
""",
        "sums of a series": """
def serving_cost(architecture, layers, d_model, source, answer, turns=1):
    if architecture == "GPT-2":
        cost = layers * (turns * (source + answer) - 1)
        return cost, cost * 2 * d_model
    elif architecture != "encoder-decoder":
        raise ValueError("unknown")
    series = turns * (turns + 1) // 2
    return layers // 2 * (series * (source + answer)), layers * d_model * turns * (source + answer)
""",
    },
    "evidence_two_kinds": {
        "numpy": """
def evidence_two_kinds(table):
    import numpy as np

    runs = table["translation"]
    most = sorted(run["numbers"] for run in runs)[-1]

    def tests(way):
        return np.array(
            [run["test"] for run in runs if (run["way"], run["layers"], run["numbers"]) == (way, 4, most)]
        )

    theirs = tests("encoder-decoder")
    best = max(tests(way).mean() for way in ONE_TEXT)
    others = np.concatenate([tests(way) for way in ONE_TEXT])
    return theirs.mean() - best, verdict(theirs.mean() >= 0.95, bool((theirs[:, None] > others).all()))
""",
        "in single precision": """
def evidence_two_kinds(table):
    most = max(run["numbers"] for run in table["translation"])

    def tests(way):
        runs = [run for run in table["translation"] if run["way"] == way and run["layers"] == 4]
        return torch.tensor([run["test"] for run in runs if run["numbers"] == most])

    theirs, others = tests("encoder-decoder"), [tests(way) for way in ONE_TEXT]
    lead = theirs.mean() - max(found.mean() for found in others)
    return lead.item(), verdict(theirs.mean().item() >= 0.95, bool(theirs.min() > torch.cat(others).max()))
""",
        "by way": """
def evidence_two_kinds(table):
    from collections import defaultdict

    most = max(run["numbers"] for run in table["translation"])
    ways = defaultdict(list)
    for run in table["translation"]:
        if run["layers"] == 4 and run["numbers"] == most:
            ways[run["way"]].append(run["test"])
    ways.pop("no encoder layers", None)
    theirs = ways.pop("encoder-decoder")
    average = sum(theirs) / len(theirs)
    best = max(sum(tests) / len(tests) for tests in ways.values())
    return average - best, verdict(average >= 0.95, all(min(theirs) > test for tests in ways.values() for test in tests))
""",
    },
    "evidence_cut": {
        "cut by cut": """
def evidence_cut(table):
    runs = [run for run in table["text"] if run["way"] == "encoder-decoder" and run["cut"] != "random"]
    losses, lowest = [], math.inf
    for cut in sorted({run["cut"] for run in runs}):
        own = {run["seed"]: run["test"] for run in runs if run["cut"] == cut == run["tested at"]}
        for run in runs:
            if run["cut"] == cut and run["tested at"] != cut:
                losses.append(run["test"] - own[run["seed"]])
        lowest = min(lowest, mean(own.values()))
    stack = mean(run["test"] for run in table["text"] if run["way"] == "one stack" and run["layers"] == 4)
    return mean(losses), verdict(all(loss > 0.05 for loss in losses), stack < lowest)
""",
        "every pair of runs": """
def evidence_cut(table):
    mine, stack = [], []
    for run in table["text"]:
        if run["way"] == "one stack" and run["layers"] == 4:
            stack.append(run["test"])
        elif run["way"] == "encoder-decoder" and isinstance(run["cut"], int):
            mine.append(run)
    at_own = [run for run in mine if run["tested at"] == run["cut"]]
    losses = [
        run["test"] - own["test"]
        for own in at_own
        for run in mine
        if (run["seed"], run["cut"]) == (own["seed"], own["cut"]) and run is not own
    ]
    by_cut = {}
    for own in at_own:
        by_cut.setdefault(own["cut"], []).append(own["test"])
    average = sum(stack) / len(stack)
    better = all(average < sum(tests) / len(tests) for tests in by_cut.values())
    return sum(losses) / len(losses), verdict(not any(loss <= 0.05 for loss in losses), better)
""",
    },
}
