"""Mistakes that students make in notebook 06. Most are one replacement in the reference solution."""

from autograder.authoring import Mistake

ROW = "torch.cat([words[words != pad_id], words.new_tensor([bos_id]), answer[answer != pad_id]])"
FILLED = "texts = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)  # (batch, longest)"
COUNTED = "return texts, (source != pad_id).sum(dim=1)"
PACK = f"{ROW}\n        for words, answer in zip(source, target, strict=True)\n    ]\n    {FILLED}\n    {COUNTED}"

LABELS = "labels = texts[:, 1:]"
NO_PADDING = "ignored = labels == pad_id"
IN_SOURCE = "ignored = ignored | (torch.arange(labels.shape[1]) < source_lengths[:, None])"
EVERYTHING = "if not everything:"
MARKED = "return labels.masked_fill(ignored, -100)"
TO_SOURCE = f"{LABELS}  # (batch, length - 1): position t predicts token t + 1\n    {NO_PADDING}  # (batch, length - 1)\n    {EVERYTHING}\n        {IN_SOURCE}"

EVALUATE = "    model.eval()\n"
MODES = "modes = [(part, part.training) for part in model.modules()]"
WITHOUT_GRADIENTS = "with torch.no_grad():"
WHILE = "while written.shape[1] < max_length and not ended.all():"
PACKED = "texts, source_lengths = pack(sources, written, bos_id, pad_id)"
PREFIXES = "masks = [prefix_mask(prefix_length, texts.shape[1]) for prefix_length in source_lengths.tolist()]"
MASKS = f"mask = None\n                if prefix:\n                    {PREFIXES}\n                    mask = torch.stack(masks)[:, None]  # (batch, 1, length, length)"
LAST = "last = (texts != pad_id).sum(dim=1) - 1"
READ = f"{PACKED}  # (batch, length)\n                {MASKS}\n                {LAST}"
LAST_COLUMN = "last = torch.full((len(texts),), texts.shape[1] - 1)"
SIDE_BY_SIDE = "source_lengths = (sources != pad_id).sum(dim=1)\n                texts = torch.cat([sources, torch.full((len(sources), 1), bos_id), written], dim=1)"
CHOSEN = "tokens = logits.argmax(dim=-1).masked_fill(ended, pad_id)"
ENDED = "ended = ended | (tokens == eos_id)"
WRITTEN = "written = torch.cat([written, tokens[:, None]], dim=1)"
RESTORED = "for part, training in modes:\n            part.training = training"

DECODE = "return encoder(x, causal_mask(x.shape[1]))"

BOTH = "both = encoder_layers * (attention + 2 * d_model * d_ff) + decoder_layers * (2 * attention + 2 * d_model * d_ff)"
DIVMOD = "divmod(both - num_layers * attention, num_layers * 2 * d_model)"
COMPUTED = f"{BOTH}\n    width, rest = {DIVMOD}"
CHECKED = "if rest != 0 or width < 1:"
NONE_FITS = 'raise ValueError(f"no d_ff gives {num_layers} layers of width {d_model} {both:,} weights")'

OPENED = "causal_mask(length) | in_prefix "
PREFIX = "return causal_mask(length) | in_prefix  # (length, length): every position may attend to the prefix"
FITS = "if not 0 <= prefix_length <= length:"
REFUSED = 'raise ValueError(f"a prefix of {prefix_length} does not fit into {length} positions")'

ALL = "return torch.ones(length, length, dtype=torch.bool)"
DECODERS = 'if architecture in ("decoder", "GPT-2"):'
CAUSAL = "return causal_mask(length)"
PREFIXES_TOO = 'if architecture in ("encoder-decoder", "prefix-LM"):'
PREFIXED = "return prefix_mask(source_length, length)"
FROM_CAUSAL = f"{CAUSAL}\n    {PREFIXES_TOO}\n        {PREFIXED}"
FROM_ALL = f"{ALL}\n    {DECODERS}\n        {FROM_CAUSAL}"
NO_PREDICTION = 'raise ValueError(f"there is no prediction for {architecture!r}")'


def decoder_layers(*lines):
    """What decoder layers alone get, in the place of GPT-2's mask. The lines change `mask`, in which all is False."""
    made = "".join(f"\n        {line}" for line in ("mask = torch.zeros(length, length, dtype=torch.bool)", *lines, "return mask"))
    return DECODERS, f'if architecture == "decoder":{made}\n    if architecture == "GPT-2":'


def prefixed(architecture, change):
    """What the two architectures with a prefix get. The line changes `mask` for one of them."""
    return f'mask = prefix_mask(source_length, length)\n        if architecture == "{architecture}":\n            {change}\n        return mask'


TARGET_CAUSAL = "mask[source_length:, source_length:] = torch.ones(target_length, target_length).tril().bool()"

