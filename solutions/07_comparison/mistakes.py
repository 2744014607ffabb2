"""Mistakes that students make in notebook 07. Each is one replacement in the reference solution."""

from autograder.authoring import Mistake

FOUND = 'mean(run["validation"] for run in runs if run["rate"] == rate)'
FINITE = "if math.isfinite(found):"
NONE_LEFT = "if not means:"
CHOSEN = 'return [run for run in runs if run["rate"] == best]'

CROSSING = 'any("cross" in part for part in parts)'

MASK_ALONE = "return max(alike), verdict(max(alike) == 0, max(apart) == 0)"
ROWS_ALIKE = 'for row in table["layers"] if row["norms"] == norms]'

A_PASS = 'sum(row["tokens"] for row in training) / sum(row["passes"] for row in training)'
EACH_PASS = 'all(row["tokens"] == row["passes"] for row in rows)'

BERTS = 'rows = [row for row in table["texts"] if row["model"] == "BERT"]'
NO_PROBABILITY = "return all(abs(row[name] - 1) > 0.01 for row in rows)"
SEES = 'all(row["sees later"] == 1 for row in rows)'
BLANKED = 'return mean(row["each word blanked"] for row in rows), verdict('

ZEROS = "verdict(*(length == 0 for length in lengths))"

MOST = 'run["layers"] == 4 and run["numbers"] == most]'
LEAD = "mean(theirs) - max(map(mean, tests.values()))"
SERVES = "mean(theirs) >= 0.95"
NEEDED = "min(theirs) > max(map(max, tests.values()))"

