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
    "evidence_no_encoder_attention": {
        "counted in a loop": """
def evidence_no_encoder_attention(table):
    count = 0
    for parts in table["blocks"].values():
        for part in parts:
            if "cross" in part:
                count += 1
                break
    if count == 0:
        return count, "confirmed"
    return count, "refuted" if count == len(table["blocks"]) else "qualified"
""",
        "joined names": """
def evidence_no_encoder_attention(table):
    crossing = {block for block in table["blocks"] if "cross" in " ".join(table["blocks"][block])}
    return len(crossing), verdict(*[block not in crossing for block in table["blocks"]])
""",
    },
    "evidence_mask_alone": {
        "sorted": """
def evidence_mask_alone(table):
    rows = sorted(table["layers"], key=lambda row: row["difference"])
    alike = [row for row in rows if row["norms"] == "alike"][-1]["difference"]
    apart = [row for row in rows if row["norms"] == "apart"][-1]["difference"]
    return alike, verdict(alike == 0, apart == 0)
""",
        "sets": """
def evidence_mask_alone(table):
    found = {"alike": set(), "apart": set()}
    for row in table["layers"]:
        found[row["norms"]].add(row["difference"])
    return [max(found["alike"]), verdict(found["alike"] == {0.0}, found["apart"] == {0.0})]
""",
        "seed by seed": """
def evidence_mask_alone(table):
    seeds = {row["seed"] for row in table["layers"]}
    worst = {"alike": 0, "apart": 0}
    for seed in seeds:
        for row in table["layers"]:
            if row["seed"] == seed:
                worst[row["norms"]] = max(worst[row["norms"]], row["difference"])
    return worst["alike"], verdict(*(found == 0 for found in worst.values()))
""",
    },
    "evidence_one_at_a_time": {
        "a loop": """
def evidence_one_at_a_time(table):
    tokens = passes = 0
    holds = {"training": True, "generation": True}
    for row in table["passes"]:
        if row["task"] == "training":
            tokens += row["tokens"]
            passes += row["passes"]
        if row["tokens"] - row["passes"]:
            holds[row["task"]] = False
    return tokens / passes, verdict(*holds.values())
""",
        "differences": """
def evidence_one_at_a_time(table):
    def rows(task):
        return torch.tensor([[row["tokens"], row["passes"]] for row in table["passes"] if row["task"] == task])

    training, generation = rows("training"), rows("generation")
    tokens, passes = training.sum(dim=0)
    parts = [not (found[:, 0] - found[:, 1]).any() for found in (generation, training)]
    return (tokens / passes.double()).item(), verdict(*parts)
""",
    },
    "evidence_bert": {
        "torch": """
def evidence_bert(table):
    names = ["sees later", "each word blanked", "written from the left"]
    found = torch.tensor(
        [[row[name] for name in names] for row in table["texts"] if row["model"] == "BERT"], dtype=torch.float64
    )
    sees = (found[:, 0] == 1).all()
    blanked, left = ((found[:, 1:] - 1).abs() > 0.01).all(dim=0)
    return found[:, 1].mean(), verdict(sees, blanked, left)
""",
        "a loop": """
def evidence_bert(table):
    total, count, sees, blanked, left = 0.0, 0, True, True, True
    for row in table["texts"]:
        if row["model"] != "BERT":
            continue
        count += 1
        total += row["each word blanked"]
        sees = sees and row["sees later"] >= 1
        blanked = blanked and not 0.99 <= row["each word blanked"] <= 1.01
        left = left and not 0.99 <= row["written from the left"] <= 1.01
    return total / count, verdict(sees, blanked, left)
""",
        "by seed": """
def evidence_bert(table):
    found = {row["seed"]: row for row in table["texts"] if row["model"] == "BERT"}.values()
    off = {name: min(abs(row[name] - 1) for row in found) > 0.01 for name in ("each word blanked", "written from the left")}
    return mean(row["each word blanked"] for row in found), verdict(min(row["sees later"] for row in found) == 1, *off.values())
""",
    },
    "evidence_zero_context": {
        "sorted": """
def evidence_zero_context(table):
    rows = sorted(table["first word"], key=lambda row: row["context"])
    return rows[0]["context"], verdict(*[not row["context"] for row in rows])
""",
        "a shortest and a longest": """
def evidence_zero_context(table):
    lengths = [row["context"] for row in table["first word"]]
    shortest, longest = min(lengths), max(lengths)
    if longest == 0:
        return 0, "confirmed"
    return shortest, "refuted" if shortest > 0 else "qualified"
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