MISTAKES = [
    # pack
    Mistake(
        "padding left inside the texts", "pack", replace=ROW, by="torch.cat([words, words.new_tensor([bos_id]), answer])",
        says="Padding of the source is left between its words and bos. What should stand directly before bos?",
    ),
    Mistake(
        "padding of the source left inside", "pack", replace=ROW, by="torch.cat([words, words.new_tensor([bos_id]), answer[answer != pad_id]])",
        says="You remove the padding of the target, and leave that of the source between its words and bos.",
    ),
    Mistake(
        "no bos", "pack", replace=ROW, by="torch.cat([words[words != pad_id], answer[answer != pad_id]])",
        says="There is no bos in your texts. How does the model know where the source ends?",
    ),
    Mistake(
        "the target first", "pack", replace=ROW, by="torch.cat([answer[answer != pad_id], words.new_tensor([bos_id]), words[words != pad_id]])",
        says="Your texts begin with the target. Which of the two is given, and must be seen by the other?",
    ),
    Mistake(
        "bos at the beginning", "pack", replace=ROW, by="torch.cat([words.new_tensor([bos_id]), words[words != pad_id], answer[answer != pad_id]])",
        says="Your bos is before the source. It should be where the target begins.",
    ),
    Mistake(
        "bos before the source as well", "pack", replace=ROW, by="torch.cat([words.new_tensor([bos_id]), words[words != pad_id], words.new_tensor([bos_id]), answer[answer != pad_id]])",
        says="There are two bos in each of your texts. The contract has one, between source and target.",
    ),
    Mistake(
        "bos behind the target", "pack", replace=ROW, by="torch.cat([words[words != pad_id], answer[answer != pad_id], words.new_tensor([bos_id])])",
        says="Your bos is behind the target. Where does the model have to begin to write?",
    ),
    Mistake(
        "padding in place of bos", "pack", replace=ROW, by="torch.cat([words[words != pad_id], words.new_tensor([pad_id]), answer[answer != pad_id]])",
        says="Between source and target is pad_id in your texts. Which of the two arguments belongs there?",
    ),
    Mistake(
        "0 taken for padding", "pack", replace=ROW, by="torch.cat([words[words != 0], words.new_tensor([bos_id]), answer[answer != 0]])",
        also=[
            (PACK, PACK.replace("!= pad_id", "!= 0")),
            (PACK, PACK.replace("pad_id", "0")),
            (COUNTED, "return texts, source.count_nonzero(dim=1)"),
        ],
        says="You take the token 0 for padding. Which argument says what padding is?",
    ),
    Mistake(
        "rows filled up with 0", "pack", replace=FILLED, by="texts = nn.utils.rnn.pad_sequence(rows, batch_first=True)",
        says="Your texts are filled up with 0. Which argument says what fills them up?",
    ),
    Mistake(
        "rows filled up with bos", "pack", replace=FILLED, by="texts = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=bos_id)",
        says="Your texts are filled up with bos_id. The padding has an id of its own.",
    ),
    Mistake(
        'padding on the left', 'pack', replace=FILLED, by='texts = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id, padding_side="left")',
        says='Your texts have their padding on the left, as in notebook 5. Where does the docstring ask for it?',
    ),
    Mistake(
        "as wide as source and target together", "pack", replace=FILLED, by="texts = torch.stack([nn.functional.pad(row, (0, source.shape[1] + 1 + target.shape[1] - len(row)), value=pad_id) for row in rows])",
        also=[
            (FILLED, "longest = int((source != pad_id).sum(dim=1).max()) + 1 + int((target != pad_id).sum(dim=1).max())\n    texts = torch.stack([nn.functional.pad(row, (0, longest - len(row)), value=pad_id) for row in rows])"),
            (ROW, "torch.cat([words[words != pad_id], words.new_tensor([bos_id]), answer])"),
        ],
        says="Your texts have columns of padding alone. How long is the longest *text*?",
    ),
    Mistake(
        "two columns at least", "pack", replace=FILLED, by=f"{FILLED}\n    texts = nn.functional.pad(texts, (0, max(0, 2 - texts.shape[1])), value=pad_id)",
        says="Your texts have two columns at least. How long is the longest text, where every source and every target is empty?",
    ),
    Mistake(
        "cut at the shortest text", "pack", replace=FILLED, by="texts = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)[:, : min(map(len, rows))]",
        says="Your longer texts are cut off. Which length should the tensor have?",
    ),
    Mistake(
        "bos counted in the lengths", "pack", replace=COUNTED, by="return texts, (source != pad_id).sum(dim=1) + 1",
        says="Your lengths count bos as a token of the source. The docstring leaves it out.",
    ),
    Mistake(
        "lengths of the texts", "pack", replace=COUNTED, by="return texts, (texts != pad_id).sum(dim=1)",
        says="You return how long the whole texts are. The second value is the length of each *source*.",
    ),
    Mistake(
        "lengths of the targets", "pack", replace=COUNTED, by="return texts, (target != pad_id).sum(dim=1)",
        says="You return how long the targets are. The second value is the length of each *source*.",
    ),
    Mistake(
        "one length for all", "pack", replace=COUNTED, by="return texts, torch.full((len(source),), source.shape[1])",
        says="All your lengths are the width of the source tensor, padding included. Each row has its own.",
    ),
    Mistake(
        "lengths of padding", "pack", replace=COUNTED, by="return texts, (source == pad_id).sum(dim=1)",
        says="You count the padding of the sources, and not their tokens.",
    ),
    Mistake(
        "lengths as floats", "pack", replace=COUNTED, by="return texts, (source != pad_id).sum(dim=1).float()",
        says="Your lengths are floats, which cannot be used as an index. The docstring asks for int64.",
    ),
    Mistake(
        "lengths as int32", "pack", replace=COUNTED, by="return texts, (source != pad_id).sum(dim=1, dtype=torch.int32)",
        says="Your lengths are int32. The docstring asks for int64.",
    ),
    Mistake(
        "lengths as a list", "pack", replace=COUNTED, by="return texts, (source != pad_id).sum(dim=1).tolist()",
        says="Your lengths are a list. What does the docstring say that the second value is?",
    ),
    Mistake(
        "the first length alone", "pack", replace=COUNTED, by="return texts, (source != pad_id).sum(dim=1)[:1].expand(len(source))",
        says="Every row gets the length of the first source. Each row has its own.",
    ),
    Mistake(
        "sources sorted by length", "pack", replace=COUNTED, by="order = (source != pad_id).sum(dim=1).argsort(descending=True, stable=True)\n    return texts[order], (source != pad_id).sum(dim=1)[order]",
        also=[
            (COUNTED, "order = (source != pad_id).sum(dim=1).argsort(stable=True)\n    return texts[order], (source != pad_id).sum(dim=1)[order]"),
            (COUNTED, "order = (texts != pad_id).sum(dim=1).argsort(descending=True, stable=True)\n    return texts[order], (source != pad_id).sum(dim=1)[order]"),
        ],
        says="You sort the texts by their length. The caller expects them in the order in which they came.",
    ),
    Mistake(
        "the caller's source overwritten", 'pack', replace=COUNTED, by='lengths = (source != pad_id).sum(dim=1)\n    source[source == pad_id] = bos_id\n    return texts, lengths',
        also=[(COUNTED, "lengths = (source != pad_id).sum(dim=1)\n    for row, length in zip(source, lengths.tolist()):\n        row[length : length + 1] = bos_id\n    return texts, lengths")],
        says="After your call the caller's source has other tokens. Which line writes into it?",
    ),
    # training_targets
    Mistake(
        "labels not shifted", "training_targets", replace=LABELS, by="labels = texts[:, :-1]",
        also=[
            (LABELS, "labels = texts"),
            (TO_SOURCE, TO_SOURCE.replace("texts[:, 1:]", "texts[:, :-1]").replace("< source_lengths", "<= source_lengths")),
        ],
        says="Each of your labels is the token that the model reads at the same position. Which token should it predict there?",
    ),
    Mistake(
        "labels shifted twice", "training_targets", replace=LABELS, by="labels = torch.cat([texts[:, 2:], torch.full_like(texts[:, :1], pad_id)], dim=1)",
        also=[(MARKED, f"{MARKED}[:, 1:]")],
        says="Your labels are two positions further on. Position t predicts token t + 1.",
    ),
    Mistake(
        "as long as the texts", "training_targets", replace=LABELS, by="labels = torch.cat([texts[:, 1:], torch.full_like(texts[:, :1], pad_id)], dim=1)",
        also=[(LABELS, "labels = texts.roll(-1, dims=1)")],
        says="You return a label for each token of the texts. The inputs are texts[:, :-1], so there is one label less.",
    ),
    Mistake(
        "padding is predicted", "training_targets", replace=NO_PADDING, by="ignored = torch.zeros_like(labels, dtype=torch.bool)",
        says="Padding is a training target in your labels. Should the model learn to write it?",
    ),
    Mistake(
        "0 taken for padding there", "training_targets", replace=NO_PADDING, by="ignored = labels == 0",
        says="You leave out the token 0. Which argument says what padding is?",
    ),
    Mistake(
        "padding read, not predicted", "training_targets", replace=NO_PADDING, by="ignored = texts[:, :-1] == pad_id",
        says="You leave out where padding is *read*. The prediction of the first padding, made at the last token, should not count either.",
    ),
    Mistake(
        "the last target left out", "training_targets", replace=NO_PADDING, by="ignored = (labels == pad_id) | (nn.functional.pad(labels, (0, 1), value=pad_id)[:, 1:] == pad_id)",
        says="The last token of each target is no training target in your labels. Then the model never learns to end.",
    ),
    Mistake(
        "only padding counts", "training_targets", replace=NO_PADDING, by="ignored = labels != pad_id",
        says="In your labels the tokens are left out, and padding counts. Is the comparison the wrong way round?",
    ),
    Mistake(
        "bos does not predict", "training_targets", replace=IN_SOURCE, by="ignored = ignored | (torch.arange(labels.shape[1]) <= source_lengths[:, None])",
        says="The first token of the target is no training target in your labels. It is predicted at bos, which is position source_lengths.",
    ),
    Mistake(
        "bos is predicted", "training_targets", replace=IN_SOURCE, by="ignored = ignored | (torch.arange(labels.shape[1]) < source_lengths[:, None] - 1)",
        says="Your last word of a source predicts bos, and this counts. At which position is bos *read*?",
    ),
    Mistake(
        "the target left out", "training_targets", replace=IN_SOURCE, by="ignored = ignored | (torch.arange(labels.shape[1]) >= source_lengths[:, None])",
        also=[(IN_SOURCE, "ignored = ignored | (torch.arange(labels.shape[1]) >= source_lengths[:, None] - 1)")],
        says="Your labels ask for the source, and leave out the target.",
    ),
    Mistake(
        "one length for the batch", "training_targets", replace=IN_SOURCE, by="ignored = ignored | (torch.arange(labels.shape[1]) < source_lengths.max())",
        says="You leave out as many positions in each row as the longest source has. Each row has its own length.",
    ),
    Mistake(
        "the shortest source for all", "training_targets", replace=IN_SOURCE, by="ignored = ignored | (torch.arange(labels.shape[1]) < source_lengths.min())",
        says="You leave out as many positions in each row as the shortest source has. Each row has its own length.",
    ),
    Mistake(
        "the length of the first source", "training_targets", replace=IN_SOURCE, by="ignored = ignored | (torch.arange(labels.shape[1]) < source_lengths[0])",
        says="You use the length of the first source for every row.",
    ),
    Mistake(
        "padding forgotten beside the source", "training_targets", replace=IN_SOURCE, by="ignored = torch.arange(labels.shape[1]) < source_lengths[:, None]",
        says="With everything=False your padding counts. Both have to be left out: padding, and the source.",
    ),
    Mistake(
        "everything always", "training_targets", replace=EVERYTHING, by="if False:",
        says="Your predictions in the source count even without everything.",
    ),
    Mistake(
        "everything never", "training_targets", replace=EVERYTHING, by="if True:",
        says="With everything=True the predictions in the source should count, too. In yours they do not.",
    ),
    Mistake(
        "everything the wrong way round", "training_targets", replace=EVERYTHING, by="if everything:",
        says="Your argument `everything` does the opposite of what it says.",
    ),
    Mistake(
        "everything without bos", "training_targets", replace=EVERYTHING, by="if everything:\n        ignored = ignored | (torch.arange(labels.shape[1]) == source_lengths[:, None] - 1)\n    else:",
        says="With everything=True you leave out the prediction of bos. The docstring says that bos is a training target then.",
    ),
    Mistake(
        "padding forgotten with everything", "training_targets", replace=EVERYTHING, by="if everything:\n        ignored = torch.zeros_like(ignored)\n    else:",
        says="With everything=True your padding counts, too. Which predictions does `everything` add, and which never count?",
    ),
    Mistake(
        "padding marked by pad_id", "training_targets", replace=MARKED, by="return labels.masked_fill(ignored, pad_id)",
        says="You mark what does not count with pad_id. Which number does F.cross_entropy leave out?",
    ),
    Mistake(
        "marked by -1", "training_targets", replace=MARKED, by="return labels.masked_fill(ignored, -1)",
        says="You mark what does not count with -1. Which number does F.cross_entropy leave out?",
    ),
    Mistake(
        "marked by 0", "training_targets", replace=MARKED, by="return labels.masked_fill(ignored, 0)",
        says="You mark what does not count with 0, which may be the id of a word. Which number does F.cross_entropy leave out?",
    ),
    Mistake(
        "a mask in place of labels", "training_targets", replace=MARKED, by="return ~ignored",
        also=[(MARKED, "return (~ignored).long()")],
        says="You return which predictions count. The labels say *what* should be predicted.",
    ),
    Mistake(
        "the caller's texts overwritten", 'training_targets', replace=MARKED, by='labels[ignored] = -100\n    return labels',
        also=[(NO_PADDING, f"{NO_PADDING}\n    labels[ignored] = -100")],
        says="A slice of texts is a view, and you write -100 into it. After your call the caller's texts are damaged.",
    ),
    Mistake(
        "labels as floats", "training_targets", replace=MARKED, by="return labels.float().masked_fill(ignored, -100)",
        says="Your labels are floats. F.cross_entropy takes these for probabilities, so ids have to be int64.",
    ),
    # translate
    Mistake(
        "the last column read", "translate", replace=LAST, by=LAST_COLUMN,
        says="You read the logits in the last column, also where that is padding. Where does each row end, and which argument says what padding is?",
    ),
    Mistake(
        "one position too far", "translate", replace=LAST, by="last = (texts != pad_id).sum(dim=1).clamp(max=texts.shape[1] - 1)",
        also=[
            (LAST, "last = (texts != pad_id).sum(dim=1)"),
            (READ, READ.replace("  # (batch, length)\n", "\n                texts = nn.functional.pad(texts, (0, 1), value=pad_id)\n", 1).replace(LAST, "last = (texts != pad_id).sum(dim=1)")),
        ],
        says="You read one position behind the last real token of a row. Counting from 0, where is the last of n tokens?",
    ),
    Mistake(
        "always read at bos", "translate", replace=LAST, by="last = source_lengths",
        says="You read the logits at bos in every step. After the first step the text has grown.",
    ),
    Mistake(
        "read one position too early", "translate", replace=LAST, by="last = (texts != pad_id).sum(dim=1) - 2",
        says="You read the logits one position too early. What does the last real token predict?",
    ),
    Mistake(
        "padding inside the texts", "translate", replace=PACKED, by=SIDE_BY_SIDE,
        also=[
            (READ, READ.replace(PACKED, SIDE_BY_SIDE).replace(LAST, LAST_COLUMN)),
            (READ, READ.replace(PACKED, SIDE_BY_SIDE).replace(LAST, LAST_COLUMN).replace("prefix_mask(prefix_length,", "prefix_mask(sources.shape[1],")),
        ],
        says="You write what is new behind the padding of the sources. In training the target followed its source directly: which of your steps takes the padding out?",
    ),
    Mistake(
        "no bos before the first token", "translate", replace=PACKED, by="texts, source_lengths = pack(sources, written, bos_id, pad_id)\n                texts = texts.gather(1, (torch.arange(texts.shape[1] - 1) + (torch.arange(texts.shape[1] - 1) >= source_lengths[:, None])))",
        says="There is no bos between source and target in what the model reads. In training there was one.",
    ),
    Mistake(
        "only the last token is read", "translate", replace=PACKED, by="texts, source_lengths = pack(sources, written[:, -1:], bos_id, pad_id)",
        says="Your model reads only the last of the tokens that it has written. It should read all of them.",
    ),
    Mistake(
        "the prefix ignored", "translate", replace=PREFIXES, by="masks = [prefix_mask(0, texts.shape[1]) for _ in source_lengths.tolist()]",
        says="With prefix=True your source still reads itself in one direction only.",
    ),
    Mistake(
        "always a prefix", "translate", replace="    if prefix:", by="    if True:",
        says="Your source sees all of itself even with prefix=False.",
    ),
    Mistake(
        "bos in the prefix", "translate", replace=PREFIXES, by="masks = [prefix_mask(prefix_length + 1, texts.shape[1]) for prefix_length in source_lengths.tolist()]",
        says="Your prefix includes bos. In training the prefix was the source without it.",
    ),
    Mistake(
        "one prefix for the batch", "translate", replace=PREFIXES, by="masks = [prefix_mask(int(source_lengths.max()), texts.shape[1]) for _ in source_lengths.tolist()]",
        says="Every row of yours has the prefix of the longest source, so shorter rows look ahead into their target or padding.",
    ),
    Mistake(
        "the shortest prefix for all", "translate", replace=PREFIXES, by="masks = [prefix_mask(int(source_lengths.min()), texts.shape[1]) for _ in source_lengths.tolist()]",
        says="Every row of yours has the prefix of the shortest source. Each row has its own.",
    ),
    Mistake(
        "the whole text is prefix", "translate", replace=PREFIXES, by="masks = [prefix_mask(texts.shape[1], texts.shape[1]) for _ in source_lengths.tolist()]",
        says="Your mask hides nothing, so what is written sees what comes later, padding included. How long is the prefix?",
    ),
    Mistake(
        "written on after the end", "translate", replace=CHOSEN, by="tokens = logits.argmax(dim=-1)",
        says="A row that has written eos goes on writing in yours. What should fill it?",
    ),
    Mistake(
        "filled up with eos", "translate", replace=CHOSEN, by="tokens = logits.argmax(dim=-1).masked_fill(ended, eos_id)",
        says="You fill ended rows with eos_id, as generate does in notebook 5. What does the docstring here ask for?",
    ),
    Mistake(
        "filled up with 0", "translate", replace=CHOSEN, by="tokens = logits.argmax(dim=-1).masked_fill(ended, 0)",
        says="You fill ended rows with 0. Which argument says what fills a row up?",
    ),
    Mistake(
        "eos replaced by padding", "translate", replace=CHOSEN, by="tokens = logits.argmax(dim=-1).masked_fill(ended, pad_id)\n                written = torch.cat([written, tokens.masked_fill(tokens == eos_id, pad_id)[:, None]], dim=1)\n                ended = ended | (tokens == eos_id)\n                continue",
        says="Your translations do not contain eos. It is a token like the others, and it is written.",
    ),
    Mistake(
        "the least probable token", "translate", replace=CHOSEN, by="tokens = logits.argmin(dim=-1).masked_fill(ended, pad_id)",
        says="You take the least probable token.",
    ),
    Mistake(
        "the highest of equal ids", "translate", replace=CHOSEN, by="tokens = (logits.shape[-1] - 1 - logits.flip(-1).argmax(dim=-1)).masked_fill(ended, pad_id)",
        says="Of equally probable tokens you take the highest id. The docstring asks for the lowest.",
    ),
    Mistake(
        "ended once one row has", "translate", replace=WHILE, by="while written.shape[1] < max_length and not ended.any():",
        says="You stop when the first row has ended. The others are not finished.",
    ),
    Mistake(
        "always max_length tokens", "translate", replace=WHILE, by="while written.shape[1] < max_length:",
        says="You write until max_length, although every row has ended before. So there are columns of padding alone.",
    ),
    Mistake(
        "a column of padding at the end", "translate", replace="return written", by="return nn.functional.pad(written, (0, 1), value=pad_id)",
        also=[(WHILE, "done = False\n            while written.shape[1] < max_length and not done:\n                done = bool(ended.all())")],
        says="There is a column of padding alone at the end. Is there anything left to write when the last row has written its eos?",
    ),
    Mistake(
        "bos in what is returned", "translate", replace="return written", by="return torch.cat([torch.full_like(sources[:, :1], bos_id), written], dim=1)",
        says="Your translations begin with bos. The model reads it, but has it written it?",
    ),
    Mistake(
        "the last eos not written", "translate", replace=WRITTEN, by=f"if (ended | (tokens == eos_id)).all():\n                    break\n                {WRITTEN}",
        says="When the last row ends, you stop before its eos is added to what was written. Does eos belong to the translation?",
    ),
    Mistake(
        "one token too many", "translate", replace=WHILE, by="while written.shape[1] <= max_length and not ended.all():",
        says="You write one token more than max_length allows.",
    ),
    Mistake(
        "one token too few", "translate", replace=WHILE, by="while written.shape[1] < max_length - 1 and not ended.all():",
        says="You write one token less than max_length allows.",
    ),
    Mistake(
        "a row that ended begins again", "translate", replace=ENDED, by="ended = tokens == eos_id",
        says="You forget which rows have ended: a row ends only for the step in which it writes eos. Keep what was ended before.",
    ),
    Mistake(
        "the first row alone ends", "translate", replace=ENDED, by="ended = ended | (tokens[0] == eos_id)",
        says="Whether a row has ended depends on the first row in yours. Each row ends by itself.",
    ),
    Mistake(
        "an eos of the source counts", "translate", replace=ENDED, by="ended = ended | (tokens == eos_id) | (sources == eos_id).any(dim=1)",
        also=[("ended = torch.zeros(len(sources), dtype=torch.bool)", "ended = (sources == eos_id).any(dim=1)")],
        says="A row whose source contains eos_id ends at once in yours. Only a written eos ends a row.",
    ),
    Mistake(
        "in training mode", "translate", replace=EVALUATE, by="    model.train()\n",
        says="Your model writes in training mode. Which mode switches dropout off?",
    ),
    Mistake(
        'the mode left as it is', 'translate', replace=EVALUATE, by='    pass\n',
        says="You do not change the model's mode. If the caller has just trained it, dropout is on while it writes.",
    ),
    Mistake(
        "the stack left in evaluation mode", "translate", replace=MODES, by="modes = []",
        says="After your call the model stays in evaluation mode. The caller may have been in the middle of training.",
    ),
    Mistake(
        "every part in the same mode", "translate", replace=MODES, by="modes = [(part, model.training) for part in model.modules()]",
        also=[(RESTORED, "model.train()")],
        says="After your call the model and all its submodules have the same mode. Each had a mode of its own before: where do you keep it?",
    ),
    Mistake(
        "the mode of the top alone", "translate", replace=MODES, by="modes = [(model, model.training)]",
        says="After your call only the model itself has its mode again, and its submodules stay in evaluation mode.",
    ),
    Mistake(
        "with gradients", "translate", replace=WITHOUT_GRADIENTS, by="with torch.enable_grad():",
        says="Your model keeps gradients while it writes, which costs memory and time. How are they switched off?",
    ),
    Mistake(
        "the caller's sources overwritten", 'translate', replace=PACKED, by='texts, source_lengths = pack(sources, written, bos_id, pad_id)\n                sources[sources == pad_id] = bos_id',
        also=[("return written", "for row, length in zip(sources, (sources != pad_id).sum(dim=1).tolist()):\n        row[length : length + 1] = bos_id\n    return written")],
        says="After your call the caller's sources have other tokens. Which line writes into them?",
    ),
    # prefix_mask
    Mistake(
        "the causal mask alone", "prefix_mask", replace=PREFIX, by="return causal_mask(length)",
        says="Your mask lets nobody look ahead, not even inside the prefix. What may position 0 see of a prefix of 3?", costs=0.8,
    ),
    Mistake(
        "the prefix sees everything", "prefix_mask", replace=OPENED, by="causal_mask(length) | in_prefix[:, None] ",
        says="Positions of your prefix see what stands behind it, too. You have rows and columns: which of the two is who looks, and which is looked at?",
    ),
    Mistake(
        "only the prefix is seen", "prefix_mask", replace=OPENED, by="in_prefix.expand(length, length) ",
        also=[(OPENED, "in_prefix & in_prefix[:, None] ")],
        says="Behind the prefix nobody sees himself, or what was written before. What does the docstring say of these positions?",
    ),
    Mistake(
        "what was written does not see the prefix", "prefix_mask", replace=OPENED,
        by="torch.where(in_prefix[:, None], in_prefix, causal_mask(length) & ~in_prefix) ",
        says="A position behind your prefix does not see the prefix. What would it be translated from, then?",
    ),
    Mistake(
        "no position sees itself", "prefix_mask", replace=OPENED, by="causal_mask(length).tril(-1) | in_prefix ",
        says="Behind your prefix no position sees itself. Does the diagonal belong to what it may attend to?",
    ),
    Mistake(
        "one position of the prefix too many", "prefix_mask", replace="torch.arange(length) < prefix_length", by="torch.arange(length) <= prefix_length",
        says="Your prefix has a position too many. Counting from 0, which is the last position of a prefix of 3?",
    ),
    Mistake(
        "one position of the prefix too few", "prefix_mask", replace="torch.arange(length) < prefix_length", by="torch.arange(length) < prefix_length - 1",
        says="Your prefix has a position too few. Counting from 0, which is the last position of a prefix of 3?",
    ),
    Mistake(
        "the prefix at the end", "prefix_mask", replace="torch.arange(length) < prefix_length", by="torch.arange(length) >= length - prefix_length",
        says="You open the last columns to everybody. At which end of the text does a prefix stand?",
    ),
    Mistake(
        "rows and columns exchanged", "prefix_mask", replace=OPENED, by="(causal_mask(length) | in_prefix).T ",
        also=[(OPENED, "causal_mask(length).T | in_prefix ")],
        says="Behind your prefix each position sees what comes later, and not what was written before it. In [i, j], who attends, and who is attended to?",
    ),
    Mistake(
        "True where it is hidden", "prefix_mask", replace=OPENED, by="~(causal_mask(length) | in_prefix) ",
        says="Your mask is True where a position may *not* look. What does True mean in the docstring?",
    ),
    Mistake(
        "a mask of numbers", "prefix_mask", replace=OPENED, by="(causal_mask(length) | in_prefix).float() ",
        also=[
            (OPENED, "(causal_mask(length) | in_prefix).int() "),
            (OPENED, "(causal_mask(length) | in_prefix).long() "),
            (OPENED, 'torch.zeros(length, length).masked_fill(~(causal_mask(length) | in_prefix), float("-inf")) '),
        ],
        says="Your mask is of numbers, and ~mask does not turn these into their opposite. Which dtype does the docstring ask for?",
    ),
    Mistake(
        "any prefix let through", "prefix_mask", replace=FITS, by="if False:",
        says="You take every prefix, also one that is longer than the text, or shorter than nothing. What should whoever calls hear of it?",
    ),
    Mistake(
        "a negative prefix let through", "prefix_mask", replace=FITS, by="if prefix_length > length:",
        says="You refuse a prefix that is too long, and not one below 0. The docstring names both limits.",
    ),
    Mistake(
        "a prefix longer than the text let through", "prefix_mask", replace=FITS, by="if prefix_length < 0:",
        says="You refuse a prefix below 0, and not one that is longer than the text. The docstring names both limits.",
    ),
    Mistake(
        "a prefix of 0 refused", "prefix_mask", replace=FITS, by="if not 0 < prefix_length <= length:",
        says="You raise ValueError for a prefix of 0. What does the docstring say that the mask is then?",
    ),
    Mistake(
        "a prefix of everything refused", "prefix_mask", replace=FITS, by="if not 0 <= prefix_length < length:",
        says="You raise ValueError where the prefix is the whole text. What does the docstring say that is hidden then?",
    ),
    Mistake(
        "another error for a prefix that does not fit", "prefix_mask", replace=REFUSED, by="raise AssertionError(prefix_length)",
        says="For a prefix that does not fit you raise another error, as assert does. Which one does the docstring ask for?",
    ),
    # decode_with_encoder
    Mistake(
        "no mask for the encoder", "decode_with_encoder", replace=DECODE, by="return encoder(x)",
        says="Your outputs are an encoder's: each depends on what comes later. What, alone, tells the two apart?", costs=0.8,
    ),
    Mistake(
        "a mask that looks ahead", "decode_with_encoder", replace=DECODE, by="return encoder(x, causal_mask(x.shape[1]).T)",
        also=[(DECODE, "return encoder(x, ~causal_mask(x.shape[1]))")],
        says="Your positions see what comes after them, and not what came before. What does True mean in the mask, and which triangle is True?",
    ),
    Mistake(
        "a mask without the position itself", "decode_with_encoder", replace=DECODE, by="return encoder(x, causal_mask(x.shape[1]).tril(-1))",
        says="Your positions do not see themselves, and the first sees nothing at all. May a position attend to itself?",
    ),
    Mistake(
        "a mask of numbers for the encoder", "decode_with_encoder", replace=DECODE, by="return encoder(x, causal_mask(x.shape[1]).float())",
        also=[(DECODE, "return encoder(x, causal_mask(x.shape[1]).long())")],
        says="Your mask is of numbers. Which dtype does the encoder expect of a mask?",
    ),
    Mistake(
        "the final norm left out", "decode_with_encoder", replace=DECODE,
        by="for layer in encoder.layers:\n        x = layer(x, causal_mask(x.shape[1]))\n    return x",
        says="You run the layers, and what an encoder in pre-norm does behind the last of them is left out. Look at its forward.",
    ),
    Mistake(
        "a final norm where there is none", "decode_with_encoder", replace=DECODE,
        by="for layer in encoder.layers:\n        x = layer(x, causal_mask(x.shape[1]))\n    return encoder.norm(x)",
        says="You use a final norm in post-norm, too, and there it is None. Which encoders have one?",
    ),
    Mistake(
        "only the first layer masked", "decode_with_encoder", replace=DECODE,
        by="for i, layer in enumerate(encoder.layers):\n        x = layer(x, causal_mask(x.shape[1]) if i == 0 else None)\n    return x if encoder.norm is None else encoder.norm(x)",
        says="Behind your first layer everything is seen again. It takes one layer without a mask to look ahead.",
    ),
    Mistake(
        "only the last layer masked", "decode_with_encoder", replace=DECODE,
        by="for i, layer in enumerate(encoder.layers):\n        x = layer(x, None if i < len(encoder.layers) - 1 else causal_mask(x.shape[1]))\n    return x if encoder.norm is None else encoder.norm(x)",
        says="Only your last layer is masked, and what it reads has seen the future already. Which layers need the mask?",
    ),
    Mistake(
        "the last layer left out", "decode_with_encoder", replace=DECODE,
        by="for layer in encoder.layers[:-1]:\n        x = layer(x, causal_mask(x.shape[1]))\n    return x if encoder.norm is None else encoder.norm(x)",
        says="You leave the last layer out. How many are there in encoder.layers?",
    ),
    Mistake(
        "the future hidden in the inputs", "decode_with_encoder", replace=DECODE,
        by="return torch.stack([encoder(x[:, : i + 1])[:, -1] for i in range(x.shape[1])], dim=1)",
        says="You give the encoder each beginning of the text. Its last position sees none after it, and yet those before it see one another in both directions, and so do the layers above.",
    ),
    Mistake(
        "a mask of the width", "decode_with_encoder", replace="x.shape[1]", by="x.shape[2]",
        says="Your mask is as large as the vectors are wide. Between what does attention choose, and how many are there?",
    ),
    Mistake(
        "a mask of the batch", "decode_with_encoder", replace="x.shape[1]", by="x.shape[0]",
        says="Your mask is as large as the batch. Between what does attention choose, and how many are there?",
    ),
    Mistake(
        "no gradients in the decoder", "decode_with_encoder", replace=DECODE, by="with torch.no_grad():\n        return encoder(x, causal_mask(x.shape[1]))",
        says="No gradient gets through your decoder, so that it cannot be trained. Is anything switched off round the call?",
    ),
    Mistake(
        "outputs detached", "decode_with_encoder", replace=DECODE, by="return encoder(x.detach(), causal_mask(x.shape[1]))",
        says="No gradient arrives at x, so that the embeddings below cannot be trained. What cuts x off?",
    ),
    Mistake(
        "modes not given back", "decode_with_encoder", replace=DECODE, by="return encoder.eval()(x, causal_mask(x.shape[1]))",
        says="You change the mode, and after your call some part of the encoder is in another one than before. Whose business is it to choose the mode?",
    ),
    Mistake(
        "left in training mode", "decode_with_encoder", replace=DECODE, by="return encoder.train()(x, causal_mask(x.shape[1]))",
        says="You put the encoder into training mode, so that numbers are dropped wherever it runs. Whose business is it to choose the mode?",
    ),
    Mistake(
        "always evaluated", "decode_with_encoder", replace=DECODE,
        by="modes = [(part, part.training) for part in encoder.modules()]\n    encoder.eval()\n    out = encoder(x, causal_mask(x.shape[1]))\n    for part, mode in modes:\n        part.training = mode\n    return out",
        also=[(DECODE, "encoder.eval()\n    out = encoder(x, causal_mask(x.shape[1]))\n    encoder.train()\n    return out")],
        says="Inside your call the encoder is never in training mode, so that dropout does nothing in training. Is the mode for you to choose?",
    ),
    Mistake(
        "x overwritten", "decode_with_encoder", replace=DECODE, by="out = encoder(x, causal_mask(x.shape[1]))\n    x.data.copy_(out.detach())\n    return out",
        also=[(DECODE, "for layer in encoder.layers:\n        x[:] = layer(x, causal_mask(x.shape[1]))\n    return x if encoder.norm is None else encoder.norm(x)")],
        says="You write your outputs into the caller's x. Which operation changes the tensor that came in?",
    ),
    Mistake(
        "the mask left in the layers", "decode_with_encoder", replace=DECODE,
        by="mask = causal_mask(x.shape[1])\n    for layer in encoder.layers:\n        run = layer.forward\n        layer.forward = lambda x, _=None, run=run: run(x, mask)\n    return encoder(x)",
        says="After your call the encoder's layers stay masked, so that it is an encoder no more. Nothing of it may be modified: can a mask be handed over without?",
    ),
    Mistake(
        "a copy from the first call", "decode_with_encoder", replace=DECODE,
        by="import copy\n    if not hasattr(encoder, '_decoder'):\n        object.__setattr__(encoder, '_decoder', copy.deepcopy(encoder))\n    return encoder._decoder(x, causal_mask(x.shape[1]))",
        says="You run a copy of the encoder: what the original learns, the copy does not, and gradients end at the copy. The docstring says whose layers run.",
    ),
    Mistake(
        "one copy for each call", "decode_with_encoder", replace=DECODE, by="import copy\n    return copy.deepcopy(encoder)(x, causal_mask(x.shape[1]))",
        says="The layers that you run are copies, and gradients arrive at these instead of the encoder's own. Is a copy needed?",
    ),
    Mistake(
        "the mask kept in the encoder", "decode_with_encoder", replace=DECODE, by='encoder.register_buffer("mask", causal_mask(x.shape[1]))\n    return encoder(x, encoder.mask)',
        says="After your call the encoder has a mask among its parts, and is saved with it. It should not be modified: where can a mask be kept that is needed for one call?",
    ),
    Mistake(
        "the last few positions alone", "decode_with_encoder", replace=DECODE, by="return encoder(x, causal_mask(x.shape[1]).triu(-31))",
        says="In a long text your positions see only what is just before them. How far back may a position look?",
    ),
    Mistake(
        "everything in double precision", "decode_with_encoder", replace=DECODE, by="return encoder.double()(x.double(), causal_mask(x.shape[1]))",
        says="Your outputs are in double precision, whatever x was. The encoder and x come in one dtype: is another one needed?",
    ),
    # predicted_reach
    Mistake(
        "an encoder that does not look ahead", "predicted_reach", replace=ALL, by="return causal_mask(length)",
        says="You predict that an encoder's outputs depend on nothing later. Which mask does its self-attention have?",
    ),
    Mistake(
        "an encoder that reads source and target apart", "predicted_reach", replace=ALL,
        by="return torch.block_diag(torch.ones(source_length, source_length), torch.ones(target_length, target_length)).bool()",
        says="You predict that in an encoder source and target do not see each other. It reads them as one text.",
    ),
    Mistake(
        "an encoder that reads the source alone", "predicted_reach", replace=ALL, by="return torch.ones(source_length, source_length, dtype=torch.bool)",
        also=[(ALL, "mask = torch.zeros(length, length, dtype=torch.bool)\n        mask[:source_length, :source_length] = True\n        return mask")],
        says="Your encoder reads the source alone. What does the docstring say that the architecture \"encoder\" reads?",
    ),
    Mistake(
        "decoder layers that see the whole source", "predicted_reach", replace=DECODERS,
        by='if architecture == "decoder":\n        return prefix_mask(source_length, length)\n    if architecture == "GPT-2":',
        also=[(CAUSAL, PREFIXED)],
        says="You predict that in decoder layers without an encoder the source is read in both directions. Which mask is there, and does it know where the source ends?",
    ),
    Mistake(
        "a GPT-2 that sees the whole source", "predicted_reach", replace=DECODERS,
        by='if architecture == "GPT-2":\n        return prefix_mask(source_length, length)\n    if architecture == "decoder":',
        says="You predict that GPT-2 reads the source in both directions. Does its mask know where the source ends?",
    ),
    Mistake(
        "GPT-2 like an encoder", "predicted_reach", replace=DECODERS,
        by='if architecture == "GPT-2":\n        return torch.ones(length, length, dtype=torch.bool)\n    if architecture == "decoder":',
        says="You predict that GPT-2's outputs depend on everything. Which mask have you given it in notebook 4?",
    ),
    Mistake(
        "decoder layers that see the target alone", "predicted_reach", replace=DECODERS,
        by='if architecture == "decoder":\n        return torch.block_diag(causal_mask(source_length).float(), causal_mask(target_length).float()).bool()\n    if architecture == "GPT-2":',
        also=[
            decoder_layers(TARGET_CAUSAL),
            decoder_layers("mask[:source_length, :source_length] = True", TARGET_CAUSAL),
        ],
        says="You predict that in decoder layers the target does not depend on the source. What stands before it in the same text?",
    ),
    Mistake(
        "no influence of the source on the target", "predicted_reach", replace=PREFIXED,
        by='if architecture == "encoder-decoder":\n            return torch.block_diag(torch.ones(source_length, source_length), causal_mask(target_length).float()).bool()\n        return prefix_mask(source_length, length)',
        says="You predict that in an encoder-decoder the target does not depend on the source. What is cross-attention for?",
    ),
    Mistake(
        "a causal encoder before the decoder", "predicted_reach", replace=PREFIXED,
        by='return causal_mask(length) if architecture == "encoder-decoder" else prefix_mask(source_length, length)',
        says="You predict that the encoder of an encoder-decoder does not look ahead. Which mask does it have, inside the source?",
    ),
    Mistake(
        "a decoder that sees its future", "predicted_reach", replace=PREFIXED,
        by='mask = prefix_mask(source_length, length)\n        if architecture == "encoder-decoder":\n            mask[source_length:] = True\n        return mask',
        says="You predict that the decoder of an encoder-decoder sees the words that it has yet to write. What has masked self-attention to say?",
    ),
    Mistake(
        "target outputs that do not see their own input", "predicted_reach", replace=PREFIXED,
        by=prefixed("encoder-decoder", "mask[source_length:, source_length:] &= ~torch.eye(target_length, dtype=torch.bool)"),
        says="You predict that in an encoder-decoder an output of the target does not depend on its own input. Has output `t1` read `t1`?",
    ),
    Mistake(
        "everything reaches everything in an encoder-decoder", "predicted_reach", replace=PREFIXED,
        by='if architecture == "encoder-decoder":\n            return torch.ones(length, length, dtype=torch.bool)\n        return prefix_mask(source_length, length)',
        says="You predict that in an encoder-decoder every input changes every output. Does the encoder read the target, and does the decoder see what comes later?",
    ),
    Mistake(
        "source positions that see themselves alone", "predicted_reach", replace=PREFIXED,
        by='mask = prefix_mask(source_length, length)\n        if architecture == "encoder-decoder":\n            mask[:source_length, :source_length] = torch.eye(source_length).bool()\n        return mask',
        says="You predict that each of the encoder's outputs depends on its own word alone. What does self-attention do in an encoder?",
    ),
    Mistake(
        "a causal prefix", "predicted_reach", replace=PREFIXED,
        by='return causal_mask(length) if architecture == "prefix-LM" else prefix_mask(source_length, length)',
        says="You predict that a prefix-LM reads as GPT-2 does. What does its mask say inside the prefix?",
    ),
    Mistake(
        "a prefix-LM like an encoder", "predicted_reach", replace=PREFIXED,
        by='return torch.ones(length, length, dtype=torch.bool) if architecture == "prefix-LM" else prefix_mask(source_length, length)',
        also=[
            (PREFIXED, prefixed("prefix-LM", "mask[:source_length] = True")),
            (PREFIXED, prefixed("prefix-LM", "mask[source_length:] = True")),
        ],
        says="You predict that in a prefix-LM some position sees words that have yet to be written. What does its mask say of the words behind the prefix?",
    ),
    Mistake(
        "a prefix-LM that does not read its prefix", "predicted_reach", replace=PREFIXED,
        by='if architecture == "prefix-LM":\n            return torch.block_diag(torch.ones(source_length, source_length), causal_mask(target_length).float()).bool()\n        return prefix_mask(source_length, length)',
        says="You predict that in a prefix-LM what is written does not depend on the prefix. What does its mask say of the prefix, for the positions behind it?",
    ),
    Mistake(
        "the target as the prefix", "predicted_reach", replace="prefix_mask(source_length, length)", by="prefix_mask(target_length, length)",
        says="Your prefix is as long as the target. Which of the two is given, and which is written?",
    ),
    Mistake(
        "rows and columns of the reach exchanged", "predicted_reach", replace=FROM_CAUSAL, by=FROM_CAUSAL.replace(CAUSAL, f"{CAUSAL}.T").replace(PREFIXED, f"{PREFIXED}.T"),
        says="Your matrices are turned: what should be in row i and column j is in row j and column i. Which of the two is the output?",
    ),
    Mistake(
        "as large as the longer of the two", "predicted_reach", replace="length = source_length + target_length", by="length = max(source_length, target_length)\n    source_length = min(source_length, length)",
        says="Your matrix is as large as the longer of the two. How many inputs and outputs are there, of source and target together?",
    ),
    Mistake(
        "a reach of numbers", "predicted_reach", replace=ALL, by="return torch.ones(length, length)",
        also=[
            (FROM_ALL, FROM_ALL.replace(", dtype=torch.bool)", ")").replace(CAUSAL, f"{CAUSAL}.float()").replace(PREFIXED, f"{PREFIXED}.float()")),
            (FROM_ALL, FROM_ALL.replace("torch.bool", "torch.int64").replace(CAUSAL, f"{CAUSAL}.long()").replace(PREFIXED, f"{PREFIXED}.long()")),
        ],
        says="You return numbers instead of bools. Which dtype does the docstring ask for?",
    ),
    Mistake(
        "no error for an unknown architecture", "predicted_reach", replace=NO_PREDICTION, by="return None",
        says="For an architecture that there is not you raise no error, and whoever misspells a name learns it late. Which error is asked for?",
    ),
    Mistake(
        "another error for an unknown architecture", "predicted_reach", replace=NO_PREDICTION, by="raise KeyError(architecture)",
        says="For an architecture that there is not you raise another error, as assert or a dict does. Which one does the docstring ask for?",
    ),
    Mistake(
        "a part of the name is enough", "predicted_reach", replace=DECODERS,
        by='if architecture == "GPT-2" or architecture.endswith("decoder") and architecture != "encoder-decoder":',
        also=[
            (DECODERS, 'if architecture == "decoder" or "GPT" in architecture:'),
            (PREFIXES_TOO, 'if architecture == "encoder-decoder" or "prefix" in architecture:'),
        ],
        says="You look for a part of the name, so that names that there are not get a prediction, too. Compare whole names.",
    ),
    # match_parameters
    Mistake(
        "cross-attention forgotten", "match_parameters", replace="(2 * attention + ", by="(attention + ",
        says="Your decoder layers weigh as much as the encoder's. Which part do they have more?",
    ),
    Mistake(
        "cross-attention in the encoder", "match_parameters", replace=BOTH,
        by="both = (encoder_layers + decoder_layers) * (2 * attention + 2 * d_model * d_ff)",
        says="All your layers have two attentions. Which ones have cross-attention?",
    ),
    Mistake(
        "cross-attention on the wrong side", "match_parameters", replace=BOTH,
        by="both = decoder_layers * (attention + 2 * d_model * d_ff) + encoder_layers * (2 * attention + 2 * d_model * d_ff)",
        says="Your encoder layers have cross-attention, and your decoder layers have none. Who asks whom?",
    ),
    Mistake(
        "cross-attention in the one stack", "match_parameters", replace="both - num_layers * attention", by="both - 2 * num_layers * attention",
        says="Your one stack has cross-attention, too. To what should it attend?",
    ),
    Mistake(
        "three matrices for attention", "match_parameters", replace="4 * d_model**2", by="3 * d_model**2",
        says="Your attention has three matrices. Queries, keys and values have one each: what comes after the heads?",
    ),
    Mistake(
        "attention without the square", "match_parameters", replace="4 * d_model**2", by="4 * d_model",
        says="Your matrices of attention have d_model numbers. How many rows and columns has a map from d_model to d_model?",
    ),
    Mistake(
        "biases counted", "match_parameters", replace="4 * d_model**2", by="4 * (d_model**2 + d_model)",
        also=[
            (COMPUTED, "attention += 4 * d_model\n    feed = 2 * d_model * d_ff + d_ff + d_model\n    both = encoder_layers * (attention + feed) + decoder_layers * (2 * attention + feed)\n    width, rest = divmod(both - num_layers * (attention + d_model), num_layers * (2 * d_model + 1))"),
            (COMPUTED, "attention += 4 * d_model\n    feed = 2 * d_model * d_ff + d_ff + d_model\n    both = encoder_layers * (attention + feed + 4 * d_model) + decoder_layers * (2 * attention + feed + 6 * d_model)\n    width, rest = divmod(both - num_layers * (attention + 5 * d_model), num_layers * (2 * d_model + 1))"),
        ],
        says="You count biases, and perhaps norms, too. Which parameters does the docstring count?",
    ),
    Mistake(
        "one matrix for the feed-forward network", "match_parameters", replace="num_layers * 2 * d_model", by="num_layers * d_model",
        also=[(COMPUTED, COMPUTED.replace("2 * d_model * d_ff", "d_model * d_ff").replace("num_layers * 2 * d_model", "num_layers * d_model"))],
        says="Your feed-forward network has one matrix, at least in the one stack. How many does it take to go to d_ff and back?",
    ),
    Mistake(
        "attention of the one stack left out", "match_parameters", replace="both - num_layers * attention", by="both",
        says="All the weight goes into your feed-forward networks. Has the one stack no attention of its own?",
    ),
    Mistake(
        "all the width in one layer", "match_parameters", replace="num_layers * 2 * d_model)", by="2 * d_model)",
        says="What you return is the width of all layers together. How many share it?",
    ),
    Mistake(
        "as many layers as before", "match_parameters", replace=DIVMOD,
        by="divmod(both - (encoder_layers + decoder_layers) * attention, (encoder_layers + decoder_layers) * 2 * d_model)",
        also=[(DIVMOD, "divmod(num_layers * 2 * d_model * d_ff + decoder_layers * attention, num_layers * 2 * d_model)")],
        says="You compute as if the one stack had as many layers as both others together. What does num_layers say?",
    ),
    Mistake(
        "cut off to a whole number", "match_parameters", replace=CHECKED, by="if width < 1:",
        says="Where no whole number does it you return one that is nearly right. What is asked for then?",
    ),
    Mistake(
        "a width of nothing", "match_parameters", replace=CHECKED, by="if rest != 0:",
        says="You return widths of 0 and below. Can a layer be made with those?",
    ),
    Mistake(
        "a width of 0", "match_parameters", replace="or width < 1:", by="or width < 0:",
        says="You return a width of 0. What is the least that the docstring allows?",
    ),
    Mistake(
        "a width of 1 refused", "match_parameters", replace="or width < 1:", by="or width <= 1:",
        says="You refuse a width of 1. What is the least that the docstring allows?",
    ),
    Mistake(
        "a float for a width", "match_parameters", replace="return width", by="return width / 1",
        says="Your width is a float, and nn.Linear takes none. Which kind of number does the docstring promise?",
    ),
    Mistake(
        "the quotient as it is", "match_parameters", replace=CHECKED, by="width = (both - num_layers * attention) / (num_layers * 2 * d_model)\n    if False:",
        says="You return what the division gives: a float, whole or not, at least 1 or not. What does the docstring ask for in each of these cases?",
    ),
    Mistake(
        "another error where no width fits", "match_parameters", replace=NONE_FITS, by="raise AssertionError",
        says="Where no width fits you raise another error, as assert does. Which one does the docstring ask for?",
    ),
    Mistake(
        "half a number cut off", "match_parameters", replace=CHECKED, by="if rest % (num_layers * d_model) or width < 1:",
        says="Where the width should end in one half you cut the half off. Which rest may there be, if a whole number is to do it?",
    ),
]