STACK = 'if run["way"] == "one stack" and run["layers"] == 4)'
FIXED = 'if run["way"] == "encoder-decoder" and run["cut"] != "random"]'
LOSS = 'run["test"] - own[run["cut"], run["seed"]]'
LOSES = "min(losses) > 0.05"
BELOW = "one_stack < min(means)"

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
    # evidence_no_encoder_attention
    Mistake(
        "blocks without counted", "evidence_no_encoder_attention", replace="without.count(False)", by="without.count(True)",
        says="You count the blocks that have no attention to an encoder. How many have it, is asked.",
    ),
    Mistake(
        "parts counted", "evidence_no_encoder_attention", replace="without.count(False)", by='sum("cross" in part for parts in table["blocks"].values() for part in parts)',
        says="You count parts. How many blocks have such parts?",
    ),
    Mistake(
        "all blocks counted", "evidence_no_encoder_attention", replace="without.count(False)", by="len(without)",
        says="You count all blocks. How many have parts of the attention to an encoder?",
    ),
    Mistake(
        "whether, not how many", "evidence_no_encoder_attention", replace="without.count(False)", by="int(False in without)",
        says="Your number says whether there is such a block. How many are there?",
    ),
    Mistake(
        "cross in every part", "evidence_no_encoder_attention", replace=CROSSING, by=CROSSING.replace("any", "all"),
        says="A block counts for you only if all of its parts belong to the attention to an encoder. Is one not enough?",
    ),
    Mistake(
        "names that begin with cross", "evidence_no_encoder_attention", replace=CROSSING, by='any(part.startswith("cross") for part in parts)',
        says="You look for names that begin with \"cross\". Where in a name may it stand?",
    ),
    Mistake(
        "one exact name", "evidence_no_encoder_attention", replace='any("cross" in part for part in parts)', by='"crossattention" in parts',
        says="You look for one exact name. What have all names of such parts in common?",
    ),
    Mistake(
        "names of blocks read", "evidence_no_encoder_attention", replace='parts) for parts in table["blocks"].values()', by='[block, *parts]) for block, parts in table["blocks"].items()',
        says="You look at the name of the block, too. Whose names does the docstring speak of?",
    ),
    Mistake(
        "parts of the blocks negated", "evidence_no_encoder_attention", replace="verdict(*without)", by="verdict(*(not none for none in without))",
        says="You confirm that the blocks have attention to an encoder. Read what the part for each block says.",
    ),
    Mistake(
        "one part for all blocks", "evidence_no_encoder_attention", replace="verdict(*without)", by="verdict(all(without))",
        says="Your verdict has a single part, so that it is never qualified. How many parts does it have?",
    ),
    Mistake(
        "one block is enough", "evidence_no_encoder_attention", replace="verdict(*without)", by="verdict(any(without))",
        says="For you one block without is enough to confirm. How many parts does the verdict have?",
    ),
    Mistake(
        "the first twelve blocks", "evidence_no_encoder_attention", replace='table["blocks"].values()]', by='list(table["blocks"].values())[:12]]',
        says="You look at twelve blocks, as the smallest GPT-2 has. How many are there in the table?",
    ),
    Mistake(
        "names run together", "evidence_no_encoder_attention", replace=CROSSING, by='"cross" in "".join(parts)',
        says="You join the names of the parts, and two of them can make a \"cross\" that neither has. Whose names does the docstring speak of?",
    ),
    Mistake(
        "blocks that are alike counted once", "evidence_no_encoder_attention", replace='table["blocks"].values()]', by='{tuple(parts) for parts in table["blocks"].values()}]',
        says="Blocks with the same parts are one block for you. What does a set do with equal values?",
    ),
    # evidence_mask_alone
    Mistake(
        "the smallest difference", "evidence_mask_alone", replace=MASK_ALONE, by="return min(alike), verdict(max(alike) == 0, max(apart) == 0)",
        says="Your number is the smallest difference. Which one would show that the mask is not all?",
    ),
    Mistake(
        "the mean difference", "evidence_mask_alone", replace=MASK_ALONE, by="return mean(alike), verdict(max(alike) == 0, max(apart) == 0)",
        says="Your number is a mean. Which difference does the docstring ask for?",
    ),
    Mistake(
        "the largest difference of all", "evidence_mask_alone", replace=MASK_ALONE, by="return max(alike + apart), verdict(max(alike) == 0, max(apart) == 0)",
        says="Your number is over all layers. Over which ones is it asked for?",
    ),
    Mistake(
        "the largest difference where norms are apart", "evidence_mask_alone", replace=MASK_ALONE, by="return max(apart), verdict(max(alike) == 0, max(apart) == 0)",
        says="Your number is of the layers whose norms are apart. Which ones does the docstring name?",
    ),
    Mistake(
        "norms not told apart", "evidence_mask_alone", replace=ROWS_ALIKE, by='for row in table["layers"] if norms]',
        says="Both parts of your verdict look at the same layers. What does \"norms\" say of a layer?",
    ),
    Mistake(
        "one layer without a difference is enough", "evidence_mask_alone", replace="verdict(max(alike) == 0, max(apart) == 0)", by="verdict(min(alike) == 0, min(apart) == 0)",
        says="For you a part holds if one layer has no difference. What does the docstring say of the others?",
    ),
    Mistake(
        "nearly nothing taken for nothing", "evidence_mask_alone", replace="verdict(max(alike) == 0, max(apart) == 0)", by="verdict(max(alike) < 1e-6, max(apart) < 1e-6)",
        says="You take small differences for none. How exact does the docstring want it?",
    ),
    Mistake(
        "parts of the mask negated", "evidence_mask_alone", replace="verdict(max(alike) == 0, max(apart) == 0)", by="verdict(max(alike) != 0, max(apart) != 0)",
        says="Your parts hold where there are differences. What does the claim say?",
    ),
    Mistake(
        "second part of the mask negated", "evidence_mask_alone", replace="max(apart) == 0)", by="max(apart) != 0)",
        says="Your second part holds where norms that are apart make a difference. Would that speak for the claim, or against it?",
    ),
    Mistake(
        "norms alike alone", "evidence_mask_alone", replace="verdict(max(alike) == 0, max(apart) == 0)", by="verdict(max(alike) == 0)",
        says="Your verdict has one part. What of the layers whose norms are apart?",
    ),
    Mistake(
        "one part for both norms", "evidence_mask_alone", replace="verdict(max(alike) == 0, max(apart) == 0)", by="verdict(max(alike) == 0 and max(apart) == 0)",
        says="You make one part of two, so that the verdict is never qualified. How are several parts handed to verdict?",
    ),
    Mistake(
        "a part for each layer", "evidence_mask_alone", replace="verdict(max(alike) == 0, max(apart) == 0)", by="verdict(*(difference == 0 for difference in alike + apart))",
        says="Your verdict has a part for each layer. How many does the docstring name?",
    ),
    Mistake(
        "the first twelve layers", "evidence_mask_alone", replace=ROWS_ALIKE, by=ROWS_ALIKE.replace('table["layers"]', 'table["layers"][:12]'),
        says="You look at twelve rows, as many as this notebook has made. How many are there in the table?",
    ),
    Mistake(
        "one layer for each seed", "evidence_mask_alone", replace=f'[row["difference"] {ROWS_ALIKE}', by='list({row["seed"]: row["difference"] for row in table["layers"] if row["norms"] == norms}.values())',
        says="You keep one layer of each seed, and others have the same one. What happens in a dict to a key that is there already?",
    ),
    # evidence_one_at_a_time
    Mistake(
        "passes by tokens", "evidence_one_at_a_time", replace=A_PASS, by='sum(row["passes"] for row in training) / sum(row["tokens"] for row in training)',
        says="You divide passes by tokens. What is asked: tokens in a pass, or passes for a token?",
    ),
    Mistake(
        "mean of the fractions", "evidence_one_at_a_time", replace=A_PASS, by='mean(row["tokens"] / row["passes"] for row in training)',
        says="You divide row by row, and take the mean. What does the docstring say to divide by what?",
    ),
    Mistake(
        "tokens of a row", "evidence_one_at_a_time", replace=A_PASS, by='mean(row["tokens"] for row in training)',
        says="Your number is of tokens in a row of the table. How many are there in a pass?",
    ),
    Mistake(
        "tokens a pass of generation", "evidence_one_at_a_time", replace=A_PASS, by=A_PASS.replace("training", "generation"),
        says="Your number is that of generation. Of which task is it asked?",
    ),
    Mistake(
        "tokens a pass of both tasks", "evidence_one_at_a_time", replace=A_PASS, by=A_PASS.replace("in training", "in training + generation"),
        says="Your number is of both tasks together. Of which one is it asked?",
    ),
    Mistake(
        "one text is enough", "evidence_one_at_a_time", replace=EACH_PASS, by=EACH_PASS.replace("all(", "any("),
        says="For you a part holds if it holds for one text. What does \"every\" mean?",
    ),
    Mistake(
        "sums of tokens and passes compared", "evidence_one_at_a_time", replace=EACH_PASS, by='sum(row["tokens"] for row in rows) == sum(row["passes"] for row in rows)',
        says="You compare sums, in which one text can make up for another. What does \"every\" mean?",
    ),
    Mistake(
        "as many passes at least", "evidence_one_at_a_time", replace=EACH_PASS, by=EACH_PASS.replace("==", "<="),
        says="Texts that took more passes than they have tokens count for you, too. Is that a pass for each token?",
    ),
    Mistake(
        "as many tokens at least", "evidence_one_at_a_time", replace=EACH_PASS, by=EACH_PASS.replace("==", ">="),
        says="Texts that took fewer passes than they have tokens count for you, too. Is that a pass for each token?",
    ),
    Mistake(
        "parts of passes negated", "evidence_one_at_a_time", replace=EACH_PASS, by=EACH_PASS.replace("==", "!="),
        says="Your parts hold where tokens and passes differ. What does the claim say?",
    ),
    Mistake(
        "second part of passes negated", "evidence_one_at_a_time", replace=f"verdict(*({EACH_PASS} for rows in (generation, training)))",
        by='verdict(all(row["tokens"] == row["passes"] for row in generation), not all(row["tokens"] == row["passes"] for row in training))',
        says="Your second part holds where training does not take a pass for each token. Does that speak for the claim, or against it?",
    ),
    Mistake(
        "generation alone", "evidence_one_at_a_time", replace="for rows in (generation, training)", by="for rows in (generation,)",
        says="Your verdict looks at generation alone. What is its second part about?",
    ),
    Mistake(
        "one part for both tasks", "evidence_one_at_a_time", replace="for rows in (generation, training)", by="for rows in (generation + training,)",
        says="You make one part of two, so that the verdict is never qualified. How many parts does the docstring name?",
    ),
    Mistake(
        "one pass more or less", "evidence_one_at_a_time", replace=EACH_PASS, by='all(abs(row["tokens"] - row["passes"]) <= 1 for row in rows)',
        says="A pass too many or too few does not matter to you. How exact does the docstring want it?",
    ),
    Mistake(
        "equal rows counted once", "evidence_one_at_a_time", replace=A_PASS, by='(lambda once: sum(tokens for tokens, _ in once) / sum(passes for _, passes in once))({(row["tokens"], row["passes"]) for row in training})',
        says="Rows with the same numbers count once for you. What does a set do with equal values?",
    ),
    Mistake(
        "a dict by tokens", "evidence_one_at_a_time", replace=A_PASS, by='(lambda found: sum(found) / sum(found.values()))({row["tokens"]: row["passes"] for row in training})',
        says="Of rows with as many tokens you keep the last one. What happens in a dict to a key that is there already?",
    ),
    # evidence_bert
    Mistake(
        "GPT-2 among the BERTs", "evidence_bert", replace=BERTS, by='rows = table["texts"]',
        says="You look at all models. Of which ones does the claim speak?",
    ),
    Mistake(
        "GPT-2 instead of BERT", "evidence_bert", replace='== "BERT"', by='!= "BERT"',
        says="You look at the models that are no BERTs. Of which ones does the claim speak?",
    ),
    Mistake(
        "the mean of what is written from the left", "evidence_bert", replace=BLANKED, by=BLANKED.replace("each word blanked", "written from the left"),
        says="Your number is of another column. Which one does the docstring name?",
    ),
    Mistake(
        "the mean distance from 1", "evidence_bert", replace=BLANKED, by='return mean(abs(row["each word blanked"] - 1) for row in rows), verdict(',
        says="Your number is how far the sums are from 1. What is asked for is the mean of the sums.",
    ),
    Mistake(
        "the largest sum", "evidence_bert", replace=BLANKED, by=BLANKED.replace("mean(", "max("),
        says="Your number is the largest sum. Which one does the docstring ask for?",
    ),
    Mistake(
        "sums above 1 alone", "evidence_bert", replace="abs(row[name] - 1) > 0.01", by="row[name] - 1 > 0.01",
        says="You find only sums above 1. May a sum of probabilities be below 1?",
    ),
    Mistake(
        "sums below 1 alone", "evidence_bert", replace="abs(row[name] - 1) > 0.01", by="1 - row[name] > 0.01",
        says="You find only sums below 1. May a sum of probabilities be above 1?",
    ),
    Mistake(
        "any distance from 1", "evidence_bert", replace="abs(row[name] - 1) > 0.01", by="row[name] != 1",
        says="For you the slightest distance from 1 counts. How large does the docstring want it?",
    ),
    Mistake(
        "a limit of a tenth", "evidence_bert", replace="> 0.01", by="> 0.1",
        says="Your limit is too far from 1. Count the zeros of the one in the docstring.",
    ),
    Mistake(
        "near to 1, not away from it", "evidence_bert", replace="> 0.01", by="<= 0.01",
        says="Your parts hold where sums are 1. Does a sum of 1 speak for the claim, or against it?",
    ),
    Mistake(
        "the mean of the sums compared with 1", "evidence_bert", replace=NO_PROBABILITY, by="return abs(mean(row[name] for row in rows) - 1) > 0.01",
        says="You compare a mean with 1, in which one BERT can make up for another. What does \"every\" mean?",
    ),
    Mistake(
        "one BERT away from 1 is enough", "evidence_bert", replace=NO_PROBABILITY, by=NO_PROBABILITY.replace("all(", "any("),
        says="For you a sum is off if it is off for one BERT. What does \"every\" mean?",
    ),
    Mistake(
        "one BERT that sees is enough", "evidence_bert", replace=SEES, by=SEES.replace("all(", "any("),
        says="For you one BERT that sees all is enough. What does \"every\" mean?",
    ),
    Mistake(
        "something of what comes later", "evidence_bert", replace='row["sees later"] == 1', by='row["sees later"] > 0.9',
        says="For you most of what comes later is all of it. Which share is all?",
    ),
    Mistake(
        "sees nothing of what comes later", "evidence_bert", replace='row["sees later"] == 1', by='row["sees later"] != 1',
        says="Your first part holds where BERT does not see all that comes later. What does the claim say?",
    ),
    Mistake(
        "two parts of three", "evidence_bert", replace='        is_no_probability("written from the left"),\n', by="",
        says="Your verdict has two parts, and the docstring names three. Which sum is missing?",
    ),
    Mistake(
        "both sums in one part", "evidence_bert", replace='is_no_probability("each word blanked"),\n        is_no_probability("written from the left"),',
        by='is_no_probability("each word blanked") and is_no_probability("written from the left"),',
        says="You make one part of two. How many does the docstring name, and what if one of the sums is off and the other is not?",
    ),
    Mistake(
        "nearly all of what comes later", "evidence_bert", replace='row["sees later"] == 1', by='row["sees later"] > 0.9999',
        says="For you nearly all of what comes later is all of it. Which share is all?",
    ),
    Mistake(
        "a hundredth of the sum", "evidence_bert", replace=NO_PROBABILITY, by="return all(not math.isclose(row[name], 1, rel_tol=0.01) for row in rows)",
        says="Your limit grows with the sum, which is what a relative tolerance does. What does the docstring say: how far from 1?",
    ),
    # evidence_zero_context
    Mistake(
        "the longest context", "evidence_zero_context", replace="return min(lengths)", by="return max(lengths)",
        says="Your number is the longest length. Which one is nearest to the claim?",
    ),
    Mistake(
        "the mean context", "evidence_zero_context", replace="return min(lengths)", by="return mean(lengths)",
        says="Your number is a mean. Which length does the docstring ask for?",
    ),
    Mistake(
        "the context of the first row", "evidence_zero_context", replace="return min(lengths)", by="return lengths[0]",
        says="Your number is that of the row that happens to stand first. Which length does the docstring ask for?",
    ),
    Mistake(
        "contexts that are zero counted", "evidence_zero_context", replace="return min(lengths)", by="return lengths.count(0)",
        says="You count the vectors of length 0. What is asked for is a length.",
    ),
    Mistake(
        "the shortest that is not zero", "evidence_zero_context", replace="return min(lengths)", by="return min((length for length in lengths if length > 0), default=0.0)",
        says="You leave out the lengths that are 0. Is 0 not shorter than all others?",
    ),
    Mistake(
        "short taken for zero", "evidence_zero_context", replace="length == 0 for", by="length < 1e-6 for",
        says="You take short vectors for none. How exact does the docstring want it?",
    ),
    Mistake(
        "parts of the context negated", "evidence_zero_context", replace="length == 0 for", by="length != 0 for",
        says="Your parts hold where a vector is not zero. What does the claim say?",
    ),
    Mistake(
        "one part for all layers", "evidence_zero_context", replace=ZEROS, by="verdict(all(length == 0 for length in lengths))",
        says="Your verdict has a single part, so that it is never qualified. How many parts does it have?",
    ),
    Mistake(
        "one zero is enough", "evidence_zero_context", replace=ZEROS, by="verdict(min(lengths) == 0)",
        says="For you one layer is enough to confirm. How many parts does the verdict have?",
    ),
    Mistake(
        "a dict by layer", "evidence_zero_context", replace='lengths = [row["context"] for row in table["first word"]]', by='lengths = list({row["layer"]: row["context"] for row in table["first word"]}.values())',
        says="You keep one length for each layer, and every model has a layer 0. What happens in a dict to a key that is there already?",
    ),
    Mistake(
        "a part for each layer of all models", "evidence_zero_context", replace=ZEROS,
        by='verdict(*(all(row["context"] == 0 for row in table["first word"] if row["layer"] == layer) for layer in {row["layer"] for row in table["first word"]}))',
        says="You make one part of the layers of several models. For what does the docstring ask a part each?",
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
