"""Hidden tests of notebook 07. Sizes are unequal everywhere, and no answer can be guessed.

Tables of results are made up, with the keys of the real ones and rows in any order. A verdict
is one of three strings, so that each question about evidence shows several tables, and at least one of each kind.
"""

import copy
import math

from autograder.probe import hidden, outcome

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": """
        comparison_table ledger reach reach_maps reached run_dots score_curves train under_grading visible_check""",
    "coursekit.checkpoints": "PYTHON_DOCS",
    "coursekit.corpus": "Corpus",
    "coursekit.documentation": "documents fingerprint",
    "coursekit.number_words": "NumberWords Sentences",
    "coursekit.results": "comparison_runs",
    "coursekit.student_t": "t_quantile",
    "statistics": "NormalDist inv_cdf",
    "parts": """
        GPT2 DecoderLayer Encoder OneStack Transformer causal_mask decode_with_encoder generate_cached
        language_model_loss load_gpt2_weights mask_tokens match_parameters pack predicted_reach prefix_mask shift_right
        sinusoidal_positions train_step training_targets""",
    "torch": "LayerNorm layer_norm gelu GELU scaled_dot_product_attention",
    "torch.utils.flop_counter": "FlopCounterMode",
    "transformers": "AutoTokenizer GPT2Config GPT2LMHeadModel PreTrainedTokenizerBase from_pretrained",
}


def number(value):
    """A number of any kind as a float; what is none stays as it is."""
    return value if value is None or isinstance(value, str | bool) else float(value)


# supervised_fraction


@hidden("supervised_fraction")
def fractions_of_each_objective(student, rng):
    """Every objective, at several lengths."""
    found = []
    for length in rng.different(3, 20, 90):
        probability, cut = rng.integer(5, 95) / 100, rng.integer(3, length - 3)
        found.append(number(student.supervised_fraction("causal", length)))
        found.append(number(student.supervised_fraction("masked", length, probability=probability)))
        found.append(number(student.supervised_fraction("encoder-decoder", length, cut)))
    return found


@hidden("supervised_fraction")
def fractions_of_a_cut(student, rng):
    """One text that an encoder-decoder cuts in several places."""
    length = rng.integer(12, 50)
    return [number(student.supervised_fraction("encoder-decoder", length, cut)) for cut in rng.different(5, 1, 11)]


@hidden("supervised_fraction")
def a_cut_at_the_ends(student, rng):
    """The cut may stand before the first token and after the last."""
    length = rng.integer(5, 30)
    cuts = rng.shuffled([0, 0, length, length - 1, 1, rng.integer(2, length - 2)])
    return [number(student.supervised_fraction("encoder-decoder", length, cut=cut)) for cut in cuts]


@hidden("supervised_fraction")
def masked_with_some_probability(student, rng):
    """Blanks: with the probability that it has if none is given, and with others, from 0 to 1."""
    chances = rng.shuffled([0, 1, 1.0, rng.integer(1, 9) / 1000, rng.integer(2, 98) / 100])
    found = [number(student.supervised_fraction("masked", rng.integer(1, 50), probability=p)) for p in chances]
    return [*found, number(student.supervised_fraction("masked", rng.integer(2, 60)))]


@hidden("supervised_fraction")
def what_an_objective_does_not_use(student, rng):
    """A cut does nothing where nothing is cut, and a probability nothing where nothing is hidden by chance."""
    length, chance = rng.integer(10, 40), rng.integer(20, 80) / 100
    cuts = rng.different(2, 1, length - 1)
    found = [
        lambda: student.supervised_fraction("causal", length, cuts[0], chance),
        lambda: student.supervised_fraction("masked", length, cuts[0], chance),
        lambda: student.supervised_fraction("encoder-decoder", length, cuts[1], chance),
        lambda: student.supervised_fraction("causal", length, length + cuts[0]),
        lambda: student.supervised_fraction("masked", length, -cuts[1], chance),
    ]
    return [number(call()) for call in rng.shuffled(found)]


@hidden("supervised_fraction")
def no_objective(student, rng):
    """ValueError for another objective, with a cut and without, and only for that."""
    length = rng.integer(8, 300)
    others = ["", "Causal", "BERT", "mask", "GPT-2", "prefix-LM", "decoder", "encoder", f"masked-{length}"]
    names = rng.shuffled([*others, f"causal {length}", "encoder-decoder ", "causal", "masked", "encoder-decoder"])
    return {
        name: outcome(
            lambda name=name: student.supervised_fraction("".join(name), length, rng.integer(1, 7)), ValueError
        )
        for name in names
    }


@hidden("supervised_fraction")
def no_cut(student, rng):
    """ValueError for an encoder-decoder without a cut or with one outside the text, and only for that."""
    length = rng.integer(6, 20)
    cuts = [-rng.integer(2, 9), -1, 0, rng.integer(1, length - 1), length, length + 1, length + rng.integer(2, 9), None]
    return {
        f"a cut of {cut} in {length}": outcome(
            lambda cut=cut: student.supervised_fraction("encoder-decoder", length, cut), ValueError
        )
        for cut in cuts
    }


# best_by_validation


def rates(rng, count):
    """Rates of learning, in any order."""
    return [factor * 2**-12 for factor in rng.different(count, 1, 40)]


def runs_of(rng, validations):
    """Runs of one model, in any order, with these validations at each rate."""
    seeds, way = rng.different(9, 0, 99), rng.shuffled(["encoder-decoder", "prefix-LM", "one stack"])[0]
    return rng.shuffled(
        [
            {
                "way": way,
                "layers": 4,
                "rate": float(repr(rate)),  # the same number, and another object
                "seed": seed,
                "steps": 300,
                "validation": validation,
                "test": rng.integer(1, 10**6) / 10**6,
                "curve": [(10, rng.integer(0, 200) / 200), (20, rng.integer(0, 200) / 200)],
            }
            for rate, found in validations.items()
            for seed, validation in zip(seeds, found, strict=False)
        ]
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
    failed = [math.nan, *scattered(rng, 1.5, 2)]
    validations = [*(scattered(rng, height, 3) for height in (2.5, 2.2, 2.8)), failed]
    runs = runs_of(rng, dict(zip(rates(rng, 4), validations, strict=True)))
    for run in runs:
        run["tested at"], run["cut"] = rng.shuffled([32, 64, None])[0], rng.shuffled([32, "random", None])[0]
        run["rate"] = 4096 * run["rate"]
    return {"chosen": chosen(student, runs), "runs after the call": named(runs)}


# interval


def spread(rng, count):
    """Different values in any order, at least as many as a spread needs."""
    return [rng.integer(-50, 50) / 10 + place for place in rng.shuffled(list(range(0, 5 * count, 5)))]


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
    values, level = spread(rng, rng.integer(3, 6)), rng.integer(5, 95) / 100
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


@hidden("permutation_test", tolerance=1e-9)
def two_groups(student, rng):
    """Unpaired, lists of equal lengths and of different ones, either of which may be higher."""
    sizes = rng.shuffled([(3, 3), (2, 5), (5, 2), (4, 3), (1, 6)])
    return [number(student.permutation_test(*apart(rng, *size, rng.shuffled([-12.5, 9.5, 20])[0]))) for size in sizes]


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
        low, high = apart(rng, count, other, 100)
        found.append(number(student.permutation_test(*rng.shuffled([low, high]))))
    for count in rng.different(3, 1, 8):
        low, high = apart(rng, count, count, 100)
        found.append(number(student.permutation_test(*rng.shuffled([low, high]), paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def equal_numbers(student, rng):
    """Numbers that occur several times: each assignment of positions counts."""
    found = []
    for _ in range(4):
        a, b, c = rng.different(3, 0, 12)
        numbers = rng.shuffled([a, a, a, b, b, c, c])
        size = rng.integer(2, 5)
        found.append(number(student.permutation_test(numbers[:size], numbers[size:])))
    return found


@hidden("permutation_test", tolerance=1e-9)
def ties_by_rounding(student, rng):
    """Tenths, of which sums are not exact: assignments with equal differences are equal."""
    found = []
    for _ in range(6):
        tenths = [rng.integer(1, 9) / 10 for _ in range(8)]
        size = rng.integer(2, 6)
        found.append(number(student.permutation_test(tenths[:size], tenths[size:])))
        found.append(number(student.permutation_test(tenths[:4], tenths[4:], paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def numbers_of_any_size(student, rng):
    """Very large numbers and very small ones: what counts as equal grows with them."""
    found = []
    for unit in rng.shuffled([1e-12, 1e-5, 1e11]):
        numbers = [unit * rng.integer(1, 99) / 10 for _ in range(7)]
        found.append(number(student.permutation_test(numbers[:3], numbers[3:])))
        found.append(number(student.permutation_test(numbers[:3], numbers[3:6], paired=True)))
    return found


@hidden("permutation_test", tolerance=1e-9)
def the_middle_of_it(student, rng):
    """Lists whose means are near each other, among large numbers far from them: many assignments count."""
    found = []
    for paired in rng.shuffled([True, True, False, False]):
        ours, theirs = apart(rng, 5, 5 if paired else 3, 1.5)
        ours[rng.integer(0, 4)] += 300.5
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
    return {**found, "p": [number(student.permutation_test(*apart(rng, 4, 3, 3.5))) for _ in range(3)]}


@hidden("permutation_test", tolerance=1e-9)
def lists_as_they_were(student, rng):
    """After the call both lists are what they were, in their order."""
    ours, theirs = apart(rng, 4, 4, 8.5)
    found = [number(student.permutation_test(ours, theirs, paired)) for paired in rng.shuffled([True, False])]
    return {"p": found, "ours": ours, "theirs": theirs}


# serving_cost

BOTH = ["".join(name) for name in ("GPT-2", "encoder-decoder")]


def bill(student, *arguments, **options):
    """Both counts, in whatever pair they come."""
    computed, cached = student.serving_cost(*arguments, **options)
    return [number(computed), number(cached)]


def stacks(rng):
    """An even number of layers, and a width."""
    return 2 * rng.integer(1, 12), rng.integer(3, 70)


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


def said(found):
    """A number and a verdict, in whatever pair they come."""
    value, judgement = found
    return [number(value), str(judgement)]


def of_each(evidence, tables):
    """What is said of each table. What is changed in one is not charged here."""
    return [said(evidence(copy.deepcopy(table))) for table in tables]


def of_each_and_after(evidence, tables):
    return {"found": [said(evidence(table)) for table in tables], "tables after the calls": tables}


# evidence_two_kinds

ONE_TEXT = ["loss on the target", "prefix-LM", "loss on everything"]


def thousandths(rng, low, high, count):
    return [rng.integer(low, high) / 1000 for _ in range(count)]


def translation_runs(rng, way, layers, numbers, tests):
    rate = rng.shuffled([1e-3, 2e-3, 4e-3])[0]
    return [
        {
            "way": "".join(way),
            "layers": layers,
            "numbers": numbers,
            "rate": rate,
            "seed": seed,
            "steps": 300,
            "validation": rng.integer(1, 999) / 1000,
            "test": test,
            "curve": [(10, 0.0), (20, rng.integer(0, 200) / 200)],
        }
        for seed, test in zip(rng.different(len(tests), 0, 9), tests, strict=True)
    ]


def translation_table(rng, theirs, others, more=()):
    """Runs that count: the encoder-decoder's, and those of three ways in any order. And others that do not.

    more  of (way, layers, share of the numbers, tests)
    """
    numbers, ways = 1000 * rng.integer(20, 90), rng.shuffled(ONE_TEXT)
    rows = translation_runs(rng, "encoder-decoder", 4, numbers, theirs)
    for way, tests in zip(ways, others, strict=True):
        rows += translation_runs(rng, way, 4, numbers, tests)
    for way, layers, share, tests in more:
        rows += translation_runs(rng, way, layers, int(numbers * share), tests)
    return {"text": [{"way": "one stack", "test": 2.5}], "translation": rng.shuffled(rows)}


def of_both_kinds(rng, serves, needed):
    """Tests of the encoder-decoder, and of three ways."""
    theirs = thousandths(rng, 955, 990, 3) if serves else thousandths(rng, 620, 900, rng.integer(2, 4))
    top = 940 if serves else 600
    others = [thousandths(rng, top - 130 * (k + 1), top - 130 * k, rng.integer(2, 4)) for k in range(3)]
    if not needed:  # a run of a way whose mean is not the highest is better than the worst of theirs
        others[1] = thousandths(rng, 10, 90, 2) + [(min(theirs) + max(theirs)) / 2 + 0.002]
    return theirs, others


KINDS = [(True, True), (True, False), (False, True), (False, False)]


@hidden("evidence_two_kinds")
def runs_that_count(student, rng):
    """Only runs that count, from several seeds: it serves or does not, and is needed or is not."""
    tables = [translation_table(rng, *of_both_kinds(rng, *kind)) for kind in rng.shuffled(KINDS)]
    return of_each(student.evidence_two_kinds, tables)


def either(rng, count=3):
    """Tests that are all very good, or all very bad, or as others are."""
    ranges = [(992, 1000), (0, 9), (300, 980), (300, 980)]
    return thousandths(rng, *rng.shuffled(ranges)[0], count)


@hidden("evidence_two_kinds")
def fewer_layers(student, rng):
    """Also with runs of other numbers of layers."""
    tables = []
    for kind in rng.shuffled([*KINDS, (True, True)]):
        more = [(way, rng.shuffled([2, 6])[0], 1, either(rng)) for way in ONE_TEXT]
        more += [("encoder-decoder", layers, 1, either(rng)) for layers in (2, 6)]
        tables.append(translation_table(rng, *of_both_kinds(rng, *kind), more))
    return of_each(student.evidence_two_kinds, tables)


@hidden("evidence_two_kinds")
def fewer_numbers(student, rng):
    """Also with runs that had fewer numbers to learn from, of every way."""
    tables = []
    for kind in rng.shuffled([*KINDS, (True, True)]):
        ways = [*ONE_TEXT, "encoder-decoder"]
        more = [(way, 4, share, either(rng)) for way in ways for share in (0.98, 1 / rng.integer(3, 90))]
        tables.append(translation_table(rng, *of_both_kinds(rng, *kind), more))
    return of_each(student.evidence_two_kinds, tables)


@hidden("evidence_two_kinds")
def without_encoder_layers(student, rng):
    """Also with runs without encoder layers, whatever they score."""
    tables = []
    for kind in rng.shuffled([*KINDS, (True, True), (False, False)]):
        more = [("no encoder layers", layers, share, either(rng)) for layers, share in ((2, 1), (4, 1), (4, 0.03))]
        tables.append(translation_table(rng, *of_both_kinds(rng, *kind), more))
    return of_each(student.evidence_two_kinds, tables)


@hidden("evidence_two_kinds")
def close_calls(student, rng):
    """A mean of just what is asked, a worst run as good as the best one, and single runs that stand out."""
    low = [thousandths(rng, 100, 400, 3), thousandths(rng, 100, 400, 2)]
    good, fair = thousandths(rng, 960, 990, 2), rng.integer(600, 800) / 1000
    just = rng.shuffled([[0.92, 0.98], [0.925, 0.975], [0.93, 0.97], [0.934, 0.966]])[0]  # mean 0.95, in float32, too
    kinds = [
        (just, [thousandths(rng, 500, 900, 2), *low]),
        (just, [[0.97, 0.5], *low]),
        ([0.949, 0.949], [thousandths(rng, 500, 900, 2), *low]),
        ([0.949, 0.948], [[0.97, 0.5], *low]),
        (good, [[min(good), 0.5], *low]),
        (good, [[min(good) - 0.0005, 0.5], *low]),
        ([fair, fair + 0.1], [[fair, fair - 0.3], *low]),
        ([fair, fair + 0.1], [[fair + 0.15, fair + 0.18], *low]),
        ([0.951, 0.953], [[0.97, 0.964], *low]),
        ([0.99, 0.99, 0.9], [[0.6, 0.3], *low]),  # its worst run is below 0.95, and its mean is not
        ([0.99, 0.7, 0.7], [[0.6, 0.3], *low]),  # its best run is not below 0.95, and its mean is
        ([fair + 0.1, fair + 0.12], [[fair + 0.11, 0.01], [0.55, 0.56, 0.57], low[0]]),
    ]
    tables = [translation_table(rng, theirs, rng.shuffled(others)) for theirs, others in rng.shuffled(kinds)]
    return of_each(student.evidence_two_kinds, tables)


@hidden("evidence_two_kinds")
def tables_of_translations_stay(student, rng):
    """One run of each way, and tables that are the same after the call as before."""
    tables = []
    for serves, needed in rng.shuffled(KINDS):
        theirs, others = of_both_kinds(rng, serves, needed)
        tables.append(translation_table(rng, [min(theirs)], [tests[-1:] for tests in others]))
    return of_each_and_after(student.evidence_two_kinds, tables)


# evidence_cut


def bits(rng, low, high):
    return rng.integer(low, high) / 1000


def stack_runs(rng, tests, layers=4, way="one stack"):
    rate = rng.shuffled([3e-3, 6e-3, 1.2e-2])[0]
    return [
        {
            "way": "".join(way),
            "layers": layers,
            "cut": None,
            "tested at": None,
            "rate": rate,
            "seed": seed,
            "steps": 600,
            "validation": bits(rng, 1000, 5000),
            "test": test,
        }
        for seed, test in zip(rng.different(len(tests), 0, 9), tests, strict=True)
    ]


def cut_runs(rng, cut, tests, way="encoder-decoder"):
    """The runs of one cut: `tests` has what each seed scores at each cut."""
    rate = rng.shuffled([3e-3, 6e-3, 1.2e-2])[0]
    return [
        {
            "way": "".join(way),
            "layers": 4,
            "cut": "".join(cut) if isinstance(cut, str) else cut,
            "tested at": tested,
            "rate": rate,
            "seed": seed,
            "steps": 600,
            "validation": bits(rng, 1000, 5000),
            "test": test,
        }
        for seed, row in zip(rng.different(len(tests), 0, 9), tests, strict=True)
        for tested, test in row.items()
    ]


def cut_table(rng, losing, below, spread=100):
    """Tables of text, and what they were made from.

    losing  do all runs lose enough at other cuts? Otherwise one or two do not, or even gain
    below   is one stack below the encoder-decoders of each cut? Otherwise it is below those of some
    spread  how far apart seeds are, in thousandths of a bit
    """
    heights = dict(zip(rng.different(3, 1, 127), (2000, 2400, 2800), strict=True))
    rows = []
    for cut, height in heights.items():
        tests = []
        for _ in range(rng.integer(2, 4)):
            own = height + rng.integer(0, spread)
            tests.append({tested: (own + rng.integer(60, 400)) / 1000 for tested in heights if tested != cut})
            tests[-1][cut] = own / 1000
        del tests[0][rng.shuffled([tested for tested in heights if tested != cut])[0]]  # not each is tested at each
        rows += cut_runs(rng, cut, tests)
    if not losing:
        off = [row for row in rows if row["tested at"] != row["cut"]]
        for row in rng.shuffled(off)[: rng.integer(1, 2)]:
            (own,) = (
                each for each in rows if each["tested at"] == row["cut"] == each["cut"] and each["seed"] == row["seed"]
            )
            row["test"] = own["test"] + bits(rng, -300, 45)
    top = 1700 if below else 2250 + spread
    rows += stack_runs(rng, [bits(rng, top, top + 90) for _ in range(rng.integer(2, 4))])
    return {"translation": [{"way": "encoder-decoder", "test": 0.9}], "text": rng.shuffled(rows)}


@hidden("evidence_cut")
def cuts_that_count(student, rng):
    """Only runs that count, from several seeds: every run loses or not, and one stack is better or not."""
    return of_each(student.evidence_cut, [cut_table(rng, *kind) for kind in rng.shuffled(KINDS)])


@hidden("evidence_cut")
def seeds_that_differ(student, rng):
    """Where runs from different seeds are further apart than a cut and another are."""
    tables = [cut_table(rng, *kind, spread=900) for kind in rng.shuffled([*KINDS, (True, True), (True, False)])]
    return of_each(student.evidence_cut, tables)


def out_of_place(rng, cuts):
    low = rng.shuffled([200, 1700, 2100, 4000])[0]
    return [{tested: bits(rng, low, low + 900) for tested in cuts} for _ in range(3)]


@hidden("evidence_cut")
def runs_that_do_not_count(student, rng):
    """Also with runs of two layers, of random cuts and of other ways, whatever they score."""
    tables = []
    other_stacks = [(2, "one stack"), (4, "one stack, anew")]
    for kind, (layers, way) in rng.shuffled([(kind, other) for kind in KINDS for other in other_stacks]):
        table = cut_table(rng, *kind)
        rows, cuts = table["text"], {row["cut"] for row in table["text"]} - {None}
        low = rng.shuffled([2700, 4000] if kind[1] else [200, 1300])[0]
        rows += stack_runs(rng, [bits(rng, low, low + 300) for _ in range(3)], layers, way)
        rows += cut_runs(rng, "random", out_of_place(rng, cuts))
        ways = ["positions begin anew", "encoder-decoder, anew", "encoder-decoder, shared"]
        for cut, way in zip(sorted(cuts), rng.shuffled(ways), strict=True):
            rows += cut_runs(rng, cut, out_of_place(rng, cuts), way)
        tables.append({**table, "text": rng.shuffled(rows)})
    return of_each(student.evidence_cut, tables)


def two_seeds(rng, own, loss, stack, apart=0.0):
    """Runs of two seeds: what each cut scores in the mean at its own, what it loses at others, and one stack's runs."""
    rows, cuts = stack_runs(rng, stack), rng.different(3, 1, 127)
    for cut, mine in zip(cuts, own, strict=True):
        around = rng.shuffled([mine - apart, mine + apart])
        at_others = dict(zip([tested for tested in cuts if tested != cut], rng.shuffled(list(loss)), strict=True))
        rows += cut_runs(
            rng, cut, [{tested: each + {cut: 0.0, **at_others}[tested] for tested in cuts} for each in around]
        )
    return {"text": rng.shuffled(rows)}


