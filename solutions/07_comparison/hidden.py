"""Hidden tests of notebook 07. Sizes are unequal everywhere, and no answer can be guessed.

Tables of results are made up, with the keys of the real ones and rows in any order. A verdict is one of four strings,
so that each question about evidence shows several tables, and numbers come back with it.
"""

import math
from statistics import mean, median

from autograder.probe import hidden, outcome

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": """
        comparison_table go_on ledger reach_maps reached run_dots train under_grading visible_check""",
    "coursekit.checkpoints": "PYTHON_DOCS",
    "coursekit.corpus": "Corpus",
    "coursekit.counting": "Count",
    "coursekit.documentation": "documents fingerprint",
    "coursekit.results": "compared comparison_runs few_examples needs_source",
    "coursekit.student_t": "t_quantile",
    "statistics": "NormalDist inv_cdf",
    "parts": """
        GPT2 Encoder OneStack Transformer causal_mask generate_cached load_gpt2_weights match_parameters
        predicted_reach sinusoidal_positions train_step""",
    "torch": "LayerNorm layer_norm gelu GELU scaled_dot_product_attention",
    "torch.utils.flop_counter": "FlopCounterMode",
    "transformers": "AutoTokenizer GPT2LMHeadModel PreTrainedTokenizerBase from_pretrained",
}
NO_SLIPS = ["permutation_test", "evidence_two_kinds", "evidence_cut"]  # an answer takes a permutation test, or many


def number(value):
    """A number of any kind as a float; what is none stays as it is."""
    return value if value is None or isinstance(value, str | bool) else float(value)


# best_by_validation


def rates(rng, count):
    """Rates of learning, in any order."""
    return [factor * 2**-12 for factor in rng.different(count, 1, 40)]


def lowest(values):
    """The rate with the lowest mean, and of equal ones the lowest rate."""
    return min(sorted(values), key=lambda rate: mean(values[rate]), default=None)


def tests_of(rng, validations):
    """A test for each validation. If there are several rates, the best one by the tests is another one."""
    finite = {rate: found for rate, found in validations.items() if all(map(math.isfinite, found))}
    while True:
        tests = {rate: [rng.integer(1, 10**6) / 10**6 for _ in found] for rate, found in validations.items()}
        if len(tests) < 2 or lowest(tests) != lowest(finite):
            return tests


def disordered(rng, runs):
    """Runs in any order, but where a rate has several, they are not in the order of their seeds."""
    while True:
        runs, seeds = rng.shuffled(runs), {}
        for run in runs:
            seeds.setdefault(run["rate"], []).append(run["seed"])
        if all(len(found) == 1 or found != sorted(found) for found in seeds.values()):
            return runs


def runs_of(rng, validations):
    """Runs of one model, in any order, with these validations at each rate."""
    seeds, way = rng.different(9, 0, 99), rng.shuffled(["encoder-decoder", "prefix-LM", "one stack"])[0]
    tests = tests_of(rng, validations)
    return disordered(
        rng,
        [
            {
                "way": way,
                "layers": 4,
                "rate": float(repr(rate)),  # the same number, and another object
                "seed": seed,
                "steps": 300,
                "validation": validation,
                "test": test,
                "curve": [(10, rng.integer(0, 200) / 200), (20, rng.integer(0, 200) / 200)],
            }
            for rate, found in validations.items()
            for seed, validation, test in zip(seeds, found, tests[rate], strict=False)
        ],
    )


def named(runs):
    """Runs. A nan is not equal to itself, and becomes its name."""
    return [
        {key: "nan" if value != value else value for key, value in run.items()} if isinstance(run, dict) else run
        for run in runs
    ]


def chosen(student, runs):
    """The runs that come back."""
    return named(student.best_by_validation(runs))


def scattered(rng, height, count):
    """Validations whose mean is nearly height, and which are far apart."""
    around = [0.3 * (place - (count - 1) / 2) + rng.integer(-9, 9) / 1000 for place in range(count)]
    return rng.shuffled([height + distance for distance in around])


@hidden("best_by_validation")
def the_lowest_mean(student, rng):
    """Three rates or more, with as many runs at each, in any order, and validations of any size."""
    found = []
    for count, unit in zip(rng.different(3, 3, 6), rng.shuffled([1, 1e3, 1e12]), strict=True):
        heights = [3 + 0.05 * place for place in range(count)]
        found.append(
            chosen(
                student,
                runs_of(
                    rng,
                    {
                        rate: [unit * value for value in scattered(rng, h, 3)]
                        for rate, h in zip(rates(rng, count), heights, strict=True)
                    },
                ),
            )
        )
    return found


@hidden("best_by_validation")
def the_mean_alone(student, rng):
    """The rate of the best single run is not the best rate, nor is that of the best middle one or of the worst."""
    found = []
    for _ in range(3):
        a, b, c, d, e = rates(rng, 5)
        high = rng.integer(200, 400) / 100
        validations = {
            a: [high, high + 0.1, high + 0.8],  # mean 0.30, and the best
            b: [high - 0.3, high + 0.7, high + 0.9],  # has the best run
            c: [high + 0.05, high + 0.06, high + 1.2],  # has the best middle one
            d: [high + 0.5, high + 0.5, high + 0.6],  # has the best worst one
            e: [0.05, high + 0.5, 2 * high + 0.6],  # has the lowest product
        }
        found.append(chosen(student, runs_of(rng, validations)))
        same = [high, high, high, high, high + 5]  # mean 1.0
        found.append(chosen(student, runs_of(rng, {a: same, b: [high + 1.4], c: [high + 2]})))
        runs = runs_of(rng, {a: same, b: [high + 0.5], c: [high + 2]})
        found.append(chosen(student, sorted(runs, key=lambda run: run["validation"])))
    return found


@hidden("best_by_validation")
def more_runs_at_one_rate(student, rng):
    """Rates may have different numbers of runs; all runs of the best rate come back."""
    found = []
    for counts in rng.shuffled([[5, 2, 1], [1, 2, 4], [3, 1, 2]]):
        heights = zip(rates(rng, 3), counts, (2.0, 2.3, 2.6), strict=True)
        found.append(chosen(student, runs_of(rng, {rate: scattered(rng, height, n) for rate, n, height in heights})))
    return found


@hidden("best_by_validation")
def equal_rates(student, rng):
    """Of rates with equal means it is the lower one, wherever its runs stand; of unequal ones it is the better."""
    found = []
    for _ in range(4):
        low, high, *others = sorted(rates(rng, 4))
        mean, apart = rng.integer(16, 40) / 8, rng.integer(1, 8) / 8  # sums of these are exact
        worse = {rng.shuffled([low / 2, *others])[0]: [mean + 1]}
        equal = rng.shuffled([(low, rng.shuffled([mean - apart, mean + apart])), (high, [mean, mean])])
        found.append(chosen(student, runs_of(rng, {**dict(equal), **worse})))
        better = {high: [mean - 0.001, mean - 0.001]}
        found.append(chosen(student, runs_of(rng, {**dict(equal), **worse, **better})))
        nearly = {low: [mean / 128], high: [mean / 128 - 2**-23]}
        found.append(chosen(student, runs_of(rng, {**nearly, **worse})))
        for exponent in (0, -5):  # in the order of letters "10.0" stands before "9.0", and "0.0001" before "1e-05"
            digits = [rng.integer(2, 9) * 10.0**exponent, rng.integer(1, 9) * 10.0 ** (exponent + 1)]
            found.append(chosen(student, runs_of(rng, dict.fromkeys(digits, [mean]) | {50.0: [mean + 1]})))
        found.append(chosen(student, runs_of(rng, dict.fromkeys([low, low + 2**-30], [mean]))))
    return found


@hidden("best_by_validation")
def rates_that_fail(student, rng):
    """A rate at which a run has failed is not chosen, however good its other runs are, and wherever the run stands."""
    found = []
    for place, failed in rng.shuffled([(0, math.inf), (0, math.nan), (1, math.nan), (2, math.nan), (3, math.inf)]):
        ordered = sorted(rates(rng, 4))
        one = ordered.pop(place)  # a rate that fails is the lowest, or the highest, or in between
        other, good, worse = rng.shuffled(ordered)
        low = rng.integer(100, 150) / 100
        validations = {
            one: rng.shuffled([low, low + 0.1, failed]),
            other: [failed] * rng.integer(1, 3),
            good: [low + 1, low + 1.2, low + 0.5],
            worse: [low + 2, low + 3],
        }
        runs = runs_of(rng, validations)
        found.append(chosen(student, runs))
        for run in runs:  # only a validation can fail
            run["test"] = rng.shuffled([math.nan, math.inf, run["test"]])[0] if run["rate"] == good else run["test"]
        found.append(chosen(student, runs))
    return found


@hidden("best_by_validation")
def no_rate_left(student, rng):
    """ValueError where no rate is left, and only there."""
    a, b, c = rates(rng, 3)
    good = rng.integer(100, 300) / 100
    kinds = {
        "every run has failed": {a: [math.inf, math.nan], b: [math.nan], c: [math.inf] * 2},
        "one run of each rate has failed": {a: [good, math.inf], b: [math.nan, good], c: [good, math.nan, good]},
        "only nan": {a: [math.nan] * 2, b: [math.nan]},
        "only inf": {a: [math.inf] * 2, b: [math.inf]},
        "one rate is left": {a: [good, math.inf], b: [good + 1, good], c: [math.nan]},
        "a single run": {a: [good]},
        "no run": {},
    }
    found = {
        name: outcome(lambda runs=runs: chosen(student, runs_of(rng, runs)), ValueError) for name, runs in kinds.items()
    }
    runs = runs_of(rng, {a: [math.nan, good], b: [good + 1]})
    return {**found, "with one rate left": chosen(student, runs)}


@hidden("best_by_validation")
def one_rate(student, rng):
    """With a single rate or a single run, too, the runs come back in their order."""
    (rate,) = rates(rng, 1)
    validations = [
        {rate: scattered(rng, 2.0, 4)},
        {rate: [1.5]},
        dict(zip(rates(rng, 3), ([3.0], [2.0], [4.0]), strict=True)),
    ]
    return [chosen(student, runs_of(rng, each)) for each in rng.shuffled(validations)]


@hidden("best_by_validation")
def runs_as_they_are(student, rng):
    """Runs with other keys and other numbers come back as they are, and after the call all are what they were."""
    validations = [*(scattered(rng, height, 3) for height in (2.5, 2.2, 2.8)), [math.nan, *scattered(rng, 1.5, 2)]]
    *others, last = sorted(rates(rng, 4))  # where the last rate fails, whoever lets a nan through chooses as others do
    runs = runs_of(rng, dict(zip([*rng.shuffled(others), last], validations, strict=True)))
    for run in runs:
        run["tested at"], run["cut"] = rng.shuffled([32, 64, None])[0], rng.shuffled([32, "random", None])[0]
        run["rate"] = 4096 * run["rate"]
    return {"chosen": chosen(student, runs), "runs after the call": named(runs)}


# interval


def spread(rng, count):
    """Different values in any order, at least as many as a spread needs; of three or more, the mean is no median."""
    while True:
        values = [rng.integer(-50, 50) / 10 + place for place in rng.shuffled(list(range(0, 5 * count, 5)))]
        if count < 3 or abs(mean(values) - median(values)) > 0.01:
            return values


def ends(student, *arguments, **options):
    """Both ends of an interval, in whatever pair they come."""
    low, high = student.interval(*arguments, **options)
    return [number(low), number(high)]


@hidden("interval")
def of_several_sizes(student, rng):
    """Intervals of few values and of many, at the level that is the default."""
    return [ends(student, spread(rng, count)) for count in rng.shuffled([2, 3, *rng.different(2, 4, 30)])]


@hidden("interval")
def at_other_levels(student, rng):
    """The same values at several levels."""
    values = spread(rng, rng.integer(4, 9))
    return [ends(student, values, level=level / 100) for level in rng.different(5, 1, 99)]


@hidden("interval")
def values_that_are_skewed(student, rng):
    """Values whose mean is not in the middle, some of them equal."""
    found = []
    for _ in range(3):
        low = rng.integer(1, 20) / 4
        values = [low] * rng.integer(2, 5) + [low + rng.integer(3, 9), low + rng.integer(20, 40)]
        found.append(ends(student, rng.shuffled(values), rng.integer(60, 99) / 100))
    return found


@hidden("interval")
def values_of_any_size(student, rng):
    """Very large values and very small ones, and whole numbers: each end in units of the values."""
    found = []
    for unit in rng.shuffled([1e-9, 1e9]):
        low, high = student.interval([unit * value for value in spread(rng, 5)])
        found.append([number(low) / unit, number(high) / unit])
    return [*found, ends(student, rng.different(6, 0, 40))]


@hidden("interval")
def an_interval_that_cannot_be(student, rng):
    """ValueError for fewer than two values and for a level that is none, and only there."""
    values, level = spread(rng, rng.integer(3, 6)), rng.integer(5, 90) / 100
    calls = {
        "no value": ([], level),
        "one value": (values[:1], level),
        "two values": (values[:2], level),
        "level 0": (values, 0.0),
        "level 1": (values, 1.0),
        "a level below 0": (values, -level),
        "a level above 1": (values, 1 + level),
    }
    found = {name: outcome(lambda a=a: student.interval(*a), ValueError) for name, a in calls.items()}
    return {**found, "as it should be": ends(student, values, level)}


@hidden("interval")
def values_as_they_were(student, rng):
    """After the call the values are what they were, in their order."""
    values = spread(rng, rng.integer(4, 8))
    return {"interval": ends(student, values), "values after the call": values}


# permutation_test


def apart(rng, count, other, by, unit=1.0):
    """Two lists of multiples of a unit, the second one higher by so many, with no equal numbers."""
    numbers = rng.different(count + other, 0, 60)
    return [unit * value for value in numbers[:count]], [unit * (value + by) for value in numbers[count:]]


SIZES = [(3, 3), (2, 5), (5, 2), (4, 3), (4, 5), (6, 3)]


@hidden("permutation_test", tolerance=1e-9)
def two_groups(student, rng):
    """Unpaired, lists of equal lengths and of different ones, either of which may be higher."""
    kinds = [(*size, rng.shuffled([-12.5, 9.5, 20.5])[0]) for size in SIZES]
    kinds.append((1, 6, rng.shuffled([-70.5, 70.5])[0]))  # so far away that there is nothing in the other tail
    return [number(student.permutation_test(*apart(rng, *kind))) for kind in rng.shuffled(kinds)]


@hidden("permutation_test", tolerance=1e-9)
def pairs(student, rng):
    """Paired, with differences of either sign."""
    found = []
    for count in rng.shuffled([4, 5, 6, 7]):
        ours, theirs = apart(rng, count, count, rng.shuffled([-15.5, 0.5, 11.5])[0])
        found.append(number(student.permutation_test(ours, theirs, paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def the_smallest_possible(student, rng):
    """Lists that do not overlap: the observed assignment is the most extreme one, and it is one of all."""
    found = []
    for count, other in rng.shuffled([(2, 2), (3, 3), (2, 4), (1, 3), (4, 2)]):
        low, high = apart(rng, count, other, 200)
        found.append(number(student.permutation_test(*rng.shuffled([low, high]))))
    for count in rng.different(3, 1, 8):
        low, high = apart(rng, count, count, 200)
        found.append(number(student.permutation_test(*rng.shuffled([low, high]), paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def equal_numbers(student, rng):
    """Numbers that occur several times: each assignment of positions counts."""
    found = []
    for _ in range(6):
        a, b, c, d, e = [60 * value for value in rng.different(5, 0, 60)]  # no mean is rounded
        numbers = rng.shuffled([a, a, b, b, c, c, d, d, e])
        size = rng.integer(3, 6)
        found.append(number(student.permutation_test(numbers[:size], numbers[size:])))
    return found


@hidden("permutation_test", tolerance=1e-9)
def ties_by_rounding(student, rng):
    """Tenths, of which sums are not exact: assignments with equal differences are equal."""
    found = []
    for _ in range(8):
        tenths = [rng.integer(1, 9) / 10 for _ in range(12)]
        size = rng.integer(4, 6)
        found.append(number(student.permutation_test(tenths[:size], tenths[size:10])))
        found.append(number(student.permutation_test(tenths[:6], tenths[6:], paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def nearly_as_large(student, rng):
    """A difference that is smaller by less than the tolerance counts, and one that is smaller by more does not."""
    found = []
    for sign in rng.shuffled([1, -1] * 3):
        near, far = rng.different(2, 1, 4)  # few: whoever tries all orders makes a list of them
        largest, ours = 1000.0 * rng.integer(2, 9), float(rng.integer(3, 30))
        one = largest / (1 + 1 / (1 + near + far))  # more in a number makes a difference of means larger by `largest`
        others = [ours + 6e-10 * one] * near + [ours + 3e-9 * one] * far
        theirs = [sign * other for other in rng.shuffled([largest, *others])]
        both = [sign * ours], theirs
        found.append(number(student.permutation_test(*rng.shuffled(both))))
    return found


@hidden("permutation_test", tolerance=1e-9)
def numbers_of_any_size(student, rng):
    """Very large numbers and very small ones: what counts as equal grows with them."""
    found = []
    for unit in rng.shuffled([1e-12, 1e-5, 1e11]):
        numbers = [unit * (12 * rng.integer(1, 10**5) + place) / 10**5 for place in range(12)]  # no two are equal
        found.append(number(student.permutation_test(numbers[:4], numbers[4:10])))
        found.append(number(student.permutation_test(numbers[:6], numbers[6:], paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def the_middle_of_it(student, rng):
    """Lists whose means are near each other, among large numbers far from them: many assignments count."""
    found = []
    for paired in rng.shuffled([True] * 2 + [False] * 5):
        ours, theirs = apart(rng, 5, 5 if paired else 3, 1.5)
        ours[rng.integer(0, 4)] += 300.5
        ours.sort()  # so whoever sorts it changes no pair: they would in some draws, and not in others
        theirs[rng.integer(0, 2)] += 250.5
        found.append(number(student.permutation_test(ours, theirs, paired)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def nothing_to_compare(student, rng):
    """ValueError for an empty list, and for pairs of different lengths, and only there."""
    ours, theirs = apart(rng, 3, 2, 0.5)
    calls = {
        "ours empty": ([], theirs),
        "theirs empty": (ours, []),
        "both empty": ([], []),
        "both empty, paired": ([], [], True),
        "one is empty, paired": (ours, [], True),
        "three and two, paired": (ours, theirs, True),
        "two and three, paired": (theirs, ours, True),
        "three and two": (ours, theirs),
        "one pair": (ours[:1], theirs[:1], True),
    }
    found = {name: outcome(lambda a=a: student.permutation_test(*a), ValueError) for name, a in calls.items()}
    return {**found, "p": [number(student.permutation_test(*apart(rng, 5, 4, 3.5))) for _ in range(3)]}


@hidden("permutation_test", tolerance=1e-9)
def lists_as_they_were(student, rng):
    """After the call both lists are what they were, in their order."""
    lists = [apart(rng, 6, 6, by) for by in rng.shuffled([8.5, -3.5, 0.5])]
    found = [
        [number(student.permutation_test(*both, paired)) for paired in rng.shuffled([True, False])] for both in lists
    ]
    return {"p": found, "lists after the calls": lists}


# serving_cost

BOTH = ["".join(name) for name in ("GPT-2", "encoder-decoder")]


def bill(student, *arguments, **options):
    """Both counts, in whatever pair they come."""
    computed, cached = student.serving_cost(*arguments, **options)
    return [number(computed), number(cached)]


def stacks(rng):
    """An even number of layers, more than one in each stack, and a width."""
    return 2 * rng.integer(2, 12), rng.integer(3, 70)


@hidden("serving_cost")
def one_answer_of_gpt2(student, rng):
    """GPT-2, one turn: a long source and a short answer, and the other way round."""
    few, many = rng.different(2, 2, 9), rng.different(2, 20, 99)
    sizes = rng.shuffled([(few[0], many[0]), (many[1], few[1])])
    return [bill(student, "GPT-2", *stacks(rng), *pair) for pair in sizes]


@hidden("serving_cost")
def one_answer_of_an_encoder_decoder(student, rng):
    """The encoder-decoder, one turn: a long source and a short answer, and the other way round."""
    few, many = rng.different(2, 2, 9), rng.different(2, 20, 99)
    sizes = rng.shuffled([(few[0], many[0]), (many[1], few[1])])
    return [bill(student, "encoder-decoder", *stacks(rng), *pair) for pair in sizes]


@hidden("serving_cost")
def a_chat_with_gpt2(student, rng):
    """GPT-2, several turns."""
    return [
        bill(student, "GPT-2", *stacks(rng), *rng.different(2, 2, 40), turns=turns) for turns in rng.different(3, 2, 9)
    ]


@hidden("serving_cost")
def a_chat_with_an_encoder_decoder(student, rng):
    """The encoder-decoder, several turns."""
    return [
        bill(student, "encoder-decoder", *stacks(rng), *rng.different(2, 2, 40), turns=turns)
        for turns in rng.different(3, 2, 9)
    ]


@hidden("serving_cost")
def sizes_of_one(student, rng):
    """A source of one token, an answer of one token, and two layers, for both architectures."""
    found = []
    for name in rng.shuffled(BOTH):
        layers, width = stacks(rng)
        found.append(bill(student, name, layers, width, 1, rng.integer(2, 9), rng.integer(2, 5)))
        found.append(bill(student, name, layers, width, rng.integer(2, 9), 1, rng.integer(2, 5)))
        found.append(bill(student, name, 2, 1, rng.integer(2, 9), rng.integer(2, 9), 1))
    return found


@hidden("serving_cost")
def an_architecture_without_a_price(student, rng):
    """ValueError for another architecture, and only there."""
    sizes = (*stacks(rng), *rng.different(2, 2, 30))
    names = rng.shuffled(["encoder", "decoder", "prefix-LM", "gpt-2", "", "encoder-decoder, tied"])
    found = {name: outcome(lambda name=name: student.serving_cost(name, *sizes), ValueError) for name in names}
    return {**found, "of both": [bill(student, name, *sizes) for name in BOTH]}


# Evidence


def said(evidence, table):
    """A number, both ends of its interval, and a verdict. What is changed in the table is not charged here."""
    value, (low, high), judgement = evidence({part: [dict(row) for row in rows] for part, rows in table.items()})
    return [number(value), number(low), number(high), str(judgement)]


def thousandths(rng, low, high, count):
    return [rng.integer(low, high) / 1000 for _ in range(count)]


# Differences of eight pairs, in thousandths and in any order. For all but WILD and ROUGH the smallest p is reached, or
# one sign change more. With a margin of 10 and four comparisons, SURE holds and WILD is open; the others say why not.
SURE = (18, 26, 31, 37, 22, 45, 29, 53)
STRAY = (18, 26, 31, 37, 22, 45, 29, -4)  # one pair is the other way round: p is 4 of 256
STRAYS = (38, 26, 31, 37, 42, 45, -9, -4)  # and here two pairs are: p is 8 of 256
FAINT = (1, 2, 2, 3, 1, 4, 3, 30)  # p is smallest, the mean 5.75, and the interval contains the margin
SLIGHT = (1, 2, 3, 1, 2, 4, 3, 2)  # p is smallest, and the interval is below the margin
WILD = (-58, 71, 49, -44, 66, -51, 43, -28)
BEHIND = (-21, -32, -24, -37, -41, -16, -19, -30)


def varied(rng, differences, step=1):
    """The same kind of differences, in any order."""
    return rng.shuffled([value + step * rng.integer(0, 2) / 4 for value in differences])


# evidence_two_kinds

SINGLE = ["one stack", "positions begin anew", "prefix-LM"]
OTHERS = ["tied, same shape", "no encoder layers"]
SERVING = {  # lowest and highest share in thousandths, and how many there are
    "well": (975, 999, 4),
    "mostly": (943, 999, 9),  # one draw is below 950, and the interval is not
    "perhaps": (930, 985, 4),
    "perhaps not": (915, 970, 4),
    "badly": (890, 935, 4),
}


def two_kinds(rng, serving, tied, best, others=(WILD, WILD), sizes=True, chosen=None):
    """A table of translations: how well it serves, and differences to the tied rival, to the best of one stack, and to
    the other two.

    sizes   more numbers than 300 are there; else it serves as it does at 300
    chosen  which one of one stack is the best; None: any
    """
    draws, chosen = rng.different(8, 0, 40), rng.integer(0, 2) if chosen is None else chosen
    top = 700 if serving == "badly" else 890
    ours = dict(zip(draws, thousandths(rng, top - 200, top, 8) if sizes else at_300(rng, serving), strict=True))
    left = list(others)
    kinds = {"tied, widened": tied} | {
        model: best if place == chosen else left.pop() for place, model in enumerate(SINGLE)
    }
    rows = [run("encoder-decoder", 300, draw, test) for draw, test in ours.items()]
    for model, kind in kinds.items():
        level = 800 if model == SINGLE[chosen] else 760
        differences = varied(rng, kind)
        high = rng.integer(0, 7)  # one draw of a rival that is not the best has the highest validation of all
        for place, (draw, difference) in enumerate(zip(draws, differences, strict=True)):
            lucky = 960 if place == high and level == 760 else level + rng.integer(-15, 15)
            rows.append(run(model, 300, draw, ours[draw] - difference / 1000, lucky / 1000))
    rows += [run(model, 300, d, rng.integer(0, 1000) / 1000) for model in OTHERS for d in rng.different(5, 0, 60)]
    for size in rng.different(2, 20, 200) + ([500, 1000 * rng.integer(2, 90)] if sizes else []):
        for model in ["encoder-decoder", *kinds, *OTHERS]:
            span = SERVING[serving] if model == "encoder-decoder" and size >= 500 else (300, 990, 4)
            if size == 500:
                span = SERVING["badly" if serving == "well" else "well"]
            tests = spread_over(rng, *span)
            rows += [run(model, size, d, t) for d, t in zip(rng.different(len(tests), 0, 30), tests, strict=True)]
    rows += [run(model, 100_000, draw, 0.5) for model in ("prefix-LM", *OTHERS) for draw in (0, 1)]
    rows = filled(rng, rows, [1e-3, 2e-3, 4e-3], (1, 999), (100, 3000))
    return {"text": [{"way": "one stack", "test": 2.5}], "translation": rows}


def at_300(rng, serving):
    """Eight shares, so that the encoder-decoder serves at 300 numbers as it is said."""
    low, high, _ = SERVING[serving]
    return spread_over(rng, low, high, 8)


def spread_over(rng, low, high, count=4):
    """So many shares from low to high, in thousandths, both ends among them; in the middle they are balanced."""
    middle = (low + high) // 2
    inner = [middle + rng.integer(-3, 3) for _ in range(count - 2)]
    return rng.shuffled([value / 1000 for value in (low, high, *inner)])


def run(model, numbers, draw, test, validation=None):
    """A row of the table, but for what ``filled`` draws."""
    return {
        "numbers": numbers,
        "model": "".join(model),
        "rate": None,
        "draw": draw,
        "validation": validation,
        "test": test,
        "steps": None,
    }


def filled(rng, rows, rates, validation, steps):
    """Rows whose rate, validation and steps are drawn, where they are None: for all at once, since one by one it takes
    longer than the rest.

    validation, steps  from the first to the last; a validation in thousandths
    """
    drawn = zip(*(rng.integers(*ends, len(rows)).tolist() for ends in ((0, 2), validation, steps)), strict=True)
    for row, (rate, value, step) in zip(rows, drawn, strict=True):
        for name, filling in (("rate", rates[rate]), ("validation", value / 1000), ("steps", step)):
            row[name] = filling if row[name] is None else row[name]
    return rng.shuffled(rows)


def decide(student, rng, kinds):
    """Each one of one stack is the best in some of the tables."""
    tables = [two_kinds(rng, *kind, chosen=place % 3) for place, kind in enumerate(rng.shuffled(kinds))]
    return [said(student.evidence_two_kinds, table) for table in tables]


@hidden("evidence_two_kinds")
def clear_results(student, rng):
    """Every part holds or fails clearly: it serves or not, and is ahead of each rival or not."""
    return decide(
        student,
        rng,
        [
            ("well", SURE, SURE),
            ("well", BEHIND, SURE, (SURE, SURE)),
            ("well", SURE, BEHIND, (SURE, SURE)),
            ("badly", BEHIND, BEHIND, (SURE, SURE)),
            ("badly", SURE, BEHIND),
            ("badly", BEHIND, SURE),
        ],
    )


@hidden("evidence_two_kinds")
def results_that_decide_nothing(student, rng):
    """Differences that vary too much, and a share whose interval contains 0.95."""
    return decide(
        student,
        rng,
        [
            ("perhaps", WILD, WILD),
            ("perhaps", BEHIND, WILD, (SURE, SURE)),
            ("perhaps not", BEHIND, BEHIND),
            ("mostly", BEHIND, BEHIND),
            ("badly", WILD, BEHIND),
            ("perhaps", SURE, WILD),
            ("badly", BEHIND, WILD, (BEHIND, SURE)),
        ],
    )


@hidden("evidence_two_kinds")
def differences_below_the_margin(student, rng):
    """Differences of the same sign in all pairs, and too small."""
    return decide(
        student,
        rng,
        [
            ("badly", SLIGHT, SLIGHT),
            ("badly", FAINT, SLIGHT),
            ("badly", SLIGHT, FAINT),
            ("perhaps", FAINT, FAINT),
            ("well", SLIGHT, SURE),
        ],
    )


@hidden("evidence_two_kinds")
def p_values_of_four_comparisons(student, rng):
    """One pair the other way round: whether it is too many depends on the other comparisons."""
    return decide(
        student,
        rng,
        [
            ("badly", BEHIND, STRAY, (WILD, WILD)),
            ("badly", WILD, STRAY, (WILD, WILD)),
            ("perhaps", STRAY, WILD, (WILD, WILD)),
            ("perhaps", STRAY, WILD, (SURE, WILD)),
            ("badly", BEHIND, STRAY, (SURE, BEHIND)),
            ("perhaps", STRAYS, WILD, (WILD, WILD)),
            ("perhaps", WILD, STRAYS, (WILD, WILD)),
        ],
    )


@hidden("evidence_two_kinds")
def three_hundred_are_the_most(student, rng):
    """Tables in which the encoder-decoder has no more than 300 numbers."""
    return decide(
        student, rng, [(serving, WILD, WILD, (BEHIND, SURE), False) for serving in ("well", "perhaps", "badly")]
    )


@hidden("evidence_two_kinds")
def equal_validation(student, rng):
    """Ways of one stack with equal validation: it is the first one in ONE_STACK."""
    found = []
    for place, equal in enumerate(rng.shuffled([(0, 1), (0, 2), (1, 2), (1, 2)])):
        table = two_kinds(rng, "well", WILD, SURE, (BEHIND, WILD), chosen=equal[place % 2])
        for row in table["translation"]:
            if row["numbers"] == 300 and row["model"] in SINGLE:
                row["validation"] = 0.75 if SINGLE.index(row["model"]) in equal else 0.5
        found.append(said(student.evidence_two_kinds, table))
    return found


def without(rows, model, size, place=0):
    """Rows without one draw of a model and size."""
    draws = sorted(row["draw"] for row in rows if (row["model"], row["numbers"]) == (model, size))
    return [row for row in rows if (row["model"], row["numbers"], row["draw"]) != (model, size, draws[place])]


@hidden("evidence_two_kinds")
def draws_that_are_missing(student, rng):
    """ValueError where a rival and the encoder-decoder do not have the same draws at 300 numbers, and only there."""
    found = {}
    for model in ["encoder-decoder", "tied, widened", *SINGLE, *OTHERS]:
        rows = two_kinds(rng, "well", SURE, SURE)["translation"]
        table = {"translation": without(rows, model, 300, rng.integer(0, 4))}
        found[f"{model} lacks one"] = outcome(lambda table=table: student.evidence_two_kinds(table), ValueError)
    rows = two_kinds(rng, "well", SURE, SURE)["translation"]
    first, second = rng.shuffled(["tied, widened", *SINGLE])[:2]
    table = {"translation": [row for row in rows if (row["model"], row["numbers"]) != (first, 300)]}
    found["no draw"] = outcome(lambda table=table: student.evidence_two_kinds(table), ValueError)
    other = next(row for row in rows if (row["model"], row["numbers"]) == (second, 300))
    table = {"translation": [{**row, "draw": 100} if row is other else row for row in rows]}
    found["another draw"] = outcome(lambda table=table: student.evidence_two_kinds(table), ValueError)
    size = max(row["numbers"] for row in rows if row["model"] == "encoder-decoder")
    table = {"translation": without(rows, rng.shuffled(["one stack", "tied, widened"])[0], size)}
    found["at another size"] = outcome(lambda: student.evidence_two_kinds(table), ValueError)
    places = zip((SURE, WILD, BEHIND), rng.different(3, 0, 2), strict=True)
    whole = [two_kinds(rng, "well", SURE, kind, chosen=chosen) for kind, chosen in places]
    return {**found, "as it should be": [number(student.evidence_two_kinds(table)[0]) for table in whole]}


@hidden("evidence_two_kinds")
def tables_of_translations_stay(student, rng):
    """Tables are the same after the call as before."""
    kinds = zip((("well", SURE), ("badly", WILD)), rng.different(2, 0, 2), strict=True)
    tables = [two_kinds(rng, *kind, SURE, chosen=chosen) for kind, chosen in kinds]
    found = []
    for table in tables:
        value, _, judgement = student.evidence_two_kinds(table)
        found.append([number(value), str(judgement)])
    return {"found": found, "tables": [[list(row.values()) for row in table["translation"]] for table in tables]}


# evidence_cut

# Costs of seven seeds, in thousandths of a bit, with a margin of 20; and changes at another cut, with a limit of 50.
DEAR = (61, 72, 83, 66, 77, 94, 58)
ODD = (61, 72, 83, 66, 77, 94, -5)  # one seed is the other way round: p is 4 of 128
DIM = (2, 3, 4, 2, 5, 3, 81)  # p is smallest, the mean 14, and the interval contains the margin
CHEAP = (3, 5, 4, 6, 8, 2, 7)
ROUGH = (-81, 152, 121, -72, 93, 64, -40)
RUGGED = (-102, 405, 351, -48, 297, 253, 22)  # the dearest of all, and not sure
GAIN = (-31, -42, -55, -36, -47, -28, -60)
LITTLE = (11, -4, 21, 14, 1, 6, -9)
LONE = (1, 2, 0, 3, 1, 2, 71)  # one seed changes by more than the limit, and the interval does not reach it
MILD = (31, 33, 36, 30, 35, 38, 32)
FAR = (112, 91, 103, 124, 96, 131, 88)
GAINED = (-112, -91, -103, -124, -96, -131, -88)
MIXED = (-62, 98, -28, 74, 41, 2, 30)
NEAR = (30, 45, 62, 51, 58, 39, 66)  # all below or around the limit, and the interval contains it


def bits(rng, low, high):
    return rng.integer(low, high) / 1000


def text_row(way, layers, cut, tested, seed, test):
    """A row of the table, but for what ``filled`` draws."""
    return {
        "way": "".join(way),
        "layers": layers,
        "cut": "".join(cut) if isinstance(cut, str) else cut,
        "tested at": tested,
        "rate": None,
        "seed": seed,
        "steps": None,
        "validation": None,
        "test": test,
    }


def cut_table(rng, costs, changes, count=7, rank=0):
    """A table of text: the costs of each cut, and its changes at the next cut; elsewhere these are LITTLE.

    count  how many seeds there are
    rank   how many cuts are smaller than the cheapest one; more than there are begin anew
    """
    seeds, cuts = rng.different(count, 0, 30), rng.different(len(costs), 1, 127)
    cheapest = min(range(len(costs)), key=lambda place: sum(costs[place]))
    while sorted(cuts).index(cuts[cheapest]) != rank % len(cuts):
        cuts = rng.shuffled(cuts)
    stack = {seed: bits(rng, 1500, 2900) for seed in seeds}
    rows = [text_row("one stack", 4, None, None, seed, test) for seed, test in stack.items()]
    for place, (cut, cost, change) in enumerate(zip(cuts, costs, changes, strict=True)):
        own = {seed: stack[seed] + each / 1000 for seed, each in zip(seeds, varied(rng, cost), strict=False)}
        rows += [text_row("encoder-decoder", 4, cut, cut, seed, test) for seed, test in own.items()]
        for at in cuts:
            if at != cut:
                kind = change if at == cuts[(place + 1) % len(cuts)] else LITTLE
                moved = varied(rng, kind)
                rows += [
                    text_row("encoder-decoder", 4, cut, at, seed, own[seed] + each / 1000)
                    for seed, each in zip(seeds, moved, strict=False)
                ]
    low = rng.shuffled([300, 4000])[0]
    others = [("one stack", 2, None, None), ("asked behind the cut", 4, cuts[0], cuts[0])]
    others += [("encoder-decoder", 4, "random", cut) for cut in cuts]
    others += [("positions begin anew", 4, cuts[0], cut) for cut in cuts]
    rows += [text_row(*other, seed, bits(rng, low, low + 500)) for other in others for seed in rng.different(4, 0, 40)]
    rows = filled(rng, rows, [3e-3, 6e-3, 1.2e-2], (1000, 5000), (600, 600))
    return {"translation": [{"model": "encoder-decoder", "test": 0.9}], "text": rows}


def decide_cut(student, rng, kinds):
    """The cheapest cut is the smallest one in some of the tables, and in others it is not."""
    tables = [cut_table(rng, *kind, rank=rank) for rank, kind in enumerate(rng.shuffled(kinds))]
    return [said(student.evidence_cut, table) for table in tables]


def raised(costs, by):
    return tuple(cost + by for cost in costs)


NONE = (LITTLE, LITTLE, LITTLE)
HIGHER = (DEAR, raised(DEAR, 90), raised(DEAR, 200))


@hidden("evidence_cut")
def clear_costs(student, rng):
    """Every part holds or fails clearly."""
    return decide_cut(
        student,
        rng,
        [
            (HIGHER, NONE),
            (HIGHER, (FAR, FAR, FAR)),
            ((GAIN, DEAR, raised(DEAR, 90)), NONE),
            ((GAIN, CHEAP, raised(GAIN, -60)), (FAR, GAINED, FAR)),
            (HIGHER, (LITTLE, GAINED, LITTLE)),
        ],
    )


@hidden("evidence_cut")
def one_cut_of_three(student, rng):
    """One cut costs too little, or perhaps; or one place is worse, or perhaps."""
    return decide_cut(
        student,
        rng,
        [
            ((DEAR, raised(DEAR, 90), CHEAP), NONE),
            ((DEAR, raised(DEAR, 90), CHEAP), (FAR, LITTLE, LITTLE)),
            ((DEAR, ROUGH, raised(DEAR, 90)), (LITTLE, FAR, LITTLE)),
            ((CHEAP, ROUGH, raised(DEAR, 90)), (LITTLE, FAR, MIXED)),
            ((DEAR, ROUGH, raised(DEAR, 90)), (LITTLE, MIXED, LITTLE)),
        ],
    )


@hidden("evidence_cut")
def costs_around_the_margin(student, rng):
    """Costs that are sure and small, and one seed of seven the other way round."""
    return decide_cut(
        student,
        rng,
        [
            ((CHEAP, raised(DEAR, 20)), (FAR, LITTLE)),
            ((DIM, raised(DEAR, 20)), (FAR, LITTLE)),
            ((ODD, raised(DEAR, 90)), (FAR, LITTLE)),
            ((ODD, raised(CHEAP, 20)), (FAR, LITTLE)),
            ((raised(DEAR, -40), raised(DEAR, 20)), (FAR, LITTLE)),
            ((DEAR, RUGGED), (FAR, LITTLE)),
            ((DEAR, raised(GAIN, -200)), (FAR, LITTLE)),
        ],
    )


@hidden("evidence_cut")
def changes_around_the_limit(student, rng):
    """A single seed that changes much, a mean near the limit, and gains as well as losses."""
    return decide_cut(
        student,
        rng,
        [
            ((ROUGH, CHEAP), (LONE, LITTLE)),
            ((ROUGH, CHEAP), (NEAR, LITTLE)),
            ((CHEAP, GAIN), (GAINED, LITTLE)),
            ((CHEAP, GAIN), (FAR, FAR)),
            ((CHEAP, GAIN), (MILD, LITTLE)),
            ((CHEAP, GAIN), (MIXED, LONE)),
        ],
    )


@hidden("evidence_cut")
def few_seeds(student, rng):
    """Three, five and six seeds: with too few, no p is small enough."""
    return decide_cut(student, rng, [(HIGHER, (MIXED, LITTLE, MIXED), count) for count in (3, 4, 5, 6, 7)])


@hidden("evidence_cut")
def seeds_that_are_missing(student, rng):
    """ValueError where a model has not exactly one stack's seeds, at its own cut or elsewhere, and only there."""
    found = more_seeds_and_none(student, rng)
    for name, pick in {
        "one stack lacks one": lambda row: (row["way"], row["layers"]) == ("one stack", 4),
        "at its own cut": lambda row: row["way"] == "encoder-decoder" and row["cut"] == row["tested at"],
        "at another cut": lambda row: (
            row["way"] == "encoder-decoder" and row["cut"] not in ("random", row["tested at"])
        ),
        "half a stack": lambda row: (row["way"], row["layers"]) == ("one stack", 2),
        "random cuts": lambda row: row["cut"] == "random",
    }.items():
        rows = cut_table(rng, HIGHER, NONE)["text"]
        rows.remove(next(row for row in rows if pick(row)))
        found[name] = outcome(lambda rows=rows: student.evidence_cut({"text": rows}), ValueError)
        rows = cut_table(rng, HIGHER, NONE)["text"]
        next(row for row in rows if pick(row))["seed"] += 100
        found[f"another seed, {name}"] = outcome(lambda rows=rows: student.evidence_cut({"text": rows}), ValueError)
    kinds = zip((HIGHER, (GAIN, *HIGHER[1:]), (ROUGH, *HIGHER[1:])), rng.different(3, 0, 2), strict=True)
    whole = [cut_table(rng, costs, NONE, rank=rank) for costs, rank in kinds]
    return {**found, "as it should be": [number(student.evidence_cut(table)[0]) for table in whole]}


