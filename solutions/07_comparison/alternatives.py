"""Right solutions of notebook 07, written in other ways than the reference. Each must score full."""

ALTERNATIVES = {
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
        "one pass": """
def evidence_two_kinds(table):
    found = {}
    for row in table["translation"]:
        found.setdefault((row["model"], row["numbers"]), {})[row["draw"]] = row
    ours = found["encoder-decoder", 300]
    draws = sorted(ours)
    rivals = ["tied, widened"] + ONE_STACK
    gaps, p = {}, {}
    for name in rivals:
        theirs = found.get((name, 300), {})
        if sorted(theirs) != draws:
            raise ValueError(name)
        gaps[name] = [ours[draw]["test"] - theirs[draw]["test"] for draw in draws]
        p[name] = permutation_test(gaps[name], [0.0] * len(draws), paired=True)
    p = holm(p)
    chosen, highest = None, -math.inf
    for name in ONE_STACK:
        level = sum(found[name, 300][draw]["validation"] for draw in draws) / len(draws)
        if level > highest + 1e-12:
            chosen, highest = name, level
    size = max(numbers for model, numbers in found if model == "encoder-decoder")
    low, high = interval([row["test"] for row in found["encoder-decoder", size].values()])
    if low >= 0.95:
        serves = "holds"
    elif high < 0.95:
        serves = "fails"
    else:
        serves = "open"
    judged = verdict(serves, part(gaps["tied, widened"], p["tied, widened"], 0.01), part(gaps[chosen], p[chosen], 0.01))
    return mean(gaps[chosen]), interval(gaps[chosen]), judged
""",
        "numpy": """
def evidence_two_kinds(table):
    import numpy as np

    def column(model, numbers, which):
        rows = [row for row in table["translation"] if row["model"] == model and row["numbers"] == numbers]
        rows = sorted(rows, key=lambda row: row["draw"])
        return [row["draw"] for row in rows], np.array([row[which] for row in rows])

    draws, ours = column("encoder-decoder", 300, "test")
    tests = {}
    for rival in ["tied, widened", *ONE_STACK]:
        theirs, tests[rival] = column(rival, 300, "test")
        if theirs != draws:
            raise ValueError("draws")
    corrected = holm({r: permutation_test(ours.tolist(), t.tolist(), paired=True) for r, t in tests.items()})
    levels = [column(rival, 300, "validation")[1].mean() for rival in ONE_STACK]
    best = ONE_STACK[int(np.argmax(levels))]
    most = max(row["numbers"] for row in table["translation"] if row["model"] == "encoder-decoder")
    low, high = interval(column("encoder-decoder", most, "test")[1].tolist())
    serves = ["open", "holds", "fails"][int(low >= 0.95) + 2 * int(high < 0.95)]
    parts = [part((ours - tests[rival]).tolist(), corrected[rival], 0.01) for rival in ("tied, widened", best)]
    ahead = (ours - tests[best]).tolist()
    return sum(ahead) / len(ahead), interval(ahead), verdict(*parts, serves)
""",
    },
    "evidence_cut": {
        "one pass": """
def evidence_cut(table):
    stack, runs = {}, {}
    for row in table["text"]:
        if row["layers"] != 4 or row["cut"] == "random":
            continue
        if row["way"] == "one stack":
            stack[row["seed"]] = row["test"]
        elif row["way"] == "encoder-decoder":
            runs.setdefault((row["cut"], row["tested at"]), {})[row["seed"]] = row["test"]
    seeds = sorted(stack)
    if any(sorted(found) != seeds for found in runs.values()):
        raise ValueError("seeds")
    cuts = {cut for cut, _ in runs}
    if any((cut, cut) not in runs for cut in cuts):
        raise ValueError("own cut")
    costs = {cut: [runs[cut, cut][seed] - stack[seed] for seed in seeds] for cut in cuts}
    kinds = {
        part(cost, permutation_test([runs[cut, cut][s] for s in seeds], [stack[s] for s in seeds], paired=True), 0.02)
        for cut, cost in costs.items()
    }
    first = next(kind for kind in ("fails", "open", "holds") if kind in kinds)
    second = "holds"
    for (cut, at), found in runs.items():
        if at != cut:
            low, high = interval([found[seed] - runs[cut, cut][seed] for seed in seeds])
            if low > 0.05 or high < -0.05:
                second = "fails"
            elif (low < -0.05 or high > 0.05) and second == "holds":
                second = "open"
    lowest = sorted(costs.values(), key=mean)[0]
    return mean(lowest), interval(lowest), verdict(first, second)
""",
        "layers of one stack alone": """
def evidence_cut(table):
    def of(rows):
        return {row["seed"]: row["test"] for row in rows}

    def minus(ours, theirs):
        if set(ours) != set(theirs):
            raise ValueError("seeds")
        return [ours[seed] - theirs[seed] for seed in sorted(ours)]

    rows = table["text"]
    stack = of(r for r in rows if r["way"] == "one stack" and r["layers"] == 4)
    fixed = [r for r in rows if r["way"] == "encoder-decoder" and r["cut"] != "random"]
    costs, moved = {}, []
    for cut in {r["cut"] for r in fixed}:
        mine = [r for r in fixed if r["cut"] == cut]
        own = of(r for r in mine if r["tested at"] == cut)
        costs[cut] = minus(own, stack)
        for at in {r["tested at"] for r in mine} - {cut}:
            moved.append(interval(minus(of(r for r in mine if r["tested at"] == at), own)))
    judged = [part(cost, permutation_test(cost, [0] * len(cost), paired=True), 0.02) for cost in costs.values()]
    if "fails" in judged:
        costly = "fails"
    else:
        costly = "open" if "open" in judged else "holds"
    if all(-0.05 <= low and high <= 0.05 for low, high in moved):
        arbitrary = "holds"
    else:
        arbitrary = "fails" if any(low > 0.05 or high < -0.05 for low, high in moved) else "open"
    cheapest = min(costs.values(), key=mean)
    return mean(cheapest), interval(cheapest), verdict(costly, arbitrary)
""",
        "numpy": """
def evidence_cut(table):
    import numpy as np

    def of(way, cut, at):
        rows = [r for r in table["text"] if r["way"] == way and r["layers"] == 4 and r["cut"] == cut]
        rows = sorted((r["seed"], r["test"]) for r in rows if r["tested at"] == at)
        if way != "one stack" and [seed for seed, _ in rows] != seeds:
            raise ValueError(f"{cut} {at}")
        return [seed for seed, _ in rows], np.array([test for _, test in rows])

    seeds, stack = of("one stack", None, None)
    places = {
        (r["cut"], r["tested at"])
        for r in table["text"]
        if r["way"] == "encoder-decoder" and r["layers"] == 4 and isinstance(r["cut"], int)
    }
    cuts = sorted({cut for cut, _ in places})
    costs = [(of("encoder-decoder", cut, cut)[1] - stack).tolist() for cut in cuts]
    judged = [part(cost, permutation_test(cost, [0.0] * len(cost), paired=True), 0.02) for cost in costs]
    moved = np.array(
        [
            interval((of("encoder-decoder", cut, at)[1] - of("encoder-decoder", cut, cut)[1]).tolist())
            for cut, at in places
            if cut != at
        ]
    )
    if (abs(moved) <= 0.05).all():
        arbitrary = "holds"
    else:
        arbitrary = "fails" if ((moved > 0.05).all(axis=1) | (moved < -0.05).all(axis=1)).any() else "open"
    costly = "holds" if set(judged) == {"holds"} else "fails" if "fails" in judged else "open"
    cheapest = costs[int(np.argmin([mean(cost) for cost in costs]))]
    return mean(cheapest), interval(cheapest), verdict(costly, arbitrary)
""",
    },
}