@hidden("evidence_cut")
def close_cuts(student, rng):
    """Losses of little or nothing, means that are equal, and single runs that stand out."""
    low, some = rng.integer(16, 24) / 8, rng.integer(2, 7) / 8
    own, loss, none = (low, low + 0.25, low + 0.5), (some, some / 2), (0.0, 0.0)
    kinds = [
        (own, none, [low - 0.5, low - 0.25]),
        (own, loss, [low, low]),
        (own, none, [low, low]),
        (own, (-some, -some), [low + 0.125, low + 0.125]),
        (own, (-some, some / 2), [low - 0.5, low - 0.25]),  # there are losses, and in the mean there is none
        (own, (-some / 2, some), [low - 0.5, low - 0.25]),  # there is one in the mean, and not everywhere
        (own, loss, [low - 0.75, low + 1]),  # its best run is below, and its mean is not
        (own, loss, [low + 0.125, low - 0.5]),  # its worst run is not below, and its mean is
        (own, (0.0625, 0.125), [low - 0.001] * 2),
        (own, (0.03125, 0.046875), [low - 0.001] * 2),  # they lose, and no run enough
        (own, (0.046875, 0.5), [low - 0.001] * 2),
        (own, loss, [low - 0.125, low - 0.0625], 0.25),  # in the mean below the best cut, and above its best run
        (own, loss, [low + 0.0625, low + 0.125], 0.25),  # in the mean above the best cut, and below its worst run
    ]
    return of_each(student.evidence_cut, [two_seeds(rng, *kind) for kind in rng.shuffled(kinds)])


@hidden("evidence_cut")
def tables_of_cuts_stay(student, rng):
    """The tables are the same after the call as before."""
    tables = [cut_table(rng, *kind) for kind in rng.shuffled(KINDS)]
    return of_each_and_after(student.evidence_cut, tables)
