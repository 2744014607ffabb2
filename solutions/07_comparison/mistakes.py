"""Mistakes that students make in notebook 07. Each is one replacement in the reference solution, or a whole solution."""

from autograder.authoring import Mistake

FOUND = 'mean(run["validation"] for run in runs if run["rate"] == rate)'
FINITE = "if math.isfinite(found):"
NONE_LEFT = "if not means:"
CHOSEN = 'return [run for run in runs if run["rate"] == best]'
MEANS = "    means = {}\n"

# torch's argmin and numpy's find the first nan, if there is one
BY_ARGMIN = """
def best_by_validation(runs):
    rates = sorted({run["rate"] for run in runs})
    if not rates:
        raise ValueError("no run")
    means = torch.tensor([mean(run["validation"] for run in runs if run["rate"] == rate) for rate in rates], dtype=torch.float64)
    return [run for run in runs if run["rate"] == rates[int(means.argmin())]]
"""

ENDS = "return mean(values) - half, mean(values) + half"

TOLERANCE = "1e-9 * max(map(abs, both))"
ENOUGH = "abs(difference) >= enough"
SHARE = f"return sum({ENOUGH} for difference in found) / len(found)"
AS_SIGNED = "difference * (1 if found[0] >= 0 else -1) >= enough"
# Which ties are lost without a tolerance depends on how differences are computed.
TIES = """
def permutation_test(ours, theirs, paired=False):
    if len(ours) == 0 or len(theirs) == 0 or paired and len(ours) != len(theirs):
        raise ValueError("lists do not fit")

    def difference(one, other):
        return abs(AVERAGE(one) - AVERAGE(other))

    found = []
    if paired:
        for swaps in product((False, True), repeat=len(ours)):
            pairs = [(y, x) if swap else (x, y) for swap, x, y in zip(swaps, ours, theirs)]
            found.append(difference([x for x, _ in pairs], [y for _, y in pairs]))
    else:
        both = [*ours, *theirs]
        for chosen in combinations(range(len(both)), len(ours)):
            others = [both[i] for i in range(len(both)) if i not in chosen]
            found.append(difference([both[i] for i in chosen], others))
    observed = difference(ours, theirs)
    return sum(each >= observed for each in found) / len(found)
"""

READ = "turns * (source + answer) - 1"
GPT2_COMPUTED = "return layers * read, 2"
CHAT = "turn * source + (turn - 1) * answer"
COMPUTED = "sum(chat + answer for chat in chats)"
KEPT = "kept = chats[-1] + answer"
BOTH_COUNTS = f"{COMPUTED}\n        {KEPT}"
WITHOUT_LAYERS = """
def serving_cost(architecture, layers, d_model, source, answer, turns=1):
    if architecture == "GPT-2":
        read = turns * (source + answer) - 1
        return read, 2 * d_model * layers * read
    if architecture == "encoder-decoder":
        chats = [turn * source + (turn - 1) * answer for turn in range(1, turns + 1)]
        return sum(chats) + turns * answer, 2 * d_model * (layers // 2) * (chats[-1] + answer)
    raise ValueError(architecture)
"""

PAIRED = "permutation_test(list(ours.values()), [theirs[draw] for draw in ours], paired=True)"
DIFFERENCES = f"differences[rival] = [ours[draw] - theirs[draw] for draw in ours]\n        p_values[rival] = {PAIRED}"
SHARES = 'low, high = interval(list(shares("encoder-decoder", most).values()))'
SERVES = '"holds" if low >= 0.95 else "fails" if high < 0.95 else "open"'
SAME_DRAWS = "if theirs.keys() != ours.keys():"
LEAD = "return mean(differences[best]), interval(differences[best])"

COST = 'minus(bits("encoder-decoder", cut, cut), one_stack)'
COST_P = "permutation_test(cost, [0.0] * len(cost), paired=True)"
COSTLY = '"fails" if "fails" in found else "open" if "open" in found else "holds"'
MOVE = 'minus(bits("encoder-decoder", cut, at), bits("encoder-decoder", cut, cut))'
ARBITRARY = '"holds" if within else "fails" if outside else "open"'
CHEAPEST = "cheapest = min(cuts, key=lambda cut: mean(costs[cut]))"
CUTS = 'cuts = sorted({row["cut"] for row in fixed})'
SAME_SEEDS = "if ours.keys() != theirs.keys():"
JUDGED = f"part(cost, {COST_P}, 0.02) for cost in costs.values()"
LIMITS = """within = all(low >= -0.05 and high <= 0.05 for low, high in moved)
    outside = any(high < -0.05 or low > 0.05 for low, high in moved)"""

QUANTILE = "t_quantile((1 + level) / 2, len(values) - 1)"