def more_seeds_and_none(student, rng):
    """A model has another seed besides, where it was tested elsewhere; and one was tested only elsewhere."""
    more, none = (cut_table(rng, HIGHER, NONE)["text"] for _ in range(2))
    models = [row for row in more if row["way"] == "encoder-decoder" and row["cut"] not in ("random", row["tested at"])]
    more.append(models[0] | {"seed": models[0]["seed"] + 100})
    cut = rng.shuffled([row["cut"] for row in none if row["way"] == "encoder-decoder" and row["cut"] != "random"])[0]
    none = [row for row in none if (row["way"], row["cut"], row["tested at"]) != ("encoder-decoder", cut, cut)]
    return {
        name: outcome(lambda rows=rows: student.evidence_cut({"text": rows}), ValueError)
        for name, rows in (("a seed more at another cut", more), ("nothing at its own cut", none))
    }


@hidden("evidence_cut")
def tested_elsewhere(student, rng):
    """A model may be tested where no other was trained, and another one at its own cut alone."""
    found = []
    for more in rng.shuffled([True, False]):
        kind = (HIGHER[:2], NONE[:2]) if more else (HIGHER, (LITTLE, FAR, LITTLE))  # no more rows than elsewhere
        table = cut_table(rng, *kind, rank=rng.integer(0, 2))
        models = [row for row in table["text"] if (row["way"], row["layers"]) == ("encoder-decoder", 4)]
        fixed = [row for row in models if row["cut"] != "random"]
        own = {(row["cut"], row["seed"]): row["test"] for row in fixed if row["cut"] == row["tested at"]}
        if more:
            cut, place = rng.shuffled(sorted({cut for cut, _ in own}))[0], rng.integer(200, 300)
            rows = [row for row in fixed if row["cut"] == row["tested at"] == cut]
            moved = zip(rows, varied(rng, FAR), strict=True)
            table["text"] += [{**row, "tested at": place, "test": row["test"] + by / 1000} for row, by in moved]
        else:
            far = {row["cut"] for row in fixed if row["test"] - own[row["cut"], row["seed"]] > 0.08}
            gone = [row for row in fixed if row["cut"] in far and row["cut"] != row["tested at"]]
            table["text"] = [row for row in table["text"] if not any(row is one for one in gone)]
        found.append(said(student.evidence_cut, table))
    return found


@hidden("evidence_cut")
def tables_of_cuts_stay(student, rng):
    """Tables are the same after the call as before."""
    kinds = zip((NONE, (FAR, LITTLE, LITTLE)), rng.different(2, 0, 2), strict=True)
    tables = [cut_table(rng, HIGHER, changes, rank=rank) for changes, rank in kinds]
    found = []
    for table in tables:
        value, _, judgement = student.evidence_cut(table)
        found.append([number(value), str(judgement)])
    return {"found": found, "tables": [[list(row.values()) for row in table["text"]] for table in tables]}
