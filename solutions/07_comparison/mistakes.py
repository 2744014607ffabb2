"""Mistakes that students make in notebook 07. Each is one replacement in the reference solution."""

from autograder.authoring import Mistake

FOUND = 'mean(run["validation"] for run in runs if run["rate"] == rate)'
FINITE = "if math.isfinite(found):"
NONE_LEFT = "if not means:"
CHOSEN = 'return [run for run in runs if run["rate"] == best]'

MOST = 'run["layers"] == 4 and run["numbers"] == most]'
LEAD = "mean(theirs) - max(map(mean, tests.values()))"
SERVES = "mean(theirs) >= 0.95"
NEEDED = "min(theirs) > max(map(max, tests.values()))"

STACK = 'if run["way"] == "one stack" and run["layers"] == 4)'
FIXED = 'if run["way"] == "encoder-decoder" and run["cut"] != "random"]'
LOSS = 'run["test"] - own[run["cut"], run["seed"]]'
LOSES = "min(losses) > 0.05"
BELOW = "one_stack < min(means)"

QUANTILE = "t_quantile((1 + level) / 2, len(values) - 1)"

MISTAKES = [
    # supervised_fraction
    Mistake(
        "the last token is not asked", "supervised_fraction", replace="return 1.0", by="return (length - 1) / length",
        says="You leave out the last token. What does the docstring say of the one after it?",
    ),
    Mistake(
        "the part that is not hidden", "supervised_fraction", replace="return probability", by="return 1 - probability",
        says="You return how many of the tokens stay as they are. For which of them is it asked?",
    ),
    Mistake(
        "always 15 in a hundred", "supervised_fraction", replace="return probability", by="return 0.15",
        says="Your share of blanks is always the same. Which argument says how probable a blank is?",
    ),
    Mistake(
        "whole blanks", "supervised_fraction", replace="return probability", by="return round(probability * length) / length",
        says="You count whole blanks in one text. How many are there in the mean over many texts?",
    ),
    Mistake(
        "the part of the encoder", "supervised_fraction", replace="return 1 - cut / length", by="return cut / length",
        says="You return how much the encoder reads. Which of the two is asked something?",
    ),
    Mistake(
        "everything is asked in an encoder-decoder", "supervised_fraction", replace="return 1 - cut / length", by="return 1.0",
        says="You count all that is read. Is anything asked of the tokens in the encoder?",
    ),
    Mistake(
        "target for each token of the source", "supervised_fraction", replace="return 1 - cut / length", by="return (length - cut) / max(cut, 1)",
        says="You divide by how many tokens the encoder reads. By how many all layers together read, asks the docstring.",
    ),
    Mistake(
        "the decoder's last token is not asked", "supervised_fraction", replace="return 1 - cut / length", by="return max(length - cut - 1, 0) / length",
        says="You count one token of the decoder too few. Each of its tokens is asked for the one after it.",
    ),
    Mistake(
        "rounded down to a whole number", "supervised_fraction", replace="cut / length", by="cut // length",
        says="Your fractions are whole numbers. What does // do that / does not?",
    ),
    Mistake(
        "a cut of 0 taken for none", "supervised_fraction", replace="if cut is None or not 0 <= cut <= length:", by="if not cut or not 0 <= cut <= length:",
        says="You take a cut of 0 for none at all. What is `not 0` in Python, and how is None told from it?",
    ),
    Mistake(
        "a cut at the end refused", "supervised_fraction", replace="0 <= cut <= length:", by="0 <= cut < length:",
        says="You refuse a cut after the last token. Which cuts does the docstring allow?",
    ),
    Mistake(
        "a cut behind the end let through", "supervised_fraction", replace="0 <= cut <= length:", by="0 <= cut:",
        says="You let a cut through that lies behind the last token. What would a fraction below 0 mean?",
    ),
    Mistake(
        "a cut before the beginning let through", "supervised_fraction", replace="not 0 <= cut <= length:", by="cut > length:",
        says="You let a cut through that lies before the first token. What would a fraction above 1 mean?",
    ),
    Mistake(
        "no cut let through", "supervised_fraction", replace="if cut is None or not 0 <= cut <= length:", by="cut = length // 2 if cut is None else cut\n        if not 0 <= cut <= length:",
        says="Without a cut you make one up. What does the docstring ask for then?",
    ),
    Mistake(
        "a cut asked of every objective", "supervised_fraction", replace='    if objective == "causal":\n',
        by='    if cut is not None and not 0 <= cut <= length:\n        raise ValueError("cut")\n    if objective == "causal":\n',
        says="You refuse a cut outside the text for every objective. For which one does it matter?",
    ),
    Mistake(
        "no error for an unknown objective", "supervised_fraction", replace='raise ValueError(f"there is no objective {objective!r}")', by="return 0.0",
        says="For an objective that there is not you return a number, and whoever misspells a name does not learn it. Which error is asked for?",
    ),
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
        says="You compare the middle run of each rate, and the others do not count. Which mean does the docstring name?",
    ),
    Mistake(
        "failed runs left out", "best_by_validation", replace='if run["rate"] == rate)', by='if run["rate"] == rate and math.isfinite(run["validation"])) if any(run["rate"] == rate and math.isfinite(run["validation"]) for run in runs) else math.inf',
        says="You leave failed runs out of the mean, and so a rate at which one has failed may win. What does the docstring say of such a rate?",
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
        "the rate alone", "best_by_validation", replace=CHOSEN, by="return [best]",
        says="You return the rate. What should come back are the runs that were made with it.",
    ),
    Mistake(
        "only the best run of the best rate", "best_by_validation", replace=CHOSEN,
        by='return [min((run for run in runs if run["rate"] == best), key=lambda run: run["validation"])]',
        says="You return a single run. How many were made at the best rate?",
    ),
    Mistake(
        "runs in another order", "best_by_validation", replace=CHOSEN, by='return sorted((run for run in runs if run["rate"] == best), key=lambda run: run["seed"])',
        says="Your runs come back sorted. In which order does the docstring ask for them?",
    ),
    Mistake(
        "runs sorted in place", "best_by_validation", replace="    means = {}\n", by='    means = {}\n    runs.sort(key=lambda run: run["rate"])\n',
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
        says="You refuse a rate because of a test. By what does the docstring say that a run has failed?",
    ),
    Mistake(
        "failed rates taken out of the list", "best_by_validation", replace="    means = {}\n",
        by='    means = {}\n    failed = {run["rate"] for run in runs if not math.isfinite(run["validation"])}\n    runs[:] = [run for run in runs if run["rate"] not in failed]\n',
        says="After your call the runs of failed rates are missing from the caller's list. How can they be passed over, and stay where they are?",
    ),
    # interval
    Mistake(
        "the normal distribution's quantile", "interval", replace=f"half = {QUANTILE}", by="from statistics import NormalDist\n\n    half = NormalDist().inv_cdf((1 + level) / 2)",
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
        says="You use the variance. In which unit is it, and in which unit is the interval?",
    ),
    Mistake(
        "all of the rest on one side", "interval", replace="(1 + level) / 2", by="level",
        says="You use the quantile of the level itself. What the level leaves lies on two sides: how much is below the upper end?",
        also=[("(1 + level) / 2", "1 - (1 - level)")],
    ),
    Mistake(
        "half of the level", "interval", replace="(1 + level) / 2", by="(1 + level / 2) / 2",
        says="Your interval is too narrow. At a level of 0.95, how much lies between its ends, and how much on each side?",
    ),
    Mistake(
        "always 95 percent", "interval", replace="(1 + level) / 2", by="0.975",
        says="Your interval is the same at every level. Where does `level` come in?",
    ),
    Mistake(
        "the middle value in the middle", "interval", replace="return mean(values) - half, mean(values) + half",
        by="from statistics import median\n\n    return median(values) - half, median(values) + half",
        says="Your interval lies around the median. Around what does the formula lie?",
    ),
    Mistake(
        "half of the interval", "interval", replace="return mean(values) - half, mean(values) + half", by="return half, half",
        says="You return how far the ends are from the mean. Which two numbers does the docstring ask for?",
    ),
    Mistake(
        "the mean and half of the interval", "interval", replace="return mean(values) - half, mean(values) + half", by="return mean(values), half",
        says="You return the mean and a distance. Which two numbers does the docstring ask for?",
    ),
    Mistake(
        "the upper end first", "interval", replace="return mean(values) - half, mean(values) + half", by="return mean(values) + half, mean(values) - half",
        says="You return the upper end first. Which one does the docstring name first, and is the quantile that you use positive?",
        also=[("(1 + level) / 2", "(1 - level) / 2")],
    ),
    Mistake(
        "from the smallest to the largest", "interval", replace="return mean(values) - half, mean(values) + half", by="return min(values), max(values)",
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
        says="You take a level of 0. Is 0 between 0 and 1, both excluded?",
    ),
    Mistake(
        "a level of 1 let through", "interval", replace="if not 0 < level < 1:", by="if not 0 < level <= 1:",
        says="You take a level of 1. Is 1 between 0 and 1, both excluded?",
    ),
    Mistake(
        "values sorted in place", "interval", replace="error = stdev(values)", by="values.sort()\n    error = stdev(values)",
        says="After the call the caller's values stand in another order. Which function returns a new list?",
    ),
    # permutation_test
    Mistake(
        "one sign of the difference", "permutation_test", replace="abs(difference) >= enough", by="difference >= enough",
        says="You count differences of one sign only. Two-sided means that a difference as large to the other side counts, too.",
    ),
    Mistake(
        "differences as signed as the observed one", "permutation_test", replace="abs(difference) >= enough", by="difference * (1 if found[0] >= 0 else -1) >= enough",
        says="You count only differences with the sign of the observed one. That is a one-sided test, whose side was chosen after looking.",
    ),
    Mistake(
        "the tail doubled", "permutation_test", replace="abs(difference) >= enough for difference in found) / len(found)",
        by="difference * (1 if found[0] >= 0 else -1) >= enough for difference in found) * 2 / len(found)",
        says="You double one tail. With lists of different lengths the two tails are not alike. Count both by the absolute value.",
        also=[("abs(difference) >= enough for difference in found) / len(found)", "abs(difference) >= enough for difference in found) * 2 / len(found)")],
    ),
    Mistake(
        "without the observed assignment", "permutation_test", replace="for difference in found) / len(found)", by="for difference in found[1:]) / max(1, len(found) - 1)",
        says="You leave out the observed assignment. It is one of all assignments, and without it p can be 0.",
    ),
    Mistake(
        "one more above and below", "permutation_test", replace="for difference in found) / len(found)", by="for difference in found) / (len(found) + 1) + 1 / (len(found) + 1)",
        says="You add 1 to both counts. That is for a random sample of assignments. Here all are there, the observed one among them.",
    ),
    Mistake(
        "larger differences only", "permutation_test", replace="abs(difference) >= enough", by="abs(difference) > abs(found[0]) + tolerance",
        says="You count only differences that are larger than the observed one. Do equal ones count?",
    ),
    Mistake(
        "ties lost by rounding", "permutation_test", replace="tolerance = 1e-9 * max(map(abs, both))", by="tolerance = 0.0",
        says="You compare floating-point numbers exactly, so that assignments with equal differences do not always count. What does the docstring say of small differences?",
    ),
    Mistake(
        "the same tolerance for all numbers", "permutation_test", replace="1e-9 * max(map(abs, both))", by="1e-9",
        says="Your tolerance is the same for large numbers and for small ones. With what should it grow?",
    ),
    Mistake(
        "too large a tolerance", "permutation_test", replace="1e-9 * max(map(abs, both))", by="0.05 * max(map(abs, both))",
        says="Differences that are clearly smaller than the observed one count for you. How large is the tolerance in the docstring?",
    ),
    Mistake(
        "pairs ignored", "permutation_test", replace="if paired:\n        differences", by="if False:\n        differences",
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
        "half of the pairs changed", "permutation_test", replace="for signs in product((1, -1), repeat=len(ours))", by="for signs in product((1, -1), repeat=len(ours)) if sum(signs) >= 0",
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
        "p rounded", "permutation_test", replace="return sum(abs(difference) >= enough for difference in found) / len(found)", by="return round(sum(abs(difference) >= enough for difference in found) / len(found), 2)",
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
        says="You return a p value for an empty list. What does the docstring ask for?",
    ),
    Mistake(
        "one list changed", "permutation_test", replace="both = [*ours, *theirs]", by="both = [*ours, *theirs]\n    ours.sort()",
        says="After the call one of the caller's lists stands in another order. Which function returns a new list?",
    ),
    # serving_cost
    Mistake(
        "the last token read, too", "serving_cost", replace="turns * (source + answer) - 1", by="turns * (source + answer)",
        says="Your GPT-2 reads the last token of the chat. It is written: who reads it?",
    ),
    Mistake(
        "the last token of each turn not read", "serving_cost", replace="turns * (source + answer) - 1", by="turns * (source + answer - 1)",
        says="Your GPT-2 never reads the last token of an answer. The next turn follows it: what does GPT-2 have to know there?",
    ),
    Mistake(
        "GPT-2 with BOS", "serving_cost", replace="turns * (source + answer) - 1", by="turns * (source + answer + 1) - 1",
        says="Your GPT-2 reads one more token in each turn. Does one stack have a BOS here?",
    ),
    Mistake(
        "GPT-2 without its cache", "serving_cost", replace="return layers * read, 2", by="return layers * sum(range(source, read + 1)), 2",
        says="Your GPT-2 computes everything anew for each token. What is the cache for?",
    ),
    Mistake(
        "the chat read anew in each turn", "serving_cost", replace="return layers * read, 2", by="return layers * sum(turn * (source + answer) - 1 for turn in range(1, turns + 1)), 2",
        says="Your GPT-2 reads the whole chat in each turn. Does its cache end with the turn?",
    ),
    Mistake(
        "the prompt of GPT-2 alone", "serving_cost", replace="turns * (source + answer) - 1", by="turns * source",
        says="Your GPT-2 reads what the user writes, and not its own answers. How does it continue them?",
    ),
    Mistake(
        "one turn of GPT-2", "serving_cost", replace="turns * (source + answer) - 1", by="source + answer - 1",
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
        "positions without their layers", "serving_cost", replace="return layers * read, 2", by="return read, 2",
        says="You count positions of GPT-2. A position that passes L blocks counts L times.",
    ),
    Mistake(
        "all layers for each stack", "serving_cost", replace="stack = layers // 2", by="stack = layers",
        says="In your encoder-decoder each position passes all layers. A position of the source passes the encoder only: how many layers does that have?",
    ),
    Mistake(
        "the new tokens encoded alone", "serving_cost", replace="[turn * source + (turn - 1) * answer for turn in range(1, turns + 1)]", by="[source for turn in range(1, turns + 1)]",
        says="Your encoder reads the new tokens of a turn only. It has no cache: what does it need to see to know the turns before?",
    ),
    Mistake(
        "answers forgotten in the source", "serving_cost", replace="turn * source + (turn - 1) * answer", by="turn * source",
        says="In your chat the earlier answers are missing. What has been said before turn k?",
    ),
    Mistake(
        "the answer encoded before it is written", "serving_cost", replace="turn * source + (turn - 1) * answer", by="turn * (source + answer)",
        says="Your encoder reads the answer that is still to be written. What is the source of turn k?",
    ),
    Mistake(
        "turns counted from 0", "serving_cost", replace="for turn in range(1, turns + 1)]  #", by="for turn in range(turns)]  #",
        says="Your first turn is turn 0, and its source has a negative length. From where to where does `range` count?",
    ),
    Mistake(
        "the last turn alone computed", "serving_cost", replace="sum(chat + answer for chat in chats)", by="chats[-1] + answer",
        says="You count what the last turn computes. Which turns does the docstring ask for?",
    ),
    Mistake(
        "answers decoded once", "serving_cost", replace="sum(chat + answer for chat in chats)", by="sum(chats) + answer",
        says="Your decoder writes one answer in the whole chat. There is one in each turn.",
    ),
    Mistake(
        "BOS and the whole answer", "serving_cost", replace="sum(chat + answer for chat in chats)", by="sum(chat + answer + 1 for chat in chats)",
        says="Your decoder reads BOS and all tokens of the answer. Is the last one read?",
    ),
    Mistake(
        "an answer without BOS", "serving_cost", replace="sum(chat + answer for chat in chats)", by="sum(chat + answer - 1 for chat in chats)",
        says="Your decoder reads one position too few. What is read before the first token is written?",
    ),
    Mistake(
        "a decoder without its cache", "serving_cost", replace="sum(chat + answer for chat in chats)", by="sum(chat + answer * (answer + 1) // 2 for chat in chats)",
        says="Your decoder computes its earlier positions anew for each token. What does its cache hold?",
    ),
    Mistake(
        "the memory encoded for each token", "serving_cost", replace="sum(chat + answer for chat in chats)", by="sum(answer * chat + answer for chat in chats)",
        says="Your encoder runs for each token of the answer. Does its source change while the answer is written?",
    ),
    Mistake(
        "no keys of cross-attention", "serving_cost", replace="kept = chats[-1] + answer", by="kept = answer",
        says="Your encoder-decoder keeps the answer only. From what does cross-attention read, for every token anew?",
    ),
    Mistake(
        "no keys of the answer", "serving_cost", replace="kept = chats[-1] + answer", by="kept = chats[-1]",
        says="Your encoder-decoder keeps the source only. What does the decoder's self-attention read from?",
    ),
    Mistake(
        "the caches of all turns", "serving_cost", replace="kept = chats[-1] + answer", by="kept = computed",
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
        says="In your encoder-decoder the encoder's layers have a cache, too. Is anything added to what the encoder has read?",
    ),
    Mistake(
        "any architecture let through", "serving_cost", replace='if architecture == "encoder-decoder":', by="if True:",
        says="You name a price for every architecture. What should happen to a name that you do not know?",
    ),
    # evidence_two_kinds
    Mistake(
        "any number of layers", "evidence_two_kinds", replace=MOST, by='run["numbers"] == most]',
        says="Runs with other numbers of layers are among yours. Which ones count?",
    ),
    Mistake(
        "four layers or more", "evidence_two_kinds", replace='run["layers"] == 4', by='run["layers"] >= 4',
        says="Runs with more layers are among yours. Which ones count?",
    ),
    Mistake(
        "any size of data", "evidence_two_kinds", replace=MOST, by='run["layers"] == 4]',
        says="Runs that had fewer numbers to learn from are among yours. Which ones count?",
    ),
    Mistake(
        "the least data", "evidence_two_kinds", replace='most = max(run["numbers"]', by='most = min(run["numbers"]',
        says="You take the runs that had the fewest numbers to learn from. Which ones count?",
    ),
    Mistake(
        "compared with no encoder layers, too", "evidence_two_kinds", replace='("encoder-decoder", *ONE_TEXT)}', by='("encoder-decoder", *ONE_TEXT, *(["no encoder layers"] if any(run["way"] == "no encoder layers" for run in runs) else []))}',
        says="You compare with the model without encoder layers, too. It reads two texts, and the docstring does not count it.",
    ),
    Mistake(
        "the lead turned round", "evidence_two_kinds", replace=LEAD, by="max(map(mean, tests.values())) - mean(theirs)",
        says="Your number has the other sign. What is subtracted from what?",
    ),
    Mistake(
        "the lead over the mean of all ways", "evidence_two_kinds", replace=LEAD, by="mean(theirs) - mean(test for found in tests.values() for test in found)",
        says="You compare with the mean of all ways of one text. With which one of them does the docstring compare?",
    ),
    Mistake(
        "the lead over the worst way", "evidence_two_kinds", replace=LEAD, by="mean(theirs) - min(map(mean, tests.values()))",
        says="You compare with the worst way of one text. An honest comparison is with which one?",
    ),
    Mistake(
        "the lead over the best run", "evidence_two_kinds", replace=LEAD, by="mean(theirs) - max(map(max, tests.values()))",
        says="You subtract the best single run. Of the ways of one text, what is compared?",
    ),
    Mistake(
        "the lead of the best run", "evidence_two_kinds", replace=LEAD, by="max(theirs) - max(map(mean, tests.values()))",
        says="Your encoder-decoder is represented by its best run. What does the docstring take of its runs?",
    ),
    Mistake(
        "the mean of the encoder-decoder alone", "evidence_two_kinds", replace=LEAD, by="mean(theirs)",
        says="Your number is what the encoder-decoder scores. What is to be subtracted from it?",
    ),
    Mistake(
        "more than 95 in a hundred", "evidence_two_kinds", replace=">= 0.95", by="> 0.95",
        says="A mean of exactly 0.95 does not do for you. Look at the words \"at least\".",
    ),
    Mistake(
        "a lower bar", "evidence_two_kinds", replace=">= 0.95", by=">= 0.9",
        says="Your bar for serving is too low. Where does the docstring put it?",
    ),
    Mistake(
        "the worst run serves", "evidence_two_kinds", replace=SERVES, by="min(theirs) >= 0.95",
        says="You ask of the worst run that it serves. Of what does the docstring ask it?",
    ),
    Mistake(
        "the best run serves", "evidence_two_kinds", replace=SERVES, by="max(theirs) >= 0.95",
        says="For you one good run is enough to serve. Of what does the docstring ask it?",
    ),
    Mistake(
        "as good is needed", "evidence_two_kinds", replace=NEEDED, by=NEEDED.replace(">", ">="),
        says="For you a run that is just as good as the best of the others is better. Is it?",
    ),
    Mistake(
        "means compared for the need", "evidence_two_kinds", replace=NEEDED, by="mean(theirs) > max(map(mean, tests.values()))",
        says="You compare means. Which runs have to be compared, to say that it is needed?",
    ),
    Mistake(
        "the best runs compared", "evidence_two_kinds", replace=NEEDED, by="max(theirs) > max(map(max, tests.values()))",
        says="You compare the best run with the best. Which run of the encoder-decoder does the docstring name?",
    ),
    Mistake(
        "the best way's runs alone", "evidence_two_kinds", replace=NEEDED, by="min(theirs) > max(max(tests.values(), key=mean))",
        says="You compare with the runs of the way whose mean is best. With which runs of ONE_TEXT does the docstring compare?",
    ),
    Mistake(
        "the worst of the others", "evidence_two_kinds", replace=NEEDED, by="min(theirs) > min(map(min, tests.values()))",
        says="You compare with the worst of the other runs. Which one does the docstring name?",
    ),
    Mistake(
        "not needed", "evidence_two_kinds", replace=NEEDED, by="min(theirs) <= max(map(max, tests.values()))",
        says="Your second part holds where others are as good. Does that speak for the claim, or against it?",
    ),
    Mistake(
        "it serves, and no more", "evidence_two_kinds", replace="mean(theirs) >= 0.95, min(theirs) > max(map(max, tests.values()))", by="mean(theirs) >= 0.95",
        says="Your verdict has one part. What of the question whether it is needed?",
    ),
    Mistake(
        "served and needed in one", "evidence_two_kinds", replace="mean(theirs) >= 0.95, min", by="mean(theirs) >= 0.95 and min",
        says="You make one part of two, so that the verdict is never qualified. How are several parts handed to verdict?",
    ),
    # evidence_cut
    Mistake(
        "one stack of any number of layers", "evidence_cut", replace=STACK, by='if run["way"] == "one stack")',
        says="One stack of two layers is among yours. Which one counts?",
    ),
    Mistake(
        "random cuts among the fixed ones", "evidence_cut", replace='run["cut"] != "random"]', by='run["cut"]]\n    fixed = [{**run, "cut": run["tested at"]} if run["cut"] == "random" else run for run in fixed]',
        says="Models that were trained for cuts at random are among yours. Which ones count?",
    ),
    Mistake(
        "positions that begin anew", "evidence_cut", replace=FIXED, by='if run["way"] != "one stack" and run["cut"] != "random"]',
        says="Encoder-decoders whose positions begin anew are among yours. Which way counts?",
    ),
    Mistake(
        "gains for losses", "evidence_cut", replace=LOSS, by='own[run["cut"], run["seed"]] - run["test"]',
        says="Your losses have the other sign. More bits are worse: what is subtracted from what?",
    ),
    Mistake(
        "own cuts among the losses", "evidence_cut", replace='for run in fixed if run["tested at"] != run["cut"]]', by='for run in fixed]',
        says="A run's test at its own cut is among your losses, with a loss of 0. At which cuts does a run lose something?",
    ),
    Mistake(
        "a loss for each run", "evidence_cut", replace="return mean(losses)", by="return sum(losses) / len(own)",
        says="You divide by the number of runs. Of how many losses is it the mean?",
    ),
    Mistake(
        "the sum of the losses", "evidence_cut", replace="return mean(losses)", by="return sum(losses)",
        says="Your number is a sum. What does the docstring ask for?",
    ),
    Mistake(
        "the largest loss", "evidence_cut", replace="return mean(losses)", by="return max(losses)",
        says="Your number is the largest loss. What does the docstring ask for?",
    ),
    Mistake(
        "losses against another seed", "evidence_cut", replace=LOSS, by='run["test"] - min(bits for (cut, _), bits in own.items() if cut == run["cut"])',
        says="You compare a run with the best one of its cut, whatever the seeds are. With which seed does the docstring compare?",
    ),
    Mistake(
        "losses against the mean of the seeds", "evidence_cut", replace=LOSS, by='run["test"] - mean(bits for (cut, _), bits in own.items() if cut == run["cut"])',
        says="You compare each run with the mean over all seeds. With which seed does the docstring compare?",
    ),
    Mistake(
        "losses against the model of that cut", "evidence_cut", replace=LOSS,
        by='run["test"] - mean(bits for (cut, _), bits in own.items() if cut == run["tested at"])',
        says="You compare a run with models that were trained for the other cut. What does a run need at its own?",
    ),
    Mistake(
        "a mean for each cut first", "evidence_cut", replace="return mean(losses)",
        by='return mean(mean(run["test"] - own[cut, run["seed"]] for run in fixed if run["tested at"] != run["cut"] == cut) for cut in {cut for cut, _ in own})',
        says="You take a mean for each cut, and then the mean of those. The docstring asks for one mean over all losses.",
    ),
    Mistake(
        "any loss is enough", "evidence_cut", replace=LOSES, by="min(losses) > 0",
        says="For you the smallest loss counts. Seeds alone make small differences: above which number does the docstring count one?",
    ),
    Mistake(
        "losses in the mean", "evidence_cut", replace=LOSES, by="mean(losses) > 0.05",
        says="For you it is enough that runs lose in the mean. What does \"every\" mean?",
    ),
    Mistake(
        "one loss is enough", "evidence_cut", replace=LOSES, by="max(losses) > 0.05",
        says="For you one run that loses is enough. What does \"every\" mean?",
    ),
    Mistake(
        "as good as the best cut", "evidence_cut", replace=BELOW, by="one_stack <= min(means)",
        says="For you one stack that is just as good is below. Is it?",
    ),
    Mistake(
        "below one of the cuts", "evidence_cut", replace=BELOW, by="one_stack < max(means)",
        says="For you it is enough that one stack is below one of the cuts. What does \"each\" mean?",
    ),
    Mistake(
        "below the mean of the cuts", "evidence_cut", replace=BELOW, by="one_stack < mean(means)",
        says="You compare with a mean over the cuts. What does \"each\" mean?",
    ),
    Mistake(
        "below the best run", "evidence_cut", replace=BELOW, by="one_stack < min(own.values())",
        says="You compare with the best single run. Of the runs of each cut, what is compared?",
    ),
    Mistake(
        "above the cuts", "evidence_cut", replace=BELOW, by="one_stack > max(means)",
        says="Your second part holds where one stack needs more bits than all others. Are more bits better?",
    ),
    Mistake(
        "the best run of one stack", "evidence_cut", replace="one_stack = mean(", by="one_stack = min(",
        says="One stack is represented by its best run. What does the docstring take of its runs?",
    ),
    Mistake(
        "cuts compared at all cuts", "evidence_cut", replace="means = [mean(bits for (cut, _), bits in own.items() if cut == each) for each in {cut for cut, _ in own}]",
        by='means = [mean(run["test"] for run in fixed if run["cut"] == each) for each in {cut for cut, _ in own}]',
        says="You compare with encoder-decoders tested at all cuts. Where are they tested, for the second part?",
    ),
    Mistake(
        "runs that lose, and no more", "evidence_cut", replace="verdict(min(losses) > 0.05, one_stack < min(means))", by="verdict(min(losses) > 0.05)",
        says="Your verdict has one part. What of one stack, which needs no cut?",
    ),
    Mistake(
        "a part for each loss", "evidence_cut", replace="verdict(min(losses) > 0.05, ", by="verdict(*(loss > 0.05 for loss in losses), ",
        says="Your verdict has a part for each loss. How many does the docstring name?",
    ),
    Mistake(
        "losing and being worse in one", "evidence_cut", replace="min(losses) > 0.05, one_stack", by="min(losses) > 0.05 and one_stack",
        says="You make one part of two, so that the verdict is never qualified. How are several parts handed to verdict?",
    ),
    Mistake(
        "the mean at others less the mean at the own", "evidence_cut", replace="return mean(losses)",
        by='return mean(run["test"] for run in fixed if run["tested at"] != run["cut"]) - mean(own.values())',
        says="You subtract one mean from another, and a run that was tested at more cuts weighs more in the first than in the second. Take each run's losses, and then the mean.",
    ),
    Mistake(
        "a mean for each run first", "evidence_cut", replace="return mean(losses)",
        by='return mean(mean(run["test"] - bits for run in fixed if (run["cut"], run["seed"]) == key and run["tested at"] != run["cut"]) for key, bits in own.items())',
        says="You take a mean for each run, and then the mean of those. The docstring asks for one mean over all losses.",
    ),
    Mistake(
        "ways that begin alike", "evidence_cut", replace='if run["way"] == "encoder-decoder" and', by='if run["way"].startswith("encoder-decoder") and',
        says="Ways whose names only begin with \"encoder-decoder\" are among yours. Compare whole names.",
    ),
    Mistake(
        "whatever has no cut", "evidence_cut", replace=STACK, by='if run["cut"] is None and run["layers"] == 4)',
        says="For you whatever has no cut is one stack. Which way does the docstring name?",
    ),
]