MISTAKES = [
    # best_by_validation
    Mistake(
        "chosen by the test", "best_by_validation", replace='run["validation"]', by='run["test"]',
        says="You choose the rate by the test, and so the test is no test any more. By what is chosen?",
    ),
    Mistake(
        "the highest is the best", "best_by_validation", replace="best = min(", by="best = max(",
        says="You take the rate with the highest validation. It is a loss: what is better, lower or higher?",
    ),
    Mistake(
        "the best single run", "best_by_validation", replace=FOUND, by=FOUND.replace("mean(", "min(") + ' if all(math.isfinite(run["validation"]) for run in runs if run["rate"] == rate) else math.inf',
        also=[(FOUND, 'min((run["validation"] for run in runs if run["rate"] == rate and math.isfinite(run["validation"])), default=math.inf)')],
        says="You take the rate of the best single run, and such a run is luck. What is taken over all runs of a rate?",
    ),
    Mistake(
        "the worst single run", "best_by_validation", replace=FOUND, by=FOUND.replace("mean(", "max(") + ' if all(math.isfinite(run["validation"]) for run in runs if run["rate"] == rate) else math.inf',
        says="You compare the worst run of each rate. What is taken over all runs of a rate?",
    ),
    Mistake(
        "the sum over the runs", "best_by_validation", replace=FOUND, by=FOUND.replace("mean(", "sum("),
        says="You add up the validations of a rate, so that one with fewer runs looks better. What makes them comparable?",
    ),
    Mistake(
        "the median of the runs", "best_by_validation", replace=FOUND, by='sorted(run["validation"] if math.isfinite(run["validation"]) else math.inf for run in runs if run["rate"] == rate)[sum(run["rate"] == rate for run in runs) // 2]',
        also=[("found = mean(", 'if any(run["rate"] == rate and not math.isfinite(run["validation"]) for run in runs):\n            continue\n        from statistics import median\n\n        found = median(')],
        says="You compare the middle run of each rate, and the others do not count. Which mean does the docstring name?",
    ),
    Mistake(
        "failed runs left out", "best_by_validation", replace='if run["rate"] == rate)', by='if run["rate"] == rate and math.isfinite(run["validation"])) if any(run["rate"] == rate and math.isfinite(run["validation"]) for run in runs) else math.inf',
        also=[
            (MEANS, '    runs = [run for run in runs if math.isfinite(run["validation"])]\n' + MEANS),
            ('if run["rate"] == rate)', 'if run["rate"] == rate and math.isfinite(run["validation"]))'),
        ],
        says="You leave failed runs out, and so a rate at which one has failed may win. What does the docstring say of such a rate?",
    ),
    Mistake(
        "nan let through", "best_by_validation", replace=FINITE, by="if found != math.inf:",
        says="You look for inf, and not for nan, and nothing is less or more than nan. What does comparing with it give?",
    ),
    Mistake(
        "inf let through", "best_by_validation", replace=FINITE, by="if found == found:",
        says="You look for nan, and not for inf. Is there an error where nothing but inf is left?",
    ),
    Mistake(
        "failures let through", "best_by_validation", replace=FINITE, by="if True:",
        also=[BY_ARGMIN],
        says="Rates at which a run has failed are among yours. What do comparisons with nan give, and what is chosen where all have failed?",
    ),
    Mistake(
        "the higher one of equal rates", "best_by_validation", replace='sorted({run["rate"] for run in runs})', by='sorted({run["rate"] for run in runs}, reverse=True)',
        says="Of two rates with the same mean you take the higher one. Which one does the docstring ask for?",
    ),
    Mistake(
        "the first one of equal rates", "best_by_validation", replace='sorted({run["rate"] for run in runs})', by='dict.fromkeys(run["rate"] for run in runs)',
        says="Of two rates with the same mean you take the one that stands first in runs. Which one does the docstring ask for?",
    ),
    Mistake(
        "runs at all of the equal rates", "best_by_validation", replace=CHOSEN, by='return [run for run in runs if means.get(run["rate"]) == means[best]]',
        says="Where two rates have the same mean, you return the runs of both. Which of the two does the docstring choose?",
    ),
    Mistake(
        "the rate alone", "best_by_validation", replace=CHOSEN, by="return [best]",
        says="You return the rate. What should come back are the runs that were made with it.",
        costs=1.0,  # any number answers the same, and a number that is always the same is worth nothing
    ),
    Mistake(
        "only the best run of the best rate", "best_by_validation", replace=CHOSEN,
        by='return [min((run for run in runs if run["rate"] == best), key=lambda run: run["validation"])]',
        says="You return a single run. How many were made at the best rate?",
    ),
    Mistake(
        "runs in another order", "best_by_validation", replace=CHOSEN, by='return sorted((run for run in runs if run["rate"] == best), key=lambda run: run["seed"])',
        also=[(CHOSEN, CHOSEN.replace("[", "sorted([", 1) + ', key=lambda run: run["validation"])')],
        says="Your runs come back sorted. In which order does the docstring ask for them?",
    ),
    Mistake(
        "runs sorted in place", "best_by_validation", replace=MEANS, by='    means = {}\n    runs.sort(key=lambda run: run["rate"])\n',
        also=[(MEANS, MEANS + '    runs.sort(key=lambda run: run["validation"])\n')],
        says="After your call the caller's list is in another order. Which of list.sort and sorted makes a new list?",
    ),
    Mistake(
        "runs taken out of the list", "best_by_validation", replace=CHOSEN,
        by='chosen = [run for run in runs if run["rate"] == best]\n    for run in chosen:\n        runs.remove(run)\n    return chosen',
        says="After your call the caller's list is shorter. Is it yours to take runs out of?",
    ),
    Mistake(
        "keys left out", "best_by_validation", replace=CHOSEN, by='return [{key: run[key] for key in ("rate", "seed", "validation", "test")} for run in runs if run["rate"] == best]',
        says="Your runs have lost some of their keys. They should come back as they are.",
    ),
    Mistake(
        "nothing where no rate is left", "best_by_validation", replace=NONE_LEFT, by="if not means:\n        return []\n    if False:",
        says="Where no rate is left you return an empty list. What does the docstring ask for?",
    ),
    Mistake(
        "another error where no rate is left", "best_by_validation", replace=NONE_LEFT, by="if not means:\n        raise KeyError\n    if False:",
        says="Where no rate is left your error is not a ValueError. Which kind does the docstring ask for?",
    ),
    Mistake(
        "an error for any failed run", "best_by_validation", replace=NONE_LEFT, by='if not all(math.isfinite(run["validation"]) for run in runs) or not means:',
        says="You raise an error as soon as one run has failed. What does the docstring do with such a rate, if others are left?",
    ),
    Mistake(
        "equal validations counted once", "best_by_validation", replace=FOUND, by='mean({run["validation"] for run in runs if run["rate"] == rate})',
        says="Runs with the same validation count once for you. What does a set do with equal values?",
    ),
    Mistake(
        "the first three runs of a rate", "best_by_validation", replace=FOUND, by='mean([run["validation"] for run in runs if run["rate"] == rate][:3]) if all(math.isfinite(run["validation"]) for run in runs if run["rate"] == rate) else math.inf',
        says="You take the mean of three runs, also where a rate has more. Over which runs does the docstring take it?",
    ),
    Mistake(
        "means rounded", "best_by_validation", replace="means[rate] = found", by="means[rate] = round(found, 4)",
        says="You round the means, so that rates look equal which are not. Where would rounding belong, if anywhere?",
    ),
    Mistake(
        "rates in the order of letters", "best_by_validation", replace='sorted({run["rate"] for run in runs})', by='sorted({run["rate"] for run in runs}, key=str)',
        says="You sort the rates as text, and there 10 stands before 9. By what should numbers be sorted, so that the lower one of two is first?",
    ),
    Mistake(
        "a ceiling for the means", "best_by_validation", replace=FINITE, by="if found < 100:",
        says="Rates with a mean above some limit are never chosen by you. Which values tell the docstring's failed runs from others?",
    ),
    Mistake(
        "failures of the test", "best_by_validation", replace=FINITE, by='if math.isfinite(found) and all(math.isfinite(run["test"]) for run in runs if run["rate"] == rate):',
        also=[(FINITE, 'if all(math.isfinite(run["test"]) for run in runs if run["rate"] == rate):')],
        says="You refuse a rate because of a test. By what does the docstring say that a run has failed?",
    ),
    Mistake(
        "failed rates taken out of the list", "best_by_validation", replace=MEANS,
        by='    means = {}\n    failed = {run["rate"] for run in runs if not math.isfinite(run["validation"])}\n    runs[:] = [run for run in runs if run["rate"] not in failed]\n',
        says="After your call the runs of failed rates are missing from the caller's list. How can they be passed over, and stay where they are?",
    ),
    # interval
    Mistake(
        "the normal distribution's quantile", "interval", replace=f"half = {QUANTILE}", by="from statistics import NormalDist\n\n    half = NormalDist().inv_cdf((1 + level) / 2)",
        also=[(f"half = {QUANTILE}", "half = 1.96")],
        says="You use a quantile of the normal distribution. The standard deviation is estimated from few values, so which distribution has the wider tails that this needs?",
    ),
    Mistake(
        "n degrees of freedom", "interval", replace=QUANTILE, by="t_quantile((1 + level) / 2, len(values))",
        says="You use as many degrees of freedom as there are values. The mean was computed from the same values: how many are left?",
    ),
    Mistake(
        "n - 2 degrees of freedom", "interval", replace=QUANTILE, by="t_quantile((1 + level) / 2, max(1, len(values) - 2))",
        says="You use two degrees of freedom fewer than there are values. One mean was estimated: how many does that cost?",
    ),
    Mistake(
        "a standard deviation that divides by n", "interval", replace="stdev(values)", by="stdev(values) * math.sqrt((len(values) - 1) / len(values))",
        says="Your standard deviation divides by n. That is too small for values around a mean that was estimated from them. By what does the sample's standard deviation divide?",
    ),
    Mistake(
        "the spread of single values", "interval", replace="stdev(values) / math.sqrt(len(values))", by="stdev(values)",
        says="Your interval is that of single values. The mean of n values varies less than one of them: by which factor?",
    ),
    Mistake(
        "divided by n instead of its root", "interval", replace="stdev(values) / math.sqrt(len(values))", by="stdev(values) / len(values)",
        says="You divide the standard deviation by n. The variance of a mean is divided by n. And its root?",
    ),
    Mistake(
        "divided by the root of n - 1", "interval", replace="math.sqrt(len(values))", by="math.sqrt(len(values) - 1)",
        says="You divide by the root of n - 1. stdev has taken care of that already. How many values is the mean of?",
    ),
    Mistake(
        "the variance for the deviation", "interval", replace="stdev(values) / math", by="stdev(values) ** 2 / math",
        also=[("stdev(values) / math.sqrt(len(values))", "stdev(values) ** 2 / len(values)")],
        says="You use the variance. In which unit is it, and in which unit is the interval?",
    ),
    Mistake(
        "all of the rest on one side", "interval", replace="(1 + level) / 2", by="level",
        says="You use the quantile of the level itself. What the level leaves lies on two sides: how much is below the upper end?",
        also=[("(1 + level) / 2", "1 - (1 - level)")],
    ),
    Mistake(
        "half of the level", "interval", replace="(1 + level) / 2", by="(1 + level / 2) / 2",
        also=[("(1 + level) / 2", "level / 2")],
        says="You halve the level itself. At a level of 0.95, how much lies above the upper end, and how much below it?",
    ),
    Mistake(
        "the level taken for what it leaves", "interval", replace="(1 + level) / 2", by="1 - level / 2",
        says="You take the level for what lies outside of the interval. At a level of 0.95, how much is outside, and how much of it above the upper end?",
    ),
    Mistake(
        "always 95 percent", "interval", replace="(1 + level) / 2", by="0.975",
        says="Your interval is the same at every level. Where does `level` come in?",
    ),
    Mistake(
        "the middle value in the middle", "interval", replace=ENDS,
        by="from statistics import median\n\n    return median(values) - half, median(values) + half",
        says="Your interval lies around the median. Around what does the formula lie?",
    ),
    Mistake(
        "half of the interval", "interval", replace=ENDS, by="return half, half",
        says="You return how far the ends are from the mean. Which two numbers does the docstring ask for?",
    ),
    Mistake(
        "the mean and half of the interval", "interval", replace=ENDS, by="return mean(values), half",
        says="You return the mean and a distance. Which two numbers does the docstring ask for?",
    ),
    Mistake(
        "the upper end first", "interval", replace=ENDS, by="return mean(values) + half, mean(values) - half",
        says="You return the upper end first. Which one does the docstring name first, and is the quantile that you use positive?",
        also=[("(1 + level) / 2", "(1 - level) / 2")],
    ),
    Mistake(
        "from the smallest to the largest", "interval", replace=ENDS, by="return min(values), max(values)",
        says="You return the smallest and the largest value. That says where the values are. Where is their mean?",
    ),
    Mistake(
        "one value let through", "interval", replace="if len(values) < 2:", by="if len(values) == 1:\n        return values[0], values[0]\n    if len(values) < 2:",
        says="For a single value you return an interval. What is known about the spread then?",
    ),
    Mistake(
        "two values refused", "interval", replace="if len(values) < 2:", by="if len(values) <= 2:",
        says="You refuse two values. They have a standard deviation, with one degree of freedom. What does the docstring say?",
    ),
    Mistake(
        "any level let through", "interval", replace="if not 0 < level < 1:", by="if False:",
        says="You take every level. What would an interval be that contains the mean with probability 0, or with 1?",
        also=[("if not 0 < level < 1:", "if level > 1 or level < 0:")],
    ),
    Mistake(
        "a level of 0 let through", "interval", replace="if not 0 < level < 1:", by="if not 0 <= level < 1:",
        also=[("if not 0 < level < 1:", "if level >= 1:")],
        says="You take a level of 0. Between which two numbers, both excluded, does the docstring want it?",
    ),
    Mistake(
        "a level of 1 let through", "interval", replace="if not 0 < level < 1:", by="if not 0 < level <= 1:",
        says="You take a level of 1. Is 1 between 0 and 1, both excluded?",
    ),
    Mistake(
        "another error than ValueError", "interval", replace="if len(values) < 2:", by="assert len(values) >= 2 and 0 < level < 1\n    if False:",
        says="You refuse values or levels with another error, an AssertionError for example. Which kind does the docstring ask for?",
    ),
    Mistake(
        "values sorted in place", "interval", replace="error = stdev(values)", by="values.sort()\n    error = stdev(values)",
        says="After the call the caller's values stand in another order. Which function returns a new list?",
    ),
    # permutation_test
    Mistake(
        "one sign of the difference", "permutation_test", replace=ENOUGH, by="difference >= enough",
        also=[(ENOUGH, "difference >= found[0] - tolerance")],
        says="You compare differences with their signs. Two-sided means that a difference as large to the other side counts, too.",
    ),
    Mistake(
        "the observed difference with its sign", "permutation_test", replace="abs(found[0])", by="found[0]",
        says="You compare with the observed difference, which may be negative. Of which differences does the docstring take the absolute value?",
    ),
    Mistake(
        "differences as signed as the observed one", "permutation_test", replace=ENOUGH, by=AS_SIGNED,
        says="You count only differences with the sign of the observed one. That is a one-sided test, whose side was chosen after looking.",
    ),
    Mistake(
        "the tail doubled", "permutation_test", replace="abs(difference) >= enough for difference in found) / len(found)",
        by="difference * (1 if found[0] >= 0 else -1) >= enough for difference in found) * 2 / len(found)",
        also=[
            ("abs(difference) >= enough for difference in found) / len(found)", "abs(difference) >= enough for difference in found) * 2 / len(found)"),
            (SHARE, SHARE.replace(ENOUGH, AS_SIGNED).replace("return ", "return min(1.0, 2 * ") + ")"),
            (SHARE, SHARE.replace("return ", "return min(1.0, 2 * ") + ")"),
        ],
        says="You double one tail. With lists of different lengths the two tails are not alike. Count both by the absolute value.",
    ),
    Mistake(
        "without the observed assignment", "permutation_test", replace="for difference in found) / len(found)", by="for difference in found[1:]) / max(1, len(found) - 1)",
        also=[("for difference in found) / len(found)", "for difference in found[1:]) / len(found)")],
        says="You leave out the observed assignment. It is one of all assignments, and without it p can be 0.",
    ),
    Mistake(
        "one more above and below", "permutation_test", replace="for difference in found) / len(found)", by="for difference in found) / (len(found) + 1) + 1 / (len(found) + 1)",
        says="You add 1 to both counts. That is for a random sample of assignments. Here all are there, the observed one among them.",
    ),
    Mistake(
        "larger differences only", "permutation_test", replace=ENOUGH, by="abs(difference) > abs(found[0]) + tolerance",
        also=[(ENOUGH, "abs(difference) > abs(found[0])")],
        says="You count only differences that are larger than the observed one. Do equal ones count?",
    ),
    Mistake(
        "ties lost by rounding", "permutation_test", replace="tolerance = 1e-9 * max(map(abs, both))", by="tolerance = 0.0",
        also=[
            TIES.replace("AVERAGE", "mean"),
            TIES.replace("AVERAGE(one)", "sum(one) / len(one)").replace("AVERAGE(other)", "sum(other) / len(other)"),
        ],
        says="You compare floating-point numbers exactly, so that assignments with equal differences do not always count. What does the docstring say of small differences?",
    ),
    Mistake(
        "a tolerance from the difference", "permutation_test", replace=TOLERANCE, by="1e-9 * abs(found[0])",
        says="Your tolerance grows with the observed difference. From which number does the docstring take it?",
    ),
    Mistake(
        "the same tolerance for all numbers", "permutation_test", replace=TOLERANCE, by="1e-9",
        says="Your tolerance is the same for large numbers and for small ones. With what should it grow?",
    ),
    Mistake(
        "a tolerance from the largest signed number", "permutation_test", replace="max(map(abs, both))", by="max(both)",
        says="Your tolerance comes from the largest number. What if all numbers are negative? Read in the docstring of which value it is a part.",
    ),
    Mistake(
        "too large a tolerance", "permutation_test", replace=TOLERANCE, by="0.05 * max(map(abs, both))",
        also=[(TOLERANCE, "1e-2 * max(map(abs, both))")],
        says="Differences that are clearly smaller than the observed one count for you. How large is the tolerance in the docstring?",
    ),
    Mistake(
        "pairs ignored", "permutation_test", replace="if paired:\n        differences", by="if False:\n        differences",
        also=[("if paired and len(ours) != len(theirs):", "paired = False\n    if False:")],
        says="Your paired test is the unpaired one. With whom may ours[i] change places, if the lists are paired?",
    ),
    Mistake(
        "sums instead of means", "permutation_test", replace="first / len(ours) - (total - first) / len(theirs)", by="first - (total - first)",
        says="You compare sums, or divide both by the same length. Of lists with different lengths the longer one has the larger sum.",
        also=[("(total - first) / len(theirs)", "(total - first) / len(ours)")],
    ),
    Mistake(
        "middle values instead of means", "permutation_test", replace="first / len(ours) - (total - first) / len(theirs) for first in firsts",
        by="(lambda one, other: one[(len(one) - 1) // 2] / 2 + one[len(one) // 2] / 2 - other[(len(other) - 1) // 2] / 2 - other[len(other) // 2] / 2)(sorted(both[i] for i in chosen), sorted(both[i] for i in range(len(both)) if i not in chosen)) for chosen in combinations(range(len(both)), len(ours))",
        says="You compare medians. Which difference does the docstring name?",
    ),
    Mistake(
        "equal values counted once", "permutation_test", replace="firsts = [sum(both[i] for i in chosen) for chosen in combinations(range(len(both)), len(ours))]",
        by="firsts = [sum(chosen) for chosen in dict.fromkeys(tuple(sorted(each)) for each in combinations(both, len(ours)))]",
        also=[("[sum(both[i] for i in chosen) for chosen in combinations(range(len(both)), len(ours))]", "[sum(chosen) for chosen in dict.fromkeys(combinations(both, len(ours)))]")],
        says="Assignments with the same values count once for you. Two equal values are still two: what does a set do with them?",
    ),
    Mistake(
        "drawn with replacement", "permutation_test", replace="for chosen in combinations(range(len(both)), len(ours))", by="for chosen in [range(len(ours)), *product(range(len(both)), repeat=len(ours))]",
        says="In your assignments a value can be drawn twice. In a permutation each value has one place.",
    ),
    Mistake(
        "pairs sorted apart", "permutation_test", replace="zip(ours, theirs, strict=True)]", by="zip(sorted(ours), sorted(theirs), strict=True)]",
        says="You sort both lists, and then other values are partners. Which values belong together?",
    ),
    Mistake(
        "differences without their signs", "permutation_test", replace="one - other for one, other", by="abs(one - other) for one, other",
        says="You take the absolute value of each single difference before you compute the mean. It is the mean whose absolute value counts.",
    ),
    Mistake(
        "not all sign changes", "permutation_test", replace="for signs in product((1, -1), repeat=len(ours))", by="for signs in product((1, -1), repeat=len(ours)) if sum(signs) >= 0",
        says="You do not try all sign changes. There are 2 to the power of n.",
    ),
    Mistake(
        "signs of 1 and 0", "permutation_test", replace="product((1, -1), repeat", by="product((1, 0), repeat",
        says="In your assignments a difference disappears. A pair that changes places changes the sign of its difference.",
    ),
    Mistake(
        "one pair at a time", "permutation_test", replace="for signs in product((1, -1), repeat=len(ours))",
        by="for signs in [[1] * len(ours), *([-1 if i == j else 1 for i in range(len(ours))] for j in range(len(ours)))]",
        says="You change one pair at a time. Any number of pairs may change places at once.",
    ),
    Mistake(
        "how many instead of the share", "permutation_test", replace=" for difference in found) / len(found)", by=" for difference in found) / 1",
        says="You return how many assignments count. p is their share of all.",
    ),
    Mistake(
        "the share that is smaller", "permutation_test", replace="return sum(abs(difference) >= enough", by="return sum(abs(difference) < enough",
        says="Your p is the share of the assignments that do not count. It should be small if the difference is large.",
    ),
    Mistake(
        "p rounded", "permutation_test", replace=SHARE, by="return round(sum(abs(difference) >= enough for difference in found) / len(found), 2)",
        also=[(SHARE, SHARE.replace("return ", "return round(") + ", 4)")],
        says="You round p. Whoever prints it may do that.",
    ),
    Mistake(
        "pairs cut off", "permutation_test", replace="if paired and len(ours) != len(theirs):", by="if paired:\n        ours, theirs = ours[: len(theirs)], theirs[: len(ours)]\n    if False:",
        says="If the lists are paired and have different lengths, you leave values out. What does the docstring ask for?",
    ),
    Mistake(
        "different lengths always refused", "permutation_test", replace="if paired and len(ours) != len(theirs):", by="if len(ours) != len(theirs):",
        says="You refuse lists of different lengths even if they are not paired. Which of the two tests needs equal lengths?",
    ),
    Mistake(
        "an empty list let through", "permutation_test", replace="if not ours or not theirs:", by="if not ours or not theirs:\n        return 1.0\n    if False:",
        also=[("if not ours or not theirs:", "if False:")],
        says="You do not refuse an empty list. What does the docstring ask for?",
    ),
    Mistake(
        "one list changed", "permutation_test", replace="both = [*ours, *theirs]", by="both = [*ours, *theirs]\n    ours.sort()",
        says="After the call one of the caller's lists stands in another order. Which function returns a new list?",
    ),
    # serving_cost
    Mistake(
        "the last token read, too", "serving_cost", replace=READ, by="turns * (source + answer)",
        says="Your GPT-2 reads the last token of the chat. It is written: who reads it?",
    ),
    Mistake(
        "the last token of each turn not read", "serving_cost", replace=READ, by="turns * (source + answer - 1)",
        says="Your GPT-2 never reads the last token of an answer. The next turn follows it: what does GPT-2 have to know there?",
    ),
    Mistake(
        "GPT-2 with BOS", "serving_cost", replace=READ, by="turns * (source + answer + 1) - 1",
        says="Your GPT-2 reads one more token in each turn. Does one stack have a BOS here?",
    ),
    Mistake(
        "GPT-2 without its cache", "serving_cost", replace=GPT2_COMPUTED, by="return layers * sum(range(source, read + 1)), 2",
        also=[(GPT2_COMPUTED, f"return layers * sum({CHAT} + written for turn in range(1, turns + 1) for written in range(answer)), 2")],
        says="Your GPT-2 computes everything anew for each token. What is the cache for?",
    ),
    Mistake(
        "the chat read anew in each turn", "serving_cost", replace=GPT2_COMPUTED, by="return layers * sum(turn * (source + answer) - 1 for turn in range(1, turns + 1)), 2",
        says="Your GPT-2 reads the whole chat in each turn. Does its cache end with the turn?",
    ),
    Mistake(
        "the prompt of GPT-2 alone", "serving_cost", replace=READ, by="turns * source",
        says="Your GPT-2 reads what the user writes, and not its own answers. How does it continue them?",
    ),
    Mistake(
        "one turn of GPT-2", "serving_cost", replace=READ, by="source + answer - 1",
        says="Your GPT-2 has one turn only. Where do `turns` come in?",
    ),
    Mistake(
        "half of GPT-2's layers", "serving_cost", replace="return layers * read, 2 * d_model * layers * read", by="return layers // 2 * read, 2 * d_model * (layers // 2) * read",
        says="In your GPT-2 a position passes half of the layers. Which of the two architectures has two stacks?",
    ),
    Mistake(
        "keys without values in GPT-2", "serving_cost", replace="2 * d_model * layers * read", by="d_model * layers * read",
        says="Your GPT-2 keeps one vector for each position and block. What does attention need besides the keys?",
    ),
    Mistake(
        "one layer's cache in GPT-2", "serving_cost", replace="2 * d_model * layers * read", by="2 * d_model * read",
        says="Your GPT-2's cache is that of one block. Every block has keys and values of its own.",
    ),
    Mistake(
        "the last turn's cache in GPT-2", "serving_cost", replace="2 * d_model * layers * read", by="2 * d_model * layers * (source + answer - 1)",
        says="Your GPT-2 keeps the last turn only. Does a new turn see the turns before it?",
    ),
    Mistake(
        "positions without their layers", "serving_cost", replace=GPT2_COMPUTED, by="return read, 2",
        also=[WITHOUT_LAYERS],
        says="You count positions, and not the layers that they pass. How often does a position count that passes L layers?",
    ),
    Mistake(
        "all layers for each stack", "serving_cost", replace="stack = layers // 2", by="stack = layers",
        also=[("return stack * computed, 2", "return layers * computed, 2")],
        says="In your encoder-decoder each position passes all layers. A position of the source passes the encoder only: how many layers does that have?",
    ),
    Mistake(
        "the new tokens encoded alone", "serving_cost", replace="[turn * source + (turn - 1) * answer for turn in range(1, turns + 1)]", by="[source for turn in range(1, turns + 1)]",
        also=[("[turn * source + (turn - 1) * answer for turn in range(1, turns + 1)]", "[source + (turn > 1) * answer for turn in range(1, turns + 1)]")],
        says="Your encoder reads the new tokens of a turn only. It has no cache: what does it need to see to know the turns before?",
    ),
    Mistake(
        "answers forgotten in the source", "serving_cost", replace=CHAT, by="turn * source",
        also=[
            (COMPUTED, "sum(turn * source + answer for turn in range(1, turns + 1))"),
            (KEPT, "kept = turns * source + answer"),
        ],
        says="In your chat the earlier answers are missing. What has been said before turn k?",
    ),
    Mistake(
        "the answer encoded before it is written", "serving_cost", replace=CHAT, by="turn * (source + answer)",
        also=[(COMPUTED, "sum(turn * (source + answer) + answer for turn in range(1, turns + 1))")],
        says="Your encoder reads the answer that is still to be written. What is the source of turn k?",
    ),
    Mistake(
        "turns counted from 0", "serving_cost", replace="for turn in range(1, turns + 1)]  #", by="for turn in range(turns)]  #",
        says="Your first turn is turn 0, and its source has a negative length. From where to where does `range` count?",
    ),
    Mistake(
        "the last turn alone computed", "serving_cost", replace=COMPUTED, by="chats[-1] + answer",
        says="You count what the last turn computes, or in each turn the new tokens alone. Without a cache, what does the encoder read in every turn?",
    ),
    Mistake(
        "answers decoded once", "serving_cost", replace=COMPUTED, by="sum(chats) + answer",
        says="Your decoder writes one answer in the whole chat. There is one in each turn.",
    ),
    Mistake(
        "BOS and the whole answer", "serving_cost", replace=COMPUTED, by="sum(chat + answer + 1 for chat in chats)",
        also=[(BOTH_COUNTS, "sum(chat + answer + 1 for chat in chats)\n        kept = chats[-1] + answer + 1")],
        says="Your decoder reads BOS and all tokens of the answer. Is the last one read?",
    ),
    Mistake(
        "an answer without BOS", "serving_cost", replace=COMPUTED, by="sum(chat + answer - 1 for chat in chats)",
        also=[(BOTH_COUNTS, "sum(chat + answer - 1 for chat in chats)\n        kept = chats[-1] + answer - 1")],
        says="Your decoder reads one position too few. What is read before the first token is written?",
    ),
    Mistake(
        "a decoder without its cache", "serving_cost", replace=COMPUTED, by="sum(chat + answer * (answer + 1) // 2 for chat in chats)",
        says="Your decoder computes its earlier positions anew for each token. What does its cache hold?",
    ),
    Mistake(
        "the memory encoded for each token", "serving_cost", replace=COMPUTED, by="sum(answer * chat + answer for chat in chats)",
        says="Your encoder runs for each token of the answer. Does its source change while the answer is written?",
    ),
    Mistake(
        "no keys of cross-attention", "serving_cost", replace=KEPT, by="kept = answer",
        says="Your encoder-decoder keeps the answer only. From what does cross-attention read, for every token anew?",
    ),
    Mistake(
        "no keys of the answer", "serving_cost", replace=KEPT, by="kept = chats[-1]",
        says="Your encoder-decoder keeps the source only. What does the decoder's self-attention read from?",
    ),
    Mistake(
        "cross-attention to the new tokens alone", "serving_cost", replace=KEPT, by="kept = source + answer",
        says="In your cache, cross-attention has the last turn's new tokens only. How long is the source of the last turn?",
    ),
    Mistake(
        "the caches of all turns", "serving_cost", replace=KEPT, by="kept = computed",
        also=[(KEPT, "kept = chats[-1] + turns * answer")],
        says="At the end your encoder-decoder keeps the caches of all turns. What is the cache of an earlier turn good for, when its source has changed?",
    ),
    Mistake(
        "the memory kept, too", "serving_cost", replace="2 * d_model * stack * kept", by="2 * d_model * stack * kept + d_model * chats[-1]",
        says="Your encoder-decoder keeps the memory besides the keys and values that were made of it. Is it needed any more?",
    ),
    Mistake(
        "the memory instead of its keys", "serving_cost", replace="2 * d_model * stack * kept", by="2 * d_model * stack * answer + d_model * chats[-1]",
        says="Your encoder-decoder keeps the memory, and must compute keys and values of it for every token. What is kept instead?",
    ),
    Mistake(
        "keys without values", "serving_cost", replace="2 * d_model * stack * kept", by="d_model * stack * kept",
        says="Your encoder-decoder keeps one vector for each position and layer. What does attention need besides the keys?",
    ),
    Mistake(
        "one layer's cache", "serving_cost", replace="2 * d_model * stack * kept", by="2 * d_model * kept",
        says="Your encoder-decoder's cache is that of one layer. Every decoder layer has keys and values of its own.",
    ),
    Mistake(
        "a cache in every layer of both stacks", "serving_cost", replace="2 * d_model * stack * kept", by="2 * d_model * layers * kept",
        also=[("2 * d_model * stack * kept", "2 * d_model * stack * (kept + chats[-1])")],
        says="In your encoder-decoder the encoder's layers have a cache, too. Is anything added to what the encoder has read?",
    ),
    Mistake(
        "any architecture let through", "serving_cost", replace='if architecture == "encoder-decoder":', by="if True:",
        says="You name a price for every architecture. What should happen to a name that you do not know?",
    ),
    Mistake(
        "another error for an unknown architecture", "serving_cost", replace='if architecture == "encoder-decoder":', by='if architecture != "encoder-decoder":\n        raise KeyError(architecture)\n    if True:',
        says="For another architecture your error is not a ValueError. Which kind does the docstring ask for?",
    ),
    # evidence_two_kinds
    Mistake(
        "pairs in the order of the rows", "evidence_two_kinds", replace=DIFFERENCES, by='differences[rival] = [one - other for one, other in zip(ours.values(), theirs.values(), strict=True)]\n        p_values[rival] = permutation_test(list(ours.values()), list(theirs.values()), paired=True)',
        also=[("[ours[draw] - theirs[draw] for draw in ours]", "[one - other for one, other in zip(ours.values(), theirs.values(), strict=True)]")],
        says="You pair values by their place in the table, and its rows are in any order. What tells you which two rows belong together?",
    ),
    Mistake(
        "an unpaired test", "evidence_two_kinds", replace=PAIRED, by=PAIRED.replace(', paired=True', ''),
        says="Your test is not paired, or its pairs are not of the same draw. What does the docstring say of the four tests?",
    ),
    Mistake(
        "no correction", "evidence_two_kinds", replace='corrected = holm(p_values)', by='corrected = p_values',
        says="Your p values are too small. Four comparisons have four chances of a small p: which function corrects for that? And are your tests paired?",
    ),
    Mistake(
        "corrected for two comparisons", "evidence_two_kinds", replace='corrected[rival], 0.01)', by='holm({name: p_values[name] for name in ("tied, widened", best)})[rival], 0.01)',
        says="You correct for the two comparisons of the verdict. How many were made, of which one was chosen?",
    ),
    Mistake(
        "every p value times four", "evidence_two_kinds", replace='holm(p_values)', by='{rival: min(1.0, 4 * p) for rival, p in p_values.items()}',
        says="You multiply every p value by four. Holm's method is less strict with all but the smallest.",
    ),
    Mistake(
        "corrected among the ways of one stack", "evidence_two_kinds", replace='corrected[rival], 0.01)', by='(p_values if rival not in ONE_STACK else holm({name: p_values[name] for name in ONE_STACK}))[rival], 0.01)',
        says="You correct among the three ways of one stack only. How many rivals are compared in all?",
    ),
    Mistake(
        "the rival chosen by the test", "evidence_two_kinds", replace='shares(rival, 300, "validation")', by='shares(rival, 300)',
        says="You choose the rival by the test, so that it is reported at its luckiest. By what does the docstring choose it?",
    ),
    Mistake(
        "the rival chosen at all sizes", "evidence_two_kinds", replace='mean(shares(rival, 300, "validation").values())', by='mean(row["validation"] for row in table["translation"] if row["model"] == rival)',
        says="You choose the rival by its validation at all sizes together. At which size does the docstring look?",
    ),
    Mistake(
        "the rival with the best single run", "evidence_two_kinds", replace='mean(shares(rival, 300, "validation").values())', by='max(shares(rival, 300, "validation").values())',
        says="You choose the rival by its best single run. What of its validation does the docstring name?",
    ),
    Mistake(
        "the rival with the lowest validation", "evidence_two_kinds", replace='best = max(ONE_STACK', by='best = min(ONE_STACK',
        says="You choose the rival with the lowest validation. Validation is a share right here: is a low one good?",
    ),
    Mistake(
        "the last of equal rivals", "evidence_two_kinds", replace='max(ONE_STACK, key', by='max(ONE_STACK[::-1], key',
        says="Of rivals with equal validation you take the last one. Which one does the docstring name?",
    ),
    Mistake(
        "always the plain single stack", "evidence_two_kinds", replace='best = max(ONE_STACK, key=lambda rival: mean(shares(rival, 300, "validation").values()))', by='best = ONE_STACK[0]',
        says="You always compare with \"one stack\". Which of the three ways of one stack does the docstring name?",
    ),
    Mistake(
        "the tied rival among the single stacks", "evidence_two_kinds", replace="max(ONE_STACK, key", by='max(("tied, widened", *ONE_STACK), key',
        says="Your best model of one stack may be the tied encoder-decoder. Among which rivals does the docstring choose?",
    ),
    Mistake(
        "serving at 300 numbers", "evidence_two_kinds", replace='most = max(row["numbers"] for row in table["translation"] if row["model"] == "encoder-decoder")', by='most = 300',
        says="You ask with 300 numbers whether it serves. At which size does the docstring ask it?",
    ),
    Mistake(
        "serving at the fewest numbers", "evidence_two_kinds", replace='most = max(', by='most = min(',
        says="You ask with the fewest numbers whether it serves. At which size does the docstring ask it?",
    ),
    Mistake(
        "serving at a size that it may not have", "evidence_two_kinds", replace=' if row["model"] == "encoder-decoder")', by=')',
        says="You ask whether it serves at a size that the encoder-decoder may not have. Whose largest size does the docstring name?",
    ),
    Mistake(
        "serving by the mean alone", "evidence_two_kinds", replace=SHARES, by='low = high = mean(shares("encoder-decoder", most).values())',
        says="You compare the mean with 0.95. A mean is uncertain: what does the docstring compare?",
    ),
    Mistake(
        "serving by the worst and the best draw", "evidence_two_kinds", replace=SHARES, by='low, high = min(shares("encoder-decoder", most).values()), max(shares("encoder-decoder", most).values())',
        says="You compare single draws with 0.95. What does the docstring compare?",
    ),
    Mistake(
        "serving is never open", "evidence_two_kinds", replace=SERVES, by='"holds" if low >= 0.95 else "fails"',
        says="For you it does not serve wherever it is not sure to serve. What if the interval contains 0.95?",
    ),
    Mistake(
        "serving where the upper end reaches it", "evidence_two_kinds", replace='"holds" if low >= 0.95', by='"holds" if high >= 0.95',
        says="For you it serves if the upper end of the interval reaches 0.95. Which end has to?",
    ),
    Mistake(
        "no margin", "evidence_two_kinds", replace='corrected[rival], 0.01)', by='corrected[rival], 0.0)',
        says="Your margin is 0, so that a tiny difference is enough. Which margin does the docstring name?",
    ),
    Mistake(
        "a margin in percent", "evidence_two_kinds", replace='corrected[rival], 0.01)', by='corrected[rival], 1.0)',
        says="Your margin is 1, and shares are between 0 and 1. How much is one point of a hundred?",
    ),
    Mistake(
        "the rival minus the encoder-decoder", "evidence_two_kinds", replace='[ours[draw] - theirs[draw] for draw in ours]', by='[theirs[draw] - ours[draw] for draw in ours]',
        says="Your differences have the other sign. What is subtracted from what?",
    ),
    Mistake(
        "the difference to the tied rival", "evidence_two_kinds", replace=LEAD, by=LEAD.replace('[best]', '["tied, widened"]'),
        says="Your number is the difference to the tied encoder-decoder. Of which part does the docstring ask for it?",
    ),
    Mistake(
        "the interval of its share", "evidence_two_kinds", replace=LEAD, by='return mean(differences[best]), (low, high)',
        also=[(LEAD, "return mean(differences[best]), interval(list(ours.values()))")],
        says="Your interval is that of the encoder-decoder's share. Whose interval belongs to your number?",
    ),
    Mistake(
        "the share itself", "evidence_two_kinds", replace=LEAD, by='return mean(ours.values()), interval(differences[best])',
        also=[(LEAD, "return mean(ours.values()), interval(list(ours.values()))")],
        says="Your number is the share of the encoder-decoder at 300 numbers. What does the docstring ask for?",
    ),
    Mistake(
        "without serving", "evidence_two_kinds", replace='[serves, *(part', by='[*(part',
        says="Your verdict has two parts. What of the question whether it serves?",
    ),
    Mistake(
        "without different weights", "evidence_two_kinds", replace='for rival in ("tied, widened", best))]', by='for rival in (best,))]',
        says="Your verdict has two parts. What of the tied encoder-decoder?",
    ),
    Mistake(
        "a part for each rival", "evidence_two_kinds", replace='for rival in ("tied, widened", best))]', by='for rival in differences)]',
        says="Your verdict has a part for each rival. How many parts does the docstring name?",
    ),
    Mistake(
        "missing draws left out", "evidence_two_kinds", replace=SAME_DRAWS, by='ours = {draw: test for draw, test in ours.items() if draw in theirs}\n        if False:',
        also=[(SAME_DRAWS, "if not ours.keys() <= theirs.keys():")],
        says="Where a draw is missing, you go on with the others. What does the docstring ask for?",
    ),
    Mistake(
        "as many draws are enough", "evidence_two_kinds", replace=SAME_DRAWS, by='if len(theirs) != len(ours):',
        says="You compare how many draws there are. Can two models have as many, and different ones?",
    ),
    Mistake(
        "no look at the draws", "evidence_two_kinds", replace=SAME_DRAWS, by='if False:',
        says="You do not look whether the draws are the same. Which error does the docstring name?",
    ),
    # evidence_cut
    Mistake(
        "one stack minus the encoder-decoder", "evidence_cut", replace=COST, by='minus(one_stack, bits("encoder-decoder", cut, cut))',
        says="Your costs have the other sign. More bits are worse: what is subtracted from what?",
    ),
    Mistake(
        "one stack of any number of layers", "evidence_cut", replace='(r["way"], r["layers"], r["cut"], r["tested at"])', by='(r["way"], 4, r["cut"], r["tested at"])',
        says="Runs of one stack with other numbers of layers are among yours. With which one does the docstring compare?",
    ),
    Mistake(
        "seeds in the order of the rows", "evidence_cut", replace='[ours[seed] - theirs[seed] for seed in ours]', by='[one - other for one, other in zip(ours.values(), theirs.values(), strict=True)]',
        also=[(COST, '[one - other for one, other in zip(bits("encoder-decoder", cut, cut).values(), one_stack.values(), strict=True)]')],
        says="You pair values by their place in the table, and its rows are in any order. What tells you which two rows belong together?",
    ),
    Mistake(
        "one stack's mean", "evidence_cut", replace=COST, by='[bit - mean(one_stack.values()) for bit in bits("encoder-decoder", cut, cut).values()]',
        says="You subtract the mean of one stack. With which of its runs does the docstring compare?",
    ),
    Mistake(
        "p values corrected", "evidence_cut", replace=COST_P, by=f'min(1.0, len(costs) * {COST_P})',
        also=[(JUDGED, "part(cost, holm({key: permutation_test(each, [0.0] * len(each), paired=True) for key, each in costs.items()})[cut], 0.02) for cut, cost in costs.items()")],
        says="You correct the p values. All cuts have to cost, so more cuts make it harder: what does the docstring say of the p values?",
    ),
    Mistake(
        "an unpaired test of the costs", "evidence_cut", replace=COST_P, by=COST_P.replace(', paired=True', ''),
        also=[(JUDGED, 'part(cost, permutation_test(list(bits("encoder-decoder", cut, cut).values()), list(one_stack.values())), 0.02) for cut, cost in costs.items()')],
        says="Your test is not paired, or its pairs are not of the same seed. Which runs belong together?",
    ),
    Mistake(
        "no test", "evidence_cut", replace=COST_P, by='0.0',
        also=[
            (f"part(cost, {COST_P}, 0.02)", '"holds" if mean(cost) >= 0.02 else "fails"'),
            (f"part(cost, {COST_P}, 0.02)", '"holds" if interval(cost)[0] >= 0.02 else "fails" if interval(cost)[1] < 0.02 else "open"'),
        ],
        says="You use no p value. By which function is the cost of a cut judged, and the p value of which test does it get?",
    ),
    Mistake(
        "at the other cuts alone", "evidence_cut", replace='sorted({(row["cut"], row["tested at"]) for row in fixed})', by='[(cut, at) for cut in cuts for at in cuts]',
        also=[('sorted({(row["cut"], row["tested at"]) for row in fixed})', '[(cut, at) for cut in cuts for at in cuts if bits("encoder-decoder", cut, at)]')],
        says="You look at each model where the other ones were cut. At which places was this one tested?",
    ),
    Mistake(
        "any cost is enough", "evidence_cut", replace=', 0.02)', by=', 0.0)',
        says="Your margin is 0, so that a tiny cost is enough. Which margin does the docstring name?",
    ),
    Mistake(
        "the limit as the margin", "evidence_cut", replace=', 0.02)', by=', 0.05)',
        says="Your margin of the costs is 0.05. That is the limit of the other part. Which number does the docstring name here?",
    ),
    Mistake(
        "one cut that costs is enough", "evidence_cut", replace=COSTLY, by='"holds" if "holds" in found else "open" if "open" in found else "fails"',
        says="For you it is enough that one cut costs. What does the docstring ask of the cuts?",
    ),
    Mistake(
        "all cuts have to fail", "evidence_cut", replace=COSTLY, by='found[0] if len(set(found)) == 1 else "open"',
        says="For you the first part fails only if it fails for all cuts. For how many does the docstring say so?",
    ),
    Mistake(
        "open before it fails", "evidence_cut", replace=COSTLY, by='"open" if "open" in found else "fails" if "fails" in found else "holds"',
        says="If one cut is open and another one fails, your first part is open. Which of the two decides?",
    ),
    Mistake(
        "the mean over the cuts", "evidence_cut", replace='for cost in costs.values()]', by='for cost in [[mean(each) for each in zip(*costs.values(), strict=True)]]]',
        says="You take the mean over the cuts before you judge. How many cuts does the docstring judge?",
    ),
    Mistake(
        "the cheapest cut alone", "evidence_cut", replace='for cost in costs.values()]', by='for cost in [min(costs.values(), key=mean)]]',
        says="You judge the cheapest cut alone. Another one may cost more, and vary so much that it is open.",
    ),
    Mistake(
        "the mean of all costs", "evidence_cut", replace='return mean(costs[cheapest])', by='return mean(value for cost in costs.values() for value in cost)',
        also=[("return mean(costs[cheapest]), interval(costs[cheapest])", "every = [value for cost in costs.values() for value in cost]\n    return mean(every), interval(every)")],
        says="Your number is the mean over all cuts. Of which cut does the docstring ask for it?",
    ),
    Mistake(
        "the dearest cut", "evidence_cut", replace='cheapest = min(', by='cheapest = max(',
        says="Your number is that of the cut that costs most. Of which cut does the docstring ask for it?",
    ),
    Mistake(
        "the first cut", "evidence_cut", replace=CHEAPEST, by='cheapest = cuts[0]',
        says="Your number is that of the smallest cut. Which cut costs least?",
    ),
    Mistake(
        "the cut with the cheapest seed", "evidence_cut", replace=CHEAPEST, by='cheapest = min(cuts, key=lambda cut: min(costs[cut]))',
        says="You look for the cut with the smallest single difference. What of its differences does the docstring name?",
    ),
    Mistake(
        "changes of single seeds", "evidence_cut", replace=f'interval({MOVE})', by=f'(min({MOVE}), max({MOVE}))',
        says="You compare the changes of single seeds with the limit. What does the docstring compare?",
    ),
    Mistake(
        "mean changes", "evidence_cut", replace=f'interval({MOVE})', by=f'(mean({MOVE}),) * 2',
        says="You compare mean changes with the limit. A mean is uncertain: what does the docstring compare?",
    ),
    Mistake(
        "changes from one stack", "evidence_cut", replace=MOVE, by='minus(bits("encoder-decoder", cut, at), one_stack)',
        says="You compare the encoder-decoder at another cut with one stack. With what does the docstring compare it?",
    ),
    Mistake(
        "changes from the model of that cut", "evidence_cut", replace=MOVE, by='minus(bits("encoder-decoder", cut, at), bits("encoder-decoder", at, at))',
        says="You compare with the model that was trained for the other cut. What does the same model need at its own?",
    ),
    Mistake(
        "gains are no changes", "evidence_cut", replace='any(high < -0.05 or low > 0.05', by='any(low > 0.05',
        also=[(LIMITS, "within = all(high <= 0.05 for _, high in moved)\n    outside = any(low > 0.05 for low, _ in moved)")],
        says="For you a place is different only if more bits are needed there. What if it is clearly better?",
    ),
    Mistake(
        "losses are no changes", "evidence_cut", replace='any(high < -0.05 or low > 0.05', by='any(high < -0.05',
        says="For you a place is different only if fewer bits are needed there. What if it is clearly worse?",
    ),
    Mistake(
        "every place has to matter", "evidence_cut", replace='outside = any(', by='outside = all(',
        says="For you the second part fails only if every other cut is different. How many does the docstring name?",
    ),
    Mistake(
        "one place that is alike is enough", "evidence_cut", replace='within = all(', by='within = any(',
        says="For you it is enough that one other cut is alike. How many does the docstring name?",
    ),
    Mistake(
        "never open", "evidence_cut", replace=ARBITRARY, by='"holds" if within else "fails"',
        also=[(ARBITRARY, '"fails" if outside else "holds"')],
        says="Your second part is never open. What if an interval contains the limit?",
    ),
    Mistake(
        "a narrower limit", "evidence_cut", replace='all(low >= -0.05 and high <= 0.05', by='all(low >= -0.02 and high <= 0.02',
        also=[(LIMITS, LIMITS.replace("0.05", "0.02"))],
        says="Your limit of the changes is 0.02. That is the margin of the other part. Which number does the docstring name here?",
    ),
    Mistake(
        "a place that matters speaks for it", "evidence_cut", replace=ARBITRARY, by='"fails" if within else "holds" if outside else "open"',
        says="Your second part holds where the place of the cut matters. Would the cut be arbitrary then?",
    ),
    Mistake(
        "without arbitrary", "evidence_cut", replace='verdict(costly, arbitrary)', by='verdict(costly)',
        says="Your verdict has one part. What of the place of the cut?",
    ),
    Mistake(
        "without costs", "evidence_cut", replace='verdict(costly, arbitrary)', by='verdict(arbitrary)',
        says="Your verdict has one part. What of the costs?",
    ),
    Mistake(
        "a part for each cut", "evidence_cut", replace="verdict(costly, arbitrary)", by="verdict(*found, arbitrary)",
        says="Your verdict has a part for each cut. How many parts does the claim have?",
    ),
    Mistake(
        "missing seeds left out", "evidence_cut", replace=SAME_SEEDS, by='ours = {seed: bit for seed, bit in ours.items() if seed in theirs}\n        if False:',
        also=[(SAME_SEEDS, "if not ours.keys() <= theirs.keys():")],
        says="Where a seed is missing, you go on with the others. What does the docstring ask for?",
    ),
    Mistake(
        "as many seeds are enough", "evidence_cut", replace=SAME_SEEDS, by='if len(ours) != len(theirs):',
        says="You compare how many seeds there are. Can two models have as many, and different ones?",
    ),
    Mistake(
        "no look at the seeds", "evidence_cut", replace=SAME_SEEDS, by='if False:',
        says="You do not look whether the seeds are the same. Which error does the docstring name?",
    ),
    Mistake(
        "more seeds at another cut", "evidence_cut", replace=MOVE, by='minus({seed: bit for seed, bit in bits("encoder-decoder", cut, at).items() if seed in one_stack}, bits("encoder-decoder", cut, cut))',
        also=[(MOVE, '[bits("encoder-decoder", cut, at)[seed] - bit for seed, bit in bits("encoder-decoder", cut, cut).items()]')],
        says="Where a model was tested at another cut, you let more seeds through than one stack has. Does the docstring allow them?",
    ),
    Mistake(
        "a model without its own cut left out", "evidence_cut", replace=CUTS, by='cuts = sorted({row["cut"] for row in fixed if row["cut"] == row["tested at"]})\n    fixed = [row for row in fixed if row["cut"] in cuts]',
        says="You leave out a model that was not tested at its own cut. Which seeds does it have there, and which error does the docstring name?",
    ),
]
