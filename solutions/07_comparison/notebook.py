# %% [markdown]
# # 7 · The comparison: the answer, by experiment
#
# You have built the encoder, the decoder, the transformer of 2017 and GPT-2. Six times you have met a piece of the answer to the question of this course:
#
# > **Why does GPT-2 not require the encoder of the original transformer?**
#
# Now the pieces are put to the test. People who answer this question, in a forum or in a lecture, mostly make the same seven claims. Here they are, each as one hears it:
#
# 1. GPT-2 is decoder blocks only, with masked self-attention and no attention to an encoder.
# 2. The decoder is equivalent to the encoder, except for the mask.
# 3. It works one token at a time.
# 4. BERT sees the whole context at once, and is not autoregressive.
# 5. GPT-2's context vector is zero-initialised for the first word.
# 6. Encoder-decoders serve mappings between two kinds of sequence, with different weights for each.
# 7. Continuous text would need an arbitrary cut.
#
# You will decide each by a number that you have measured. For the first five claims the function that turns the number into a verdict is given; for the last two you write it. At the end they stand in a **ledger**, beside the answer in 150 words. (If you came only for that: it is the last page.)
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `supervised_fraction` | 8 | 10 | ★☆☆ |
# | Exercise 2 | `best_by_validation` | 12 | 15 | ★★☆ |
# | Exercise 3 | `interval` | 10 | 10 | ★☆☆ |
# | Exercise 4 | `permutation_test` | 20 | 25 | ★★☆ |
# | Exercise 5 | `evidence_two_kinds`: claim 6 | 10 | 15 | ★★☆ |
# | Exercise 6 | `evidence_cut`: claim 7 | 10 | 20 | ★★★ |
# | Exercise 7 | `serving_cost` | 20 | 20 | ★★☆ |
# | Question 8 | a written answer, graded by a person | 10 | 25 | ★★☆ |
#
# The file `parts.py` beside this notebook holds solutions of notebooks 1 to 6. You start from them.

# %% locked="setup"
try:
    from coursekit import (
        comparison_table,
        ledger,
        reach,
        reach_maps,
        reached,
        run_dots,
        score_curves,
        train,
        under_grading,
        visible_check,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, product
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import transformers
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.corpus import Corpus
from coursekit.documentation import documents, fingerprint
from coursekit.number_words import NumberWords, Sentences
from coursekit.results import comparison_runs
from coursekit.student_t import t_quantile
from parts import (
    GPT2,
    DecoderLayer,
    Encoder,
    OneStack,
    Transformer,
    causal_mask,
    decode_with_encoder,
    generate_cached,
    language_model_loss,
    load_gpt2_weights,
    mask_tokens,
    match_parameters,
    pack,
    predicted_reach,
    prefix_mask,
    shift_right,
    sinusoidal_positions,
    train_step,
    training_targets,
)
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerBase

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()  # it warns of the small vocabularies that we use for checks


# %% [markdown]
# ## Predict first
#
# Replace the `None`s before you read on. Nobody grades this.

# %% reader=true
prediction = {
    # Number words, as in notebook 3. An encoder-decoder learns to translate them, and so does *one* stack of as many parameters,
    # which reads English and German as one text. Which is the first to have 95 of 100 right, "two stacks" or "one stack"?
    "translates first": None,
    # Continuous text. The same two, and one stack with half of the layers, "half a stack", in as many steps: which needs the
    # fewest bits for a character? Put the best first.
    "continues text, best first": None,
    # An encoder-decoder was trained on texts that are cut after 32 of 128 tokens. Now they are cut after 96. How many bits for a
    # character does it need more? (Where it was trained it needs between one and a half and two.)
    "bits lost at another cut": None,
}

# %% [markdown]
# ## Part 1 · Layers
#
# Notebook 6 has run an encoder's own layers as a decoder: your `decode_with_encoder`. So try claim 2: **the decoder is equivalent to the encoder, except for the mask.** Take a decoder of 2017, take out its cross-attention with the norm that belongs to it, and give an encoder the same weights. How far are their outputs apart?


# %% reader=true
class WithoutCrossAttention(DecoderLayer):
    """Notebook 3's layer without its cross-attention and the norm of that."""

    def forward(self, x: Tensor, self_mask: Tensor) -> Tensor:
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.self_attention(normal, normal, normal, self_mask)
            return x + self.feed_forward(self.norm3(x))
        x = self.norm1(x + self.self_attention(x, x, x, self_mask))
        return self.norm3(x + self.feed_forward(x))


def with_the_weights_of(decoder: nn.ModuleList, norm_first: bool) -> Encoder:
    """An encoder with as many layers as the decoder has, and the same weights."""
    encoder = Encoder(len(decoder), 16, 4, 64, dropout=0.0, norm_first=norm_first)
    names = {"self_attention": "self_attention", "norm1": "norm1", "feed_forward": "feed_forward", "norm2": "norm3"}
    for ours, theirs in zip(encoder.layers, decoder, strict=True):
        for here, there in names.items():
            getattr(ours, here).load_state_dict(getattr(theirs, there).state_dict())
    return encoder


table = {"layers": []}  # the results table: it grows through this notebook
x = torch.randn(1, 7, 16, generator=torch.Generator().manual_seed(0))  # (1, length=7, 16)
for seed in range(3):
    for decoder_first in (False, True):
        torch.manual_seed(seed)
        decoder = nn.ModuleList(
            WithoutCrossAttention(16, 4, 64, dropout=0.0, norm_first=decoder_first) for _ in range(2)
        )
        y = x
        for layer in decoder:
            y = layer(y, causal_mask(7))
        for encoder_first in (False, True):
            encoder = with_the_weights_of(decoder, encoder_first)
            z = (
                y if not encoder_first else encoder.norm(y)
            )  # an encoder in pre-norm ends with a norm, so the decoder gets one
            difference = (decode_with_encoder(encoder, x) - z).abs().max().item()
            norms = "alike" if decoder_first == encoder_first else "apart"
            table["layers"].append({"norms": norms, "seed": seed, "difference": difference})
            if seed == 0:
                kinds = [("pre" if first else "post") + "-norm" for first in (decoder_first, encoder_first)]
                print(f"decoder in {kinds[0]:9}  encoder in {kinds[1]:9}  largest difference {difference}")
with torch.no_grad():
    print(f"and without the mask, norms alike:             {(encoder(x) - z).abs().max().item():.3f}")

# %% [markdown]
# **Exactly 0.0**, not 1e-7, where both normalise in the same way. It is not that the two can do the same. They *are* the same, number for number, once cross-attention and its norm are gone. (Is it any wonder, when both are made of the same parts? It is not; and that is how the paper makes them, too.)
#
# ### A trap, by the way
#
# PyTorch has a stack of its own, `nn.TransformerEncoder`, and its `forward` has an argument `is_causal`. So is `is_causal=True` all it takes? Change the last of five vectors, and see how many of the four outputs before it change.

# %% reader=true
torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(16, 4, 64, dropout=0.0, batch_first=True)
stack = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
mask = nn.Transformer.generate_square_subsequent_mask(5)
vectors = torch.randn(1, 5, 16)
changed_last = vectors.clone()
changed_last[:, 4] = torch.randn(16)
for options in ({"mask": mask}, {"mask": mask, "is_causal": True}, {"is_causal": True}):
    for name, training, gradients in (
        ("training", True, True),
        ("evaluation", False, True),
        ("evaluation, no_grad", False, False),
    ):
        stack.train(training)
        try:
            with torch.set_grad_enabled(gradients):
                difference = (stack(vectors, **options) - stack(changed_last, **options))[0, :4].abs().amax(dim=-1)
            found = f"{int((difference > 1e-6).sum())} of 4 see what comes later"
        except RuntimeError as error:
            found = f"RuntimeError: {str(error).split('.')[0]}."
        print(f"{' and '.join(options):18} {name:20} {found}")

# %% [markdown]
# It is not. For this class `is_causal` is a *hint* that the mask which you pass is a causal one. It makes none. Mostly one gets an error then. But **in evaluation mode without gradients**, just as one uses a trained model, **it looks ahead and says nothing**: there the call takes another way through PyTorch. (So it was in PyTorch 2.13. If it has been mended, the last line above says so.) Never trust a name: measure who sees whom.
#
# ### A verdict
#
# A claim mostly has several parts. If all of them hold, it is confirmed; if none does, it is refuted; and if some do, it has to be qualified. That is all that `verdict` knows:


# %% locked="verdict"
def verdict(*holds: bool) -> str:
    """What becomes of a claim: "confirmed" if all its parts hold, "refuted" if none does, and else "qualified"."""
    if not holds:
        raise ValueError("a claim without parts can be neither true nor false")
    if any(isinstance(hold, Iterable) and not isinstance(hold, Tensor) for hold in holds):
        raise TypeError(
            "the parts are bools, handed over one by one: verdict(a, b), or verdict(*parts) for a list of them"
        )
    return "confirmed" if all(holds) else "qualified" if any(holds) else "refuted"


# %% [markdown]
# ### The first entry of the ledger
#
# The function below gets the results table and returns two things: the **number** that decides the claim, and the verdict. What counts as a part of the claim is written in its docstring. Read it, and say before you run it which verdict it will give.


# %% locked="evidence_mask_alone"
def evidence_mask_alone(table: dict) -> tuple[float, str]:
    """Claim 2: the decoder is equivalent to the encoder, except for the mask.

    table["layers"]  a dict for each pair of a decoder layer, without its cross-attention, and an encoder layer with
                     the same weights and a causal mask: "norms" is "alike" or "apart", and "difference" the largest
                     difference of their outputs

    Returns the largest difference where the norms are alike, and the verdict, with two parts: where the norms are
    alike every difference is exactly 0; and where they are apart, too.
    """
    alike, apart = (
        [row["difference"] for row in table["layers"] if row["norms"] == norms] for norms in ("alike", "apart")
    )
    return max(alike), verdict(max(alike) == 0, max(apart) == 0)


# %% reader=true
print(evidence_mask_alone(table))

# %% [markdown]
# Qualified: with norms alike the difference is exactly 0, and a decoder that normalises elsewhere is another function. And note what had to be taken *out* first. A decoder of 2017 has cross-attention, too, and the claim forgets that. (From there to GPT-2, notebook 4 counted three more changes: where it normalises, GELU, learned positions. None of them has to do with the encoder.)
#
# ## Five architectures
#
# Notebook 6 has measured who sees whom in five architectures, and found your `predicted_reach` to be right. Here are the pictures again: **five architectures, three pictures.** Whether there are two stacks or one makes no difference to who sees whom. It may make one to cost, or to what is learned. That is to be measured, in parts 4 to 6. But first, the claims about GPT-2 itself.

# %% reader=true
SOURCE, TARGET = 3, 4
WORDS = [f"s{i}" for i in range(SOURCE)] + [f"t{i}" for i in range(TARGET)]
five = {
    name: predicted_reach(name, SOURCE, TARGET).double()
    for name in ("encoder", "decoder", "encoder-decoder", "GPT-2", "prefix-LM")
}


def emblem() -> None:
    """Draw the five reach matrices, with a line between source and target."""
    figure = reach_maps(five, WORDS)
    for axis in figure.axes:
        for line in (axis.axvline, axis.axhline):
            line(SOURCE - 0.5, color="black", linewidth=2)  # source | target
    plt.show()


emblem()

# %% [markdown]
# *Five grids of seven outputs and seven inputs, with black lines between source and target. Encoder: all blue. Decoder and GPT-2: the same triangle. Encoder-decoder and prefix-LM: the same picture, a full block for the source, nothing of the target above it, and below both the source and a triangle.*

# %% [markdown]
# ## Part 2 · GPT-2 itself
#
# ## Is there anything for an encoder in it?
#
# Ask the original. Here are the parts of its blocks, as `transformers` builds them: once as GPT-2 is, and once with `add_cross_attention=True`, for those who want to put an encoder beside it. (On the *meta device* tensors have shapes and no numbers, so that a large model costs nothing.)


# %% reader=true
def parts_of_blocks(config: GPT2Config) -> dict[str, list[str]]:
    """{block: names of its parts}; on the meta device, so that nothing is computed."""
    with torch.device("meta"):
        blocks = GPT2LMHeadModel(config).transformer.h
    return {f"h.{number}": [name for name, _ in block.named_children()] for number, block in enumerate(blocks)}


table["blocks"] = parts_of_blocks(GPT2Config())
listening = parts_of_blocks(GPT2Config(add_cross_attention=True))
print(f"GPT-2 small has {len(table['blocks'])} blocks.")
print("h.0 of GPT-2:                      ", ", ".join(table["blocks"]["h.0"]))
print("h.0 with add_cross_attention=True: ", ", ".join(listening["h.0"]))

# %% [markdown]
# ### The entry of claim 1
#
# Claim 1: **GPT-2 is decoder blocks only, with masked self-attention and no attention to an encoder.** How many blocks have parts for an encoder?


# %% locked="evidence_no_encoder_attention"
def evidence_no_encoder_attention(table: dict) -> tuple[int, str]:
    """Claim 1: GPT-2 is decoder blocks only, with masked self-attention and no attention to an encoder.

    table["blocks"]  {block: [names of its parts]}, such as {"h.0": ["ln_1", "attn", ...], ...}. Parts of the attention
                     to an encoder have "cross" in their names.

    Returns how many blocks have such parts, and the verdict, with a part for each block: it has none of them.
    """
    without = [not any("cross" in part for part in parts) for parts in table["blocks"].values()]
    return without.count(False), verdict(*without)


# %% reader=true
print(evidence_no_encoder_attention(table))
print("with add_cross_attention:", evidence_no_encoder_attention({"blocks": listening}))

# %% [markdown]
# Confirmed, as far as there is nothing for an encoder. That its self-attention is masked, the next measurement shows on the same model.
#
# ## The first word
#
# Claim 5: **GPT-2's context vector is zero-initialised for the first word.** It comes from recurrent networks, whose state before the first word is a vector of zeros. Is there such a thing in GPT-2? Look at position 0 of the trained model that comes with this course, in `transformers`' own code and in yours:
#
# $$x_0 = \mathrm{wte}[\text{token}] + \mathrm{wpe}[0] \qquad\qquad \mathrm{context}_0 = \sum_{j \le 0} \alpha_{0j}\, v_j \,W^O = \underbrace{\alpha_{00}}_{=\,1}\, v_0\, W^O$$
#
# Position 0 may look at itself only, and the weights of a row sum to 1.

# %% reader=true
tokenizer = AutoTokenizer.from_pretrained(PYTHON_DOCS)
theirs = GPT2LMHeadModel.from_pretrained(PYTHON_DOCS, attn_implementation="eager").eval()
ours = load_gpt2_weights(GPT2(theirs.config), theirs.state_dict()).eval()
words = tokenizer("The function returns a list of strings.", return_tensors="pt")["input_ids"]  # (1, length)

table["first word"] = []


def look_at_the_first_word(model: str, layer: int) -> Callable:
    """A hook for an attention: what comes in at position 0, what comes out, and what its own value alone would give."""

    def look(attention: nn.Module, inputs: tuple, output: Tensor | tuple) -> None:
        x, context = inputs[0][0, 0], (output[0] if isinstance(output, tuple) else output)[0, 0]  # (n_embd,) each
        own_value = attention.c_proj(attention.c_attn(x[None])[:, -len(x) :])[0]  # (n_embd,)
        table["first word"].append({"model": model, "layer": layer, "context": context.norm().item()})
        print(
            f"{model:13} layer {layer}: length of the context vector {context.norm():5.2f}, "
            f"of its difference to the projected own value {(context - own_value).norm():.0e}"
        )

    return look


with torch.no_grad():
    for name, model, blocks in (("transformers", theirs, theirs.transformer.h), ("yours", ours, ours.h)):
        hooks = [
            block.attn.register_forward_hook(look_at_the_first_word(name, layer)) for layer, block in enumerate(blocks)
        ]
        model(words)
        for hook in hooks:
            hook.remove()
    first = ours.wte(words)[0, 0] + ours.wpe.weight[0]
    print(f"what comes in, wte + wpe, has the length {first.norm():.2f}")
    weights = theirs(words, output_attentions=True).attentions  # a tensor (1, heads, length, length) a layer
    print("largest weight on a later position:", max(layer.triu(1).max().item() for layer in weights))
    print(
        "weight of position 0 on itself, every layer and head:",
        {w for layer in weights for w in layer[0, :, 0, 0].tolist()},
    )

# %% [markdown]
# ### The entry of claim 5


# %% locked="evidence_zero_context"
def evidence_zero_context(table: dict) -> tuple[float, str]:
    """Claim 5: GPT-2's context vector is zero-initialised for the first word.

    table["first word"]  a dict for each layer of each model: "context" is the length of the vector that its attention
                         makes at position 0

    Returns the shortest length, and the verdict, with a part for each dict: its length is exactly 0.
    """
    lengths = [row["context"] for row in table["first word"]]
    return min(lengths), verdict(*(length == 0 for length in lengths))


# %% reader=true
print(evidence_zero_context(table))

# %% [markdown]
# **Refuted.** What comes in at position 0 is a word and a place, like everywhere. Its attention has the weight 1 on itself, and what comes out is its own value, projected. Nothing is initialised, since nothing is carried from word to word: there is no state, only positions.
#
# ## One token at a time?
#
# Claim 3: **it works one token at a time.** Count how often the model is run. In training, for windows of several lengths: one step of `train_step`. In generation: `generate_cached`.


# %% reader=true
class Passes:
    """Counts how often a GPT-2 is run, while it is in a `with`."""

    def __init__(self, model: GPT2):
        self.model, self.count = model, 0

    def __enter__(self) -> "Passes":
        self.hook = self.model.wte.register_forward_hook(self.add)
        return self

    def add(self, *_) -> None:
        self.count += 1

    def __exit__(self, *_) -> None:
        self.hook.remove()


table["passes"] = []
text = tokenizer("\n".join(documents(library=False))[:2000], return_tensors="pt")["input_ids"]  # (1, length)
learner = copy.deepcopy(ours)
optimizer = torch.optim.AdamW(learner.parameters(), lr=1e-4)
for length in (16, 64, 256):
    with Passes(learner) as passes:
        train_step(
            learner, lambda model, tokens: language_model_loss(model(tokens), tokens), optimizer, text[:, :length]
        )
    table["passes"].append({"task": "training", "tokens": length - 1, "passes": passes.count})
for new in (4, 32):
    with Passes(ours) as passes:
        generate_cached(ours, text[:, :16], new, temperature=0)
    table["passes"].append({"task": "generation", "tokens": new, "passes": passes.count})
for row in table["passes"]:
    print(f"{row['task']:10}  {row['tokens']:3} tokens predicted in {row['passes']:2} passes")

precise = copy.deepcopy(ours).double()
with torch.no_grad():
    at_once = precise(text[:, :64])[0]  # (64, vocab_size)
    one_by_one = torch.stack([precise(text[:, :end])[0, -1] for end in range(1, 65)])  # (64, vocab_size)
print(
    f"64 positions in one pass, and one by one in 64: largest difference of a logit {(at_once - one_by_one).abs().max():.0e}"
)

# %% [markdown]
# ### The entry of claim 3


# %% locked="evidence_one_at_a_time"
def evidence_one_at_a_time(table: dict) -> tuple[float, str]:
    """Claim 3: it works one token at a time.

    table["passes"]  dicts: "task" is "training" or "generation", "tokens" how many tokens were predicted, and "passes"
                     how often the model was run for them

    Returns how many tokens training predicts in a pass, all its tokens divided by all its passes, and the verdict,
    with two parts: every generation took exactly as many passes as tokens; and so did every training.
    """
    training, generation = (
        [row for row in table["passes"] if row["task"] == task] for task in ("training", "generation")
    )
    a_pass = sum(row["tokens"] for row in training) / sum(row["passes"] for row in training)
    return a_pass, verdict(*(all(row["tokens"] == row["passes"] for row in rows) for rows in (generation, training)))


# %% reader=true
print(evidence_one_at_a_time(table))

# %% [markdown]
# Qualified. It *writes* one token at a time, since it has to read what it wrote. But it *learns* all positions of a window in one pass, and it reads a prompt in one pass, too. The mask is what allows it: no position sees a later one, so it is all the same whether the later ones are there already. That is what the last line above says.

# %% [markdown]
# ## Part 3 · BERT beside GPT-2
#
# Claim 4: **BERT sees the whole context at once, and is not autoregressive.**
#
# What does that mean for what the two can compute? To be exact about it, take a language so small that one can look at *all* of its texts: five words, and each text has four of them. There are $5^4 = 625$ texts. How probable each one is we know, since we made the language up: each word depends on the one before.
#
# Both models are one `OneStack` of notebook 6.


# %% locked="mean_loss"
def mean_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """logits (batch, length, vocab_size), labels (batch, length); -100 where nothing is asked."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)


# %% reader=true
WORDS_5, LENGTH = 5, 4
BLANK, BEGIN = WORDS_5, WORDS_5 + 1  # two more tokens: BERT's blank, and what GPT-2 reads before the first word
EVERYTHING = torch.ones(LENGTH, LENGTH, dtype=torch.bool)  # BERT's mask: none
generator = torch.Generator().manual_seed(4)
first_word = (1.5 * torch.randn(WORDS_5, generator=generator)).softmax(dim=-1)  # (5,)
next_word = (1.5 * torch.randn(WORDS_5, WORDS_5, generator=generator)).softmax(
    dim=-1
)  # (5, 5), a row for each word before
texts = torch.cartesian_prod(*[torch.arange(WORDS_5)] * LENGTH)  # (625, 4): all texts
probabilities = first_word[texts[:, 0]]  # (625,)
for i in range(1, LENGTH):
    probabilities = probabilities * next_word[texts[:, i - 1], texts[:, i]]
print(f"{len(texts)} texts, whose probabilities sum to {probabilities.sum():.3f}")


def draw_texts(generator: torch.Generator) -> tuple[Tensor, torch.Generator]:
    return texts[torch.multinomial(probabilities, 128, replacement=True, generator=generator)], generator


def shifted(texts: Tensor) -> Tensor:
    """What GPT-2 reads to predict every word of these texts."""
    return torch.cat([torch.full_like(texts[:, :1], BEGIN), texts[:, :-1]], dim=1)


def causal_loss(model: nn.Module, batch: tuple) -> Tensor:
    tokens, _ = batch
    return mean_loss(model(shifted(tokens)), tokens)


def blanks_loss(model: nn.Module, batch: tuple) -> Tensor:
    inputs, labels = mask_tokens(batch[0], BLANK, WORDS_5, [], batch[1])
    return mean_loss(model(inputs, EVERYTHING), labels)


small = {}
for name, loss in {"GPT-2": causal_loss, "BERT": blanks_loss}.items():
    torch.manual_seed(0)
    small[name] = OneStack(WORDS_5 + 2, d_model=32, num_heads=4, d_ff=64, num_layers=2)
    train(small[name], loss, draw_texts, train_step, name=f"a small {name}", steps=400, learning_rate=5e-3)

# %% [markdown]
# ### What is the probability of a text?
#
# **GPT-2** says it in one pass. Each position gives the probability of its word after those before it, and the product is the probability of the text. Summed over all texts that gives 1, as it must:
#
# $$p(x) = \prod_t p(x_t \mid x_{<t}) \qquad\qquad \sum_x p(x) = 1$$
#
# **BERT** has no such product. One can blank each word in turn, ask for it, and multiply:
#
# $$q(x) = \prod_t p(x_t \mid x_{\ne t}) \qquad\qquad \sum_x q(x) = \;?$$
#
# Or write: begin with nothing but blanks, fill in the first, then the second, and so on. Or from the right.


# %% reader=true
@torch.no_grad()
def log_probabilities(model: nn.Module, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
    """Of each of the five words, at every position: (texts, length, 5)."""
    return model.eval()(inputs, mask)[..., :WORDS_5].log_softmax(dim=-1)


def of_the_words(log_probabilities: Tensor) -> Tensor:
    """Those of the words that stand there: (texts, length)."""
    return log_probabilities.gather(-1, texts[..., None])[..., 0]


def each_word_blanked(bert: nn.Module) -> Tensor:
    """The product of the probabilities of each word, given all the others: (texts,)."""
    logarithms = [
        of_the_words(log_probabilities(bert, texts.index_fill(1, torch.tensor([i]), BLANK), EVERYTHING))[:, i]
        for i in range(LENGTH)
    ]
    return sum(logarithms).exp()


def written(bert: nn.Module, order: Sequence[int]) -> Tensor:
    """The probability that these texts come out, when blanks are filled in in this order: (texts,)."""
    inputs, logarithms = torch.full_like(texts, BLANK), 0.0
    for i in order:
        logarithms = logarithms + of_the_words(log_probabilities(bert, inputs, EVERYTHING))[:, i]
        inputs[:, i] = texts[:, i]
    return logarithms.exp()


found = {
    "GPT-2, one pass": of_the_words(log_probabilities(small["GPT-2"], shifted(texts))).sum(dim=1).exp(),
    "BERT, each word blanked": each_word_blanked(small["BERT"]),
    "BERT, written from the left": written(small["BERT"], range(LENGTH)),
    "BERT, written from the right": written(small["BERT"], range(LENGTH)[::-1]),
}
for name, p in found.items():
    wrong = (p / p.sum() - probabilities).abs().sum() / 2  # total variation: 0 is perfect, 1 the worst
    print(f"{name:30} sums to {p.sum():.3f}, and is {wrong:.2f} away from the truth")
left, right = found["BERT, written from the left"], found["BERT, written from the right"]
print(f"BERT from the left and BERT from the right are {(left - right).abs().sum() / 2:.2f} away from each other.")

# %% [markdown]
# GPT-2's probabilities are probabilities, and near the truth. BERT's product sums to far more than 1: it is no probability of anything. ("Away" is half the sum of the absolute differences, after dividing by the sum: 0 if they agree, 1 if they have nothing in common.)
#
# And yet **BERT can write**. Filled in from one end, its blanks do make a probability of texts of this length. Only it is a poor one, since it was hardly ever trained on texts that are nearly all blanks; and from the right it is another one than from the left. Which of them does BERT believe? Neither. It has not learned one distribution over texts, but many answers to many blanks. (Ours has seen one seed and a few hundred steps. A larger BERT may be less contradictory, but nothing makes its answers fit together.)
#
# ### Fill in a blank
#
# That is what BERT is for. And GPT-2? It cannot look ahead. But it can *try*: put each of the five words in, ask for the probability of the whole text, and compare. So it can do even that, at five times the price; with the 50,257 tokens of GPT-2, at 50,257 times.

# %% reader=true
place = 1  # the second word is blank
grid = (WORDS_5,) * LENGTH
true = probabilities.view(grid)
context = true.sum(dim=place, keepdim=True)  # how probable the other three words are
blanked = texts.index_fill(1, torch.tensor([place]), BLANK)
bert_says = of_the_words(log_probabilities(small["BERT"], blanked, EVERYTHING))[:, place].exp().view(grid)
tried = found["GPT-2, one pass"].view(grid)
gpt2_says = tried / tried.sum(dim=place, keepdim=True)
for name, says, passes in (("BERT", bert_says, 1), ("GPT-2, by trying", gpt2_says, WORDS_5)):
    wrong = (context * (says - true / context).abs()).sum() / 2
    print(f"{name:18} {wrong:.2f} away from the truth, in {passes} passes")

generator = torch.Generator().manual_seed(0)
table["texts"] = []
for name, model, mask in (("GPT-2", small["GPT-2"], causal_mask(LENGTH)), ("BERT", small["BERT"], EVERYTHING)):
    layers = copy.deepcopy(model.encoder).double()
    seen = reached(reach(lambda x, layers=layers, mask=mask: layers(x, mask), torch.randn(LENGTH, 32)))
    row = {"model": name, "seed": 0, "sees later": seen[:-1, -1].double().mean().item()}
    sums = ("each word blanked", "written from the left") if name == "BERT" else ("one pass", "one pass")
    for key, measured in zip(("each word blanked", "written from the left"), sums, strict=True):
        row[key] = found[f"{name}, {measured}"].sum().item()
    table["texts"].append(row)
    print(f"{name}: the last word changes {100 * row['sees later']:.0f} % of the outputs before it")

# %% [markdown]
# Here GPT-2 is even the better one: it has learned from every word of every text, and BERT from one in seven. Its price is the five passes. (In the results table GPT-2's product stands in both columns: to blank a word and all after it, and to write from the left, are the same for it.)
#
# ### The entry of claim 4
#
# Now the claim, with three parts. That it sees all that comes later; that the product of its answers is no probability; and, if it is *not* autoregressive at all, then it cannot write from the left either: the third.


# %% locked="evidence_bert"
def evidence_bert(table: dict) -> tuple[float, str]:
    """Claim 4: BERT sees the whole context at once, and is not autoregressive.

    table["texts"]  a dict for each trained model: "model" is "BERT" or "GPT-2", "sees later" the share, from 0 to 1, of
                    the outputs before the last word that the last word changes; and two sums over all texts: "each
                    word blanked" and "written from the left"

    Returns the mean of "each word blanked" over the BERTs, and the verdict, with three parts: every BERT sees all
    that comes later; for every BERT "each word blanked" is more than 0.01 away from 1; and for every BERT "written
    from the left" is, too.
    """
    rows = [row for row in table["texts"] if row["model"] == "BERT"]

    def is_no_probability(name: str) -> bool:
        return all(abs(row[name] - 1) > 0.01 for row in rows)

    return mean(row["each word blanked"] for row in rows), verdict(
        all(row["sees later"] == 1 for row in rows),
        is_no_probability("each word blanked"),
        is_no_probability("written from the left"),
    )


# %% reader=true
print(evidence_bert(table))

# %% [markdown]
# Qualified: it sees everything, and its answers do not multiply to a probability. But text can be drawn from it, badly, by filling in blanks from one end, if one says how long the text will be.
#
# GPT-2 gives the probability of a text in one pass, learns from every word, and continues. BERT fills in a blank in one pass. *Each can do the other's work, at a price.* If you want to write, the price decides.

# %% [markdown]
# ## Part 4 · A fair comparison
#
# Claims 6 and 7 are about which architecture does *better*. Notebook 3 has shown how easily one fools oneself there: by a learning rate that suits one model, or by a single seed. And notebook 4, by comparing two models that differ in five things at once. So in the experiments that follow everything is alike: data, norms (pre-norm), optimiser, `train_step`, steps, embeddings. The models differ in one thing: two stacks, or one.
#
# But how large should the one stack be? There are two answers, and both are fair.
#
# - **As many parameters.** A layer of an encoder has $4d^2$ weights in its attention and $2\,d\,d_\text{ff}$ in its feed-forward network. A decoder's layer has attention twice.
# - **As much computation.** In an encoder-decoder a word of the source passes the encoder's layers only, and one of the target the decoder's only. In one stack each word passes *all* layers. With equal parameters one stack therefore computes about twice as much. With half the layers, **half a stack**, it computes as much, and has half the parameters.
#
# `match_parameters` of notebook 6 makes the weight matrices of both equal.

# %% [markdown]
# ### Exercise 1 · `supervised_fraction` (8 points, 10 minutes, ★☆☆)
#
# There is a third thing to count: of how many of the tokens that it reads is a model *asked* something?
#
# $$\text{causal: } 1 \qquad \text{masked: } p \qquad \text{encoder-decoder: } 1 - \frac{\text{cut}}{\text{length}}$$
#
# In the encoder-decoder what stands before the cut is read, and nobody is asked for what comes next there.


# %% exercise="supervised_fraction"
def supervised_fraction(objective: str, length: int, cut: int | None = None, probability: float = 0.15) -> float:
    """Of how many of the tokens that a model reads is it asked something, in a step of training?

    objective    "causal": every token is asked for the token after it (that of the last one is in the data, too)
                 "masked": each token is hidden with the probability, and those are asked for; in the mean
                 "encoder-decoder": the encoder reads the first `cut` tokens, and the decoder the others, each of which
                 is asked for the token after it
    length       how many tokens the model reads, at least 1

    Returns a fraction from 0 to 1.

    Raises ValueError for another objective, and for "encoder-decoder" without a cut or with one that is not
    0 <= cut <= length. The others do not look at the cut.
    """
    ### BEGIN SOLUTION
    if objective == "causal":
        return 1.0
    if objective == "masked":
        return probability
    if objective == "encoder-decoder":
        if cut is None or not 0 <= cut <= length:
            raise ValueError(f"an encoder-decoder needs a cut from 0 to {length}, not {cut}")
        return 1 - cut / length
    raise ValueError(f"there is no objective {objective!r}")
    ### END SOLUTION


# %% check="supervised_fraction" points=8
assert supervised_fraction("causal", 128) is not None, "Nothing comes back. Is there a `return`?"
assert supervised_fraction("causal", 128) == 1, (
    f"causal: every token is asked for the next one, a fraction of 1, and yours is {supervised_fraction('causal', 128)}."
)
assert supervised_fraction("masked", 128) == 0.15, (
    "masked: each token is hidden with probability 0.15, and those are asked for."
)
assert supervised_fraction("masked", 128, probability=0.4) == 0.4, "masked: the probability is an argument."
for objective, expected in (("causal", 1), ("masked", 0.15)):
    try:
        found_there = supervised_fraction(objective, 10, cut=12)
    except ValueError:
        found_there = "a ValueError"
    assert found_there == expected, (
        f"{objective}: it does not look at the cut, so one of 12 in 10 tokens does not matter; yours gives {found_there}."
    )
found_there = supervised_fraction("encoder-decoder", 128, cut=32)
assert found_there != 0.25, "encoder-decoder: you return what stands *before* the cut. Asked is what comes after it."
assert found_there == 0.75, (
    f"encoder-decoder: with a cut after 32 of 128 tokens 96 are asked, 0.75 of them; yours is {found_there}."
)
for cut, expected in ((0, 1), (10, 0)):
    try:
        found_there = supervised_fraction("encoder-decoder", 10, cut=cut)
    except ValueError:
        found_there = "a ValueError"
    assert found_there == expected, (
        f"encoder-decoder: a cut of {cut} in 10 tokens is allowed, and gives {expected}; yours gives {found_there}. (0 is not None.)"
    )
for arguments, why in (
    (("oracle", 128), "there is no such objective"),
    (("encoder-decoder", 128), "the cut is missing"),
    (("encoder-decoder", 128, 129), "the cut is behind the end"),
    (("encoder-decoder", 128, -1), "the cut is negative"),
):
    try:
        supervised_fraction(*arguments)
    except ValueError:
        continue
    except Exception as error:
        raise AssertionError(
            f"supervised_fraction{arguments}: {why}, so raise ValueError, and not {type(error).__name__}."
        ) from None
    raise AssertionError(f"supervised_fraction{arguments}: {why}, so raise ValueError.")
print("supervised_fraction: the visible check passes.")

# %% [markdown]
# ### Exercise 2 · `best_by_validation` (12 points, 15 minutes, ★★☆)
#
# Each model is trained at three learning rates, with several seeds each. Which of the rates is compared? The best one of *each* model, or the comparison would be unfair. But best by what? If one chose by the numbers that are compared in the end, each model would be reported at its luckiest. So there are two sets of texts that nobody has learned from: one to choose by, **validation**, and one to compare by, **test**.
#
# <details><summary>Hint 1: mean of a rate</summary>
# <code>mean(run["validation"] for run in runs if run["rate"] == rate)</code>, for each rate that occurs.
# </details>
#
# <details><summary>Hint 2: nan</summary>
# A mean with nan in it is nan, and nan is neither smaller nor larger than anything, so <code>min</code> is not to be trusted with it. <code>math.isfinite</code> tells.
# </details>


# %% exercise="best_by_validation"
def best_by_validation(runs: list[dict]) -> list[dict]:
    """Of the runs of one model at several rates of learning, those at the best rate.

    runs  dicts with "rate", "seed", "validation" (lower is better), "test" and more, in any order

    The best rate has the lowest mean of "validation" over its runs. Of equal ones it is the lower rate. A rate at
    which a run has failed, so that its validation is inf or nan, is not chosen.

    Returns the runs at that rate, as they are and in the order in which they stand in runs. Raises ValueError if no
    rate is left.
    """
    ### BEGIN SOLUTION
    means = {}
    for rate in sorted({run["rate"] for run in runs}):
        found = mean(run["validation"] for run in runs if run["rate"] == rate)
        if math.isfinite(found):
            means[rate] = found
    if not means:
        raise ValueError("there is no rate at which every run has a finite validation")
    best = min(means, key=means.get)  # of equal ones the first, which is the lowest
    return [run for run in runs if run["rate"] == best]
    ### END SOLUTION


# %% check="best_by_validation" points=12
runs = [
    {"rate": rate, "seed": seed, "validation": validation, "test": test}
    for rate, seed, validation, test in [
        (4, 0, 1.0, 9.0),
        (1, 0, 3.0, 1.0),
        (2, 0, 2.5, 5.0),
        (1, 1, 3.0, 1.0),
        (4, 1, 3.5, 9.0),
        (2, 1, 1.5, 5.0),
    ]
]  # the means of validation are 2.25 for rate 4, 3.0 for rate 1, and 2.0 for rate 2
before = copy.deepcopy(runs)
best = best_by_validation(runs)
assert best is not None, "Nothing comes back. Is there a `return`?"
assert runs == before, "You changed the caller's runs."
assert isinstance(best, list) and all(isinstance(run, dict) for run in best), (
    f"Return a list of the runs, as they are; you returned {best!r}."
)
assert len(best) > 1, "Return *all* runs at the best rate, one for each seed, not only the best of them."
assert {run["rate"] for run in best} != {1}, (
    "Rate 1 has the lowest test, and the highest validation. Choose by validation, and the lowest: by test each model would be reported at its luckiest."
)
assert {run["rate"] for run in best} != {4}, (
    "Rate 4 has the best single run, and another one that is bad. The *mean* over the seeds decides."
)
assert best == [runs[2], runs[5]], f"The lowest mean of validation is that of rate 2; you return {best}."
for validations, rate, why in (
    ({1: [0.0, 0.1, 2.6], 2: [1.0, 1.2, 1.4]}, 1, "the mean decides, not the worst run"),
    ({1: [1.0, 1.0, 1.0], 2: [2.0]}, 1, "the mean decides, not the sum"),
    ({1: [1.0, 1.1, 9.0], 2: [2.0, 2.1, 2.2]}, 2, "the mean decides, not the run in the middle"),
    ({1: [1.0, 1.0, 4.0], 2: [2.2]}, 1, "runs with the same validation count each"),
):
    some = [
        {"rate": of, "seed": 9 - i, "validation": value, "test": 0.0, "curve": []}
        for of, found_there in validations.items()
        for i, value in enumerate(found_there)
    ]
    best = best_by_validation(some)
    assert {run["rate"] for run in best} == {rate}, (
        f"With validations {validations}, by rate, the best rate is {rate}: {why}."
    )
    assert best == [run for run in some if run["rate"] == rate], (
        "The runs come back as they are: all keys, and in the order in which they stood."
    )
tie = [{"rate": rate, "seed": 0, "validation": 1.0, "test": 0.0} for rate in (3, 2, 5)]
assert [run["rate"] for run in best_by_validation(tie)] == [2], "All rates are equally good: then it is the lowest."
for failed in (math.nan, math.inf):
    some = [
        {"rate": 2, "seed": 0, "validation": failed, "test": 0.0},
        {"rate": 2, "seed": 1, "validation": 0.1, "test": 0.0},
        {"rate": 3, "seed": 0, "validation": 9.0, "test": 0.0},
    ]
    try:
        best = best_by_validation(some)
    except ValueError:
        best = []
    assert [run["rate"] for run in best] == [3], (
        f"At rate 2 a run has failed, with a validation of {failed}: that rate is not chosen."
    )
    try:
        best_by_validation(some[:2])
    except ValueError:
        continue
    except Exception as error:
        raise AssertionError(f"Where no rate is left, raise ValueError, and not {type(error).__name__}.") from None
    raise AssertionError(f"If every rate has a run that failed, here with {failed}, nothing is left: raise ValueError.")
print("best_by_validation: the visible check passes.")

# %% [markdown]
# ## Part 5 · Translation
#
# Claim 6: **encoder-decoders serve mappings between two kinds of sequence, with different weights for each.** English number words and German ones are two kinds of sequence, and notebook 3 has an encoder-decoder for them. Here it gets four rivals.
#
# - **loss on the target**: one stack. Source and target are one text, `twenty one [BOS] ein und zwanzig [EOS]`, read under a causal mask. It is asked for the words of the target only.
# - **loss on everything**: the same, but it is also asked for the next word *in the source*, as GPT-2 would be.
# - **prefix-LM**: as the first, but the source sees all of itself: your `prefix_mask`.
# - **no encoder layers**: notebook 3's oddity. Two decoder layers with cross-attention to bare embeddings.
#
# A number counts as right if *every* word of its translation is. It takes no generation to know that: if each word is right after the right words before it, these are the words that would have been written.


# %% locked="translation"
TWO_STACKS = ["encoder-decoder", "no encoder layers"]
ONE_TEXT = ["loss on the target", "prefix-LM", "loss on everything"]
german = NumberWords("de")


class NotRead(nn.Module):
    """In the place of an encoder: what comes in goes out."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x


def new_translator(way: str, layers: int, seed: int, d_model: int = 64) -> nn.Module:
    """A model for number words with random weights; an encoder-decoder of 2 + 2 has 4 layers."""
    torch.manual_seed(seed)
    sizes = {"d_model": d_model, "num_heads": 4}
    if way in ONE_TEXT:
        d_ff = match_parameters(d_model, 4 * d_model, 2, 2, num_layers=4)
        return OneStack(len(german.source) + len(german.target), d_ff=d_ff, num_layers=layers, **sizes)
    vocabularies = len(german.source), len(german.target)
    half = {"d_ff": 4 * d_model, "num_layers": 2, "pad_id": german.pad_id, "dropout": 0.0, "norm_first": True}
    model = Transformer(*vocabularies, **sizes, **half)
    if way == "no encoder layers":
        model.encoder = NotRead()
    return model


def one_text(batch: Sentences) -> tuple[Tensor, Tensor]:
    """Each source, [BOS] and its target, one behind the other: notebook 6's pack.

    Returns the texts (batch, length), filled up with [PAD], and the lengths of the sources (batch,). The two languages
    have one vocabulary now: German ids begin after the English ones.
    """
    first = len(german.source)  # of the German ids
    target = torch.where(batch.target == german.pad_id, german.pad_id, first + batch.target)
    return pack(batch.source, target, first + german.bos_id, german.pad_id)


def asked(model: nn.Module, batch: Sentences, way: str, everything: bool = False) -> tuple[Tensor, Tensor]:
    """What a model says, and what it should: logits (batch, length, tokens), labels (batch, length), -100 for nothing.

    everything  in one text: ask for the words of the source, too
    """
    if way in TWO_STACKS:
        labels = batch.target.masked_fill(batch.target == german.pad_id, -100)
        return model(batch.source, shift_right(batch.target, german.bos_id)), labels
    texts, source_lengths = one_text(batch)
    inputs, labels = texts[:, :-1], training_targets(texts, source_lengths, german.pad_id, everything)
    mask = None
    if way == "prefix-LM":
        masks = [prefix_mask(length, inputs.shape[1]) for length in source_lengths.tolist()]
        mask = torch.stack(masks)[:, None]  # (batch, 1, length, length)
    return model(inputs, mask), labels


@torch.no_grad()
def share_right(model: nn.Module, way: str, numbers: Sequence[int]) -> float:
    """Of how many numbers is the whole translation right, when the most probable token is taken each time?

    One pass tells it: if each token is right after the right tokens before it, these are what was written.
    """
    logits, labels = asked(model.eval(), german.batch(numbers), way)
    return ((logits.argmax(dim=-1) == labels) | (labels == -100)).all(dim=1).double().mean().item()


def translation_run(way: str, layers: int, numbers: int, rate: float, seed: int, steps: int = 300) -> dict:
    """Train one model and test it. Returns a row of the results.

    way      one of TWO_STACKS and ONE_TEXT
    layers   how many the model has, of both stacks
    numbers  how many there are to learn from
    """
    model, data = new_translator(way, layers, seed), german.train[:numbers]

    def draw(generator: torch.Generator) -> Sentences:
        return german.batch([data[i] for i in torch.randint(len(data), (64,), generator=generator)])

    history = train(
        model,
        lambda model, batch: mean_loss(*asked(model, batch, way, everything=way == "loss on everything")),
        draw,
        train_step,
        name=f"{way}, seed {seed}",
        steps=steps,
        learning_rate=rate,
        seed=seed,
        score=lambda model: share_right(model, way, german.validation[:200]),
        score_every=10,
    )
    with torch.no_grad():
        validation = mean_loss(*asked(model.eval(), german.batch(german.validation[:1000]), way)).item()
    return {
        "way": way,
        "layers": layers,
        "numbers": numbers,
        "rate": rate,
        "seed": seed,
        "steps": history.steps,
        "validation": validation,  # loss of a token of the target
        "test": share_right(model, way, german.test[:1000]),
        "curve": history.scores,  # (step, share of 200 validation numbers)
    }


# %% [markdown]
# What they cost, counted. A step is 64 numbers, forwards and backwards; a multiplication with an addition counts as two operations.


# %% reader=true
def costs_of(model: nn.Module, ask: Callable, *arguments: object) -> dict[str, str]:
    """A model's size, and what a step takes in which ask(model, *arguments) gives its logits and labels."""
    with FlopCounterMode(display=False) as counter:
        mean_loss(*ask(model, *arguments)).backward()
    matrices = sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and "embedding" not in name)
    return {
        "weight matrices of the layers": f"{matrices:,}",
        "all parameters": f"{sum(p.numel() for p in model.parameters()):,}",
        "operations a step, in millions": f"{counter.get_total_flops() / 1e6:,.0f}",
    }


MODELS = [("encoder-decoder", 4), ("no encoder layers", 2), *[(way, layers) for layers in (4, 2) for way in ONE_TEXT]]


def label(way: str, layers: int) -> str:
    return f"{way}, {f'{layers // 2} + {layers // 2}' if way == 'encoder-decoder' else layers} layers"


batch = german.batch(german.train[:64])
costs = {}
for way, layers in (
    ("encoder-decoder", 4),
    ("no encoder layers", 2),
    ("loss on the target", 4),
    ("loss on the target", 2),
):
    name = (
        label(way, layers) if way in TWO_STACKS else f"one stack, {layers} layers"
    )  # all ways of one text cost the same
    costs[name] = costs_of(new_translator(way, layers, seed=0), asked, batch, way)
print(f"56 d² = {56 * 64**2:,}")
comparison_table(costs)

# %% [markdown]
# So with 4 layers one stack weighs what the encoder-decoder of 2 + 2 does, and computes twice as much. With 2 layers it computes about as much, and weighs half.
#
# ## One seed, live
#
# Two of the models are trained now, from one seed. It takes half a minute to a minute.

# %% reader=true
runs = comparison_runs()  # what `make experiments` has measured: every model, three rates, several seeds


def chosen(runs: list[dict], *model: str) -> list[dict]:
    """Of each model the runs at its best rate; runs belong to the same model if they agree in these keys."""
    models = dict.fromkeys(tuple(run[key] for key in model) for run in runs)
    return [
        run
        for kind in models
        for run in best_by_validation([run for run in runs if tuple(run[key] for key in model) == kind])
    ]


table["translation"] = chosen(runs["translation"], "way", "layers", "numbers")


def of_model(experiment: str, **wanted: object) -> list[dict]:
    """The runs in the table that have these values."""
    return [run for run in table[experiment] if all(run[key] == value for key, value in wanted.items())]


live = {}
for way in ("encoder-decoder", "loss on the target"):
    rate = of_model("translation", way=way, layers=4, numbers=90_000)[0]["rate"]
    live[way] = translation_run(way, layers=4, numbers=90_000, rate=rate, seed=0)


def steps_to(share: float, run: dict) -> float:
    """After how many steps so many validation numbers were right; infinity for never."""
    return next((step for step, right in run["curve"] if right >= share), math.inf)


for way, run in live.items():
    print(
        f"{way:20} 95 % right after {steps_to(0.95, run):.0f} steps, and in the end {100 * run['test']:.1f} % of 1,000 others"
    )
print(f"you predicted that {prediction['translates first']!r} translates first.")

# %% [markdown]
# ## All seeds, from the file
#
# One run proves little. The file `comparison.json`, which comes with coursekit, holds all of them: every model at three learning rates, from three to five seeds. The very functions above have made it (by `make experiments`, in the repository of this course).

# %% reader=true
record = runs["record"]
print(
    f"{len(runs['translation'])} runs of translation, {len(runs['text'])} rows of text, {record['hours of one core']} hours of one core"
)
print(f"on {record['machine']}, torch {record['versions']['torch']}\n")
print("mean loss on validation, at each rate (the best one is chosen):")
for way, layers in MODELS:
    of_this = [
        run for run in runs["translation"] if (run["way"], run["layers"], run["numbers"]) == (way, layers, 90_000)
    ]
    rates = sorted({run["rate"] for run in of_this})
    means = [mean(run["validation"] for run in of_this if run["rate"] == rate) for rate in rates]
    print(
        f"  {label(way, layers):32}",
        "   ".join(f"{rate:g}: {value:.4f}" for rate, value in zip(rates, means, strict=True)),
    )

score_curves(
    {
        label(way, layers): [run["curve"] for run in of_model("translation", way=way, layers=layers, numbers=90_000)]
        for way, layers in MODELS[:5]
    },
    ylabel="share of 200 validation numbers right",
)
plt.show()
print("steps until 95 % are right, each seed:")
for way, layers in MODELS:
    steps = sorted(steps_to(0.95, run) for run in of_model("translation", way=way, layers=layers, numbers=90_000))
    print(f"  {label(way, layers):32}", "  ".join(f"{step:4.0f}" for step in steps))

# %% [markdown]
# *Curves of all runs. Each lies at 0 first and then rises steeply to 1, all of them soon after one another. Those of the model without encoder layers rise first, those of the encoder-decoder and those with the loss on everything last.*

# %% reader=true
run_dots(
    {
        f"{numbers:,} numbers to learn from": {
            label(way, layers): [
                100 * run["test"] for run in of_model("translation", way=way, layers=layers, numbers=numbers)
            ]
            for way, layers in MODELS
        }
        for numbers in (90_000, 1_000, 300)
    },
    xlabel="% of 1,000 test numbers right",
    live={label(way, 4): 100 * run["test"] for way, run in live.items()},
)
plt.show()
for numbers in (90_000, 1_000, 300):
    print(f"{numbers:,} numbers to learn from: % right, each seed")
    for way, layers in MODELS:
        tests = [100 * run["test"] for run in of_model("translation", way=way, layers=layers, numbers=numbers)]
        if tests:
            print(
                f"  {label(way, layers):32} mean {mean(tests):5.1f}  ",
                "  ".join(f"{test:5.1f}" for test in sorted(tests)),
            )

# %% [markdown]
# *Three panels of dots, a row a model and a dot a seed. With 90,000 numbers all dots stand near 100, but for half a stack that is asked for everything. With 1,000 they stand near 99. With 300 they lie apart: the encoder-decoder's furthest to the right, those of the prefix-LM and of the loss on everything further to the left.*
#
# (A bar is the mean of a row. An orange diamond is the live run. Half stacks were trained with all numbers only.)
#
# **With enough examples nothing is left between them.** One stack of as many parameters translates as well as two, and so does one of as much computation. Even the model without encoder layers keeps up.
#
# **One stack is the first to have 95 of 100 right**, if by little: each of its seeds is ahead of each seed of the encoder-decoder, which stays longer at 0 before it rises. (At the learning rate with the best validation, that is. At half of it the two are about as fast, as you can look up in the file.)
#
# **To be asked for everything is a burden here.** The numbers are drawn at random, so that most words of the source cannot be foreseen. It costs some dozens of steps, and half a stack does not always arrive. (In a continuous text the same questions are the very thing that one wants to learn.)
#
# **To see the source from both sides gains nothing here.** The prefix-LM and the causal model lie within each other's seeds, or the causal one is ahead. That is the triangle which notebook 4 asked about.
#
# **With 300 examples the encoder-decoder is ahead**, in the mean of its seeds, by a little. So there *is* something in it. What is it? The model without encoder layers has cross-attention to bare embeddings and is smaller, and it lies between the encoder-decoder and the single stacks. So perhaps it is less the encoder's layers than that source and target are kept apart, with weights of their own. How much can one build on five seeds?
#
# (Where the highest of three rates is the best, a higher one might be better still. With all numbers nothing is left to be won by it.)

# %% [markdown]
# ## How sure are we?
#
# Two models were trained from the same five seeds, and one of them has the higher mean.
# Would it have the higher mean again, with five other seeds?
#
# ### An interval for a mean
#
# The mean of $n$ values is itself uncertain.
# Let $\bar x$ be their mean and $s$ their standard deviation, computed with $n - 1$ in the denominator.
# Suppose that the values vary roughly like a normal distribution.
# Of all intervals that are computed like this, each from new values, a share of `level` contains the true mean:
#
# $$\bar x \pm t_{n-1,\,(1 + \text{level})/2}\;\frac{s}{\sqrt n}$$
#
# Here $t_{\nu,\,p}$ is the $p$-quantile of Student's t distribution with $\nu$ degrees of freedom.
# `t_quantile(p, degrees)` computes it.
# It is larger than the quantile 1.96 of the normal distribution, because $s$ is an estimate, too: with ten values it is 2.26, and with three it is 4.30.
#
# ### Exercise 3 · `interval` (10 points, 10 minutes, ★☆☆)
#
# `mean` and `stdev` of Python's `statistics` are imported.
#
# <details><summary>Hint</summary>
# For a level of 0.95 there are 2.5 % on each side, so the quantile is that of 0.975. Its degrees of freedom are one fewer than the values.
# </details>


# %% exercise="interval"
def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Compute a confidence interval for the mean that the values were drawn from, by Student's t.

    values  at least two numbers; they are not modified
    level   the probability that such an interval contains the true mean, between 0 and 1

    Returns (low, high). The interval is symmetric around the mean of the values, with n - 1 degrees of freedom.

    Raises ValueError for fewer than two values, and for a level that is not between 0 and 1, both excluded.
    """
    ### BEGIN SOLUTION
    if len(values) < 2:
        raise ValueError(f"the spread of {len(values)} values is not known: two are needed at least")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, and {level} does not")
    error = stdev(values) / math.sqrt(len(values))  # of the mean
    half = t_quantile((1 + level) / 2, len(values) - 1) * error
    return mean(values) - half, mean(values) + half
    ### END SOLUTION


# %% check="interval" points=10
with visible_check("interval"):
    both_ends = interval([1.0, 2.0, 4.0, 5.0])  # mean 3, standard deviation 1.826, t 3.182
    assert isinstance(both_ends, tuple) and len(both_ends) == 2, (
        f"Return a pair (low, high). You returned {both_ends!r}."
    )
    low, high = both_ends
    assert low < high, f"The lower end comes first. You returned {both_ends}. Is your quantile negative?"
    assert math.isclose((low + high) / 2, 3.0), f"The interval is symmetric around the mean, 3. Yours is {both_ends}."
    half = (high - low) / 2
    for wrong, why in (
        (1.789, "That is the quantile of the normal distribution. s is estimated, so use t_quantile."),
        (2.535, "The degrees of freedom are n - 1, and yours are n."),
        (2.516, "Your standard deviation divides by n. Use stdev, which divides by n - 1."),
        (5.810, "Divide by the root of n. Without it you describe single values, and not their mean."),
        (2.149, "Each side gets half of what the level leaves, so the quantile is that of (1 + level) / 2."),
    ):
        assert not math.isclose(half, wrong, abs_tol=2e-3), f"Half of your interval is {half:.3f}. {why}"
    assert math.isclose(half, 2.9052, abs_tol=1e-3), f"Half of the interval is 2.905, and of yours {half:.3f}."
    low, high = interval([1.0, 2.0, 4.0, 5.0], level=0.5)
    assert math.isclose(high - low, 1.3967, abs_tol=1e-3), (
        f"With a level of 0.5 the interval is 1.397 wide, and yours {high - low:.3f}. Do you use the level?"
    )
    for arguments, why in (
        (([1.0],), "one value"),
        (([],), "no value"),
        (([1.0, 2.0], 1.0), "a level of 1"),
        (([1.0, 2.0], 0.0), "a level of 0"),
    ):
        try:
            wrong = interval(*arguments)
        except ValueError:
            continue
        except Exception as error:
            raise AssertionError(f"For {why} raise ValueError. Yours raises {error!r}.") from None
        raise AssertionError(f"For {why} the function should raise ValueError. Yours returns {wrong}.")
    print("interval: the visible check passes.")

# %% [markdown]
# ### A test that needs no distribution
#
# Suppose that the two architectures were equally good.
# Then the labels "ours" and "theirs" would mean nothing, and we could exchange them without changing anything.
# So we do exchange them, in every possible way, and look how often the difference of the means becomes at least as large as the one that we observed.
# That share is the **p value** of an exact permutation test:
#
# $$p = \frac{\#\{\text{assignments} : |\bar x - \bar y| \ge |\bar x - \bar y|_\text{observed}\}}{\#\{\text{assignments}\}}$$
#
# - **Unpaired**: $n$ of the $n + m$ values become ours, the others theirs. There are $\binom{n+m}{n}$ assignments.
# - **Paired**: two values come from the same seed, so a value can only change places with its partner. Each difference keeps or changes its sign, which gives $2^n$ assignments.
#
# Both signs of the difference count, so that the test is two-sided.
# The observed assignment is one of all.
# So the smallest possible p of a paired test is $2 / 2^n$: with five pairs that is 0.0625, and five pairs can never prove anything at the usual 0.05.
# With ten pairs it is 0.002.
#
# A p value covers only what was drawn anew for each value, such as initial weights, batches, and perhaps the examples.
# It does not cover the task, the size of the models, or the choice of the learning rates.
#
# ### Exercise 4 · `permutation_test` (20 points, 25 minutes, ★★☆)
#
# Floating-point numbers need care here.
# Two assignments can have the same difference, while their computed differences are 0.30000000000000004 and 0.3.
# So count a difference that is smaller than the observed one by at most $10^{-9}$ times the largest absolute value.
#
# <details><summary>Hint 1: all assignments</summary>
# <code>itertools.combinations(range(n + m), n)</code> gives all ways to choose n positions. Choose positions and not values, since equal values are still two values. <code>itertools.product((1, -1), repeat=n)</code> gives all ways to choose n signs.
# </details>
#
# <details><summary>Hint 2: paired</summary>
# The mean of ours minus the mean of theirs is the mean of the n differences. A pair that changes places changes the sign of its difference.
# </details>


# %% exercise="permutation_test"
def permutation_test(ours: Sequence[float], theirs: Sequence[float], paired: bool = False) -> float:
    """Compute the two-sided p value of an exact permutation test for a difference of two means.

    ours, theirs  numbers; at most some twenty in all, or some fifteen pairs. They are not modified
    paired        ours[i] and theirs[i] belong together, and change places only with each other

    Returns the share of all assignments, the observed one included, whose absolute difference of means is at least the
    observed one. A difference counts as large enough if it is smaller by at most 1e-9 times the largest absolute value
    of all numbers. Every assignment of positions counts once, even if it has the same values as another one.

    Raises ValueError if a list is empty, and if the lists are paired and have different lengths.
    """
    ### BEGIN SOLUTION
    if not ours or not theirs:
        raise ValueError("there is nothing to compare: a list is empty")
    if paired and len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} numbers make no pairs")
    both = [*ours, *theirs]
    if paired:
        differences = [one - other for one, other in zip(ours, theirs, strict=True)]
        found = [
            sum(sign * difference for sign, difference in zip(signs, differences, strict=True)) / len(ours)
            for signs in product((1, -1), repeat=len(ours))
        ]
    else:
        firsts = [sum(both[i] for i in chosen) for chosen in combinations(range(len(both)), len(ours))]
        total = sum(both)
        found = [first / len(ours) - (total - first) / len(theirs) for first in firsts]
    tolerance = 1e-9 * max(map(abs, both))
    enough = abs(found[0]) - tolerance  # the first assignment is the observed one
    return sum(abs(difference) >= enough for difference in found) / len(found)
    ### END SOLUTION


# %% check="permutation_test" points=20
with visible_check("permutation_test"):
    p = permutation_test([0.9, 0.8, 0.7], [0.3, 0.2])
    assert isinstance(p, float), f"Return p, a float. You returned {p!r}."
    assert p != 0.0, "The observed assignment is one of all, so p is never 0. Is it lost by rounding?"
    assert p != 0.2, "Your tail is doubled. Count both signs by the absolute value, and double nothing."
    assert math.isclose(p, 0.1), (
        f"Of C(5, 3) = 10 assignments only the observed one has a difference as large, so p is 0.1. Yours is {p}."
    )
    p = permutation_test([0.2, 0.1], [0.4, 0.4])
    assert not math.isclose(p, 1 / 6), "You count one sign of the difference only. The test is two-sided."
    assert math.isclose(p, 1 / 3), (
        f"[0.2, 0.1] against [0.4, 0.4]: p is 2/6, and yours {p}. Choose positions, not values."
    )
    p = permutation_test([0.3, 0.6, 0.9], [0.1, 0.4, 0.7], paired=True)
    assert p != 0.5, "You ignore `paired`: here a value changes places with its own partner only."
    assert math.isclose(p, 0.25), (
        f"Three pairs that all differ by 0.2: of 2³ sign changes two give a mean of ±0.2, so p is 0.25. Yours is {p}. "
        "If it is smaller, rounding has hidden a tie: 0.9 - 0.7 is not exactly 0.2."
    )
    p = permutation_test([5.0, 1.0, 1.0], [1.0, 1.0], paired=False)
    assert math.isclose(p, 1.0), f"[5, 1, 1] against [1, 1]: p is 1, and yours {p}. Compare means, not sums."
    assert math.isclose(permutation_test([1e-12, 3e-12], [2e-12, 9e-12]), 2 / 3), (
        "For very small numbers your p is wrong. The tolerance is 1e-9 times the largest absolute value."
    )
    for arguments, why in (
        (([], [1.0]), "ours is empty"),
        (([1.0], []), "theirs is empty"),
        (([1.0, 2.0], [1.0], True), "two and one numbers make no pairs"),
    ):
        try:
            wrong = permutation_test(*arguments)
        except ValueError:
            continue
        except Exception as error:
            raise AssertionError(f"{why}: raise ValueError. Yours raises {error!r}.") from None
        raise AssertionError(f"{why}: the function should raise ValueError. Yours returns {wrong}.")
    print("permutation_test: the visible check passes.")

# %% [markdown]
# ### How sure are we of the 300 numbers?
#
# Every seed of a model has a partner with the same seed in every other model, so the test is paired.


# %% reader=true
def by_seed(run: dict) -> int:
    return run["seed"]


first = [run["test"] for run in sorted(of_model("translation", way="encoder-decoder", numbers=300), key=by_seed)]
for way, layers in MODELS[1:5]:
    others = of_model("translation", way=way, layers=layers, numbers=300)
    second = [run["test"] for run in sorted(others, key=by_seed)]
    ahead = [100 * (one - other) for one, other in zip(first, second, strict=True)]
    low, high = interval(ahead)
    print(
        f"encoder-decoder minus {label(way, layers):29} {mean(ahead):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f},"
        f" paired p = {permutation_test(first, second, paired=True):.4f}"
    )

# %% [markdown]
# The encoder-decoder is 1.8 points ahead of one stack with the loss on the target, and 2.7 points ahead of the prefix-LM, with all five seeds.
# And yet p is 0.0625 for both, because five pairs cannot give less.
# It is 0.76 points ahead of the model without encoder layers, with an interval that contains 0: here we do not know who is ahead.
#
# What does this p cover? All seeds have learned from *the same* 300 numbers, so it covers initial weights and batches, and not the choice of the examples.
# To know more one needs more draws of examples, and not more decimals.
# (`experiments/few_examples.py`, in the repository of this course, repeats the comparison with ten draws, each with examples and a seed of its own. With ten pairs p can be as small as 0.002.)

# %% [markdown]
# ### Exercise 5 · `evidence_two_kinds` (10 points, 15 minutes, ★★☆)
#
# Claim 6 has two parts. That an encoder-decoder *serves* such a mapping; and that it is *needed* for it, so that its worst seed is better than the best seed of any rival with one stack. Compared are models with equal parameters, with all the numbers to learn from.
#
# <details><summary>Hint</summary>
# First filter the runs. Then collect the tests of each way: <code>tests = {way: [...] for way in (...)}</code>. <code>max(map(mean, ...))</code> is the largest of several means.
# </details>


# %% exercise="evidence_two_kinds"
def evidence_two_kinds(table: dict) -> tuple[float, str]:
    """Claim 6: encoder-decoders serve mappings between two kinds of sequence, with different weights for each.

    table["translation"]  runs, already at the best rate of each model: "way" is "encoder-decoder", "no encoder layers"
                          or one of ONE_TEXT; "layers", "numbers", "seed" and "test", the share that is right

    Only runs with 4 layers and with the largest "numbers" of the table count, and only the encoder-decoder and the
    ways of ONE_TEXT.

    Returns the mean of the encoder-decoder's "test" minus that of the way of ONE_TEXT whose mean is highest, and the
    verdict, with two parts: it serves, with a mean of at least 0.95; and it is needed: the worst of its runs is
    better than the best of all runs of ONE_TEXT.
    """
    ### BEGIN SOLUTION
    most = max(run["numbers"] for run in table["translation"])
    runs = [run for run in table["translation"] if run["layers"] == 4 and run["numbers"] == most]
    tests = {way: [run["test"] for run in runs if run["way"] == way] for way in ("encoder-decoder", *ONE_TEXT)}
    theirs = tests.pop("encoder-decoder")
    return mean(theirs) - max(map(mean, tests.values())), verdict(
        mean(theirs) >= 0.95, min(theirs) > max(map(max, tests.values()))
    )
    ### END SOLUTION


# %% check="evidence_two_kinds" points=10
def translation_rows(**tests: list[float]) -> dict:
    ways = {
        "ours": "encoder-decoder",
        "target": "loss on the target",
        "prefix": "prefix-LM",
        "everything": "loss on everything",
    }
    rows = [
        {"way": ways[name], "layers": 4, "numbers": 800, "seed": i, "test": test, "validation": 0.5}
        for name, found in tests.items()
        for i, test in enumerate(found)
    ]
    extra = [
        ("encoder-decoder", 4, 100, 0.1),  # fewer numbers
        ("encoder-decoder", 6, 800, 0.2),  # more layers
        ("prefix-LM", 6, 800, 1.0),
        ("loss on the target", 2, 800, 1.0),  # fewer layers
        ("loss on the target", 4, 100, 1.0),
        ("no encoder layers", 4, 800, 1.0),  # another way
    ]
    others = [
        dict(zip(("way", "layers", "numbers", "test"), row, strict=True)) | {"seed": 9, "validation": 0.1}
        for row in extra
    ]
    return {"translation": others[:3] + rows + others[3:]}


for tests, number, expected in [
    ({"ours": [0.98, 1.0], "target": [0.9, 0.94], "prefix": [0.8, 0.9], "everything": [0.5, 0.7]}, 0.07, "confirmed"),
    ({"ours": [0.98, 1.0], "target": [0.9, 0.99], "prefix": [0.8, 0.9], "everything": [0.5, 0.7]}, 0.045, "qualified"),
    (
        {"ours": [0.98, 1.0], "target": [0.9, 0.9], "prefix": [0.96, 0.97], "everything": [0.5, 0.99]},
        0.025,
        "qualified",
    ),
    ({"ours": [0.9, 0.92], "target": [0.5, 0.7], "prefix": [0.3, 0.5], "everything": [0.5, 0.5]}, 0.31, "qualified"),
    ({"ours": [0.9, 0.92], "target": [0.5, 0.7], "prefix": [0.95, 0.97], "everything": [0.5, 0.5]}, -0.05, "refuted"),
    ({"ours": [0.95, 0.95], "target": [0.5, 0.6], "prefix": [0.4], "everything": [0.5]}, 0.4, "confirmed"),
    ({"ours": [0.9, 1.0], "target": [0.5, 0.6], "prefix": [0.4], "everything": [0.5]}, 0.4, "confirmed"),
    ({"ours": [0.8, 1.0], "target": [0.5, 0.6], "prefix": [0.4], "everything": [0.5]}, 0.35, "qualified"),
    ({"ours": [0.96, 1.0], "target": [0.5, 0.96], "prefix": [0.4], "everything": [0.5]}, 0.25, "qualified"),
]:
    try:
        found_there = evidence_two_kinds(translation_rows(**tests))
    except ValueError as error:  # a mean of nothing is one
        raise AssertionError(
            f"Of some way no runs are left ({error}). Runs with 4 layers and the *largest* `numbers` of the table count."
        ) from None
    assert isinstance(found_there, tuple) and len(found_there) == 2, (
        f"Return two things, the number and the verdict; you returned {found_there!r}."
    )
    assert math.isclose(found_there[0], number, abs_tol=1e-6), (
        f"With tests {tests} the number is {number}, and yours is {found_there[0]:.4f}: the mean of the encoder-decoder minus the highest *mean* of a way with one text. "
        'Do only runs with 4 layers and the largest `numbers` count? Is "no encoder layers" left out? Is it a share, and not in percent?'
    )
    assert found_there[1] == expected, (
        f"With tests {tests} the claim is {expected!r}, not {found_there[1]!r}. It serves if its *mean* is *at least* 0.95; it is needed if its worst run "
        "is *better* than the best run of all ways with one text."
    )
print("evidence_two_kinds: the visible check passes.")

# %% reader=true
print(evidence_two_kinds(table))

# %% [markdown]
# Qualified. An encoder-decoder serves such a mapping. With enough examples it is not needed for it: one stack, with the same weights for both kinds of sequence, does it as well. With few it was a little ahead.
#
# ## Part 6 · Continuous text
#
# Claim 7: **continuous text would need an arbitrary cut.** An encoder-decoder needs a source. If there is only a text, one has to cut it: what stands before the cut is read by the encoder, and the decoder continues.
#
# Cut it after 32, 64 or 96 of 128 tokens, or anywhere between, at random, anew for each step. How well is the *rest* predicted? Compared are the same positions for all: the last 32, which come after every cut. Each has the whole text before it to go by, in all models.
#
# In the decoder the positions go on where the encoder's end, since it is one text. And for comparison also as in notebook 3, where they begin anew.


# %% locked="text"
WINDOW, CUTS = 128, (32, 64, 96)
COMPARED = slice(-(WINDOW - CUTS[-1]), None)  # the positions that every model predicts, whatever its cut


class TextInTwo(Transformer):
    """Notebook 3's encoder-decoder for a text that is cut in two: its positions go on behind the cut."""

    def decode(self, target_inputs: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        start, length = memory.shape[1], target_inputs.shape[1]
        positions = sinusoidal_positions(start + length, self.d_model)[start:]  # (length, d_model)
        x = self.target_embedding(target_inputs) * math.sqrt(self.d_model) + positions
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(length), memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T


def new_text_model(way: str, layers: int, vocab_size: int, seed: int, d_model: int = 96) -> nn.Module:
    """A model for text with random weights; an encoder-decoder of 2 + 2 has 4 layers."""
    torch.manual_seed(seed)
    if way in ("one stack", "asked behind the cut"):
        d_ff = match_parameters(d_model, 4 * d_model, 2, 2, num_layers=4)
        return OneStack(vocab_size, d_model, num_heads=4, d_ff=d_ff, num_layers=layers)
    kind = {"encoder-decoder": TextInTwo, "positions begin anew": Transformer}[way]
    sizes = {"d_model": d_model, "num_heads": 4, "d_ff": 4 * d_model, "num_layers": layers // 2}
    model = kind(vocab_size, vocab_size, **sizes, pad_id=-1, dropout=0.0, norm_first=True)  # -1: there is no padding
    model.source_embedding = model.target_embedding  # there is one language
    return model


def next_tokens(model: nn.Module, windows: Tensor, cut: int | None) -> tuple[Tensor, Tensor]:
    """What a model says to come next, and what does: logits (batch, asked, vocab_size), labels (batch, asked).

    windows  (batch, WINDOW + 1): all but the last token are read, each but the first is a next one
    cut      the encoder reads the tokens before it, the decoder the others; None: there is none. One stack reads all
             tokens in any case, and is asked for those behind the cut
    """
    inputs, labels = windows[:, :-1], windows[:, 1:]
    if isinstance(model, OneStack):
        return model(inputs)[:, cut or 0 :], labels[:, cut or 0 :]
    return model(inputs[:, :cut], inputs[:, cut:]), labels[:, cut:]


@torch.no_grad()
def bits_per_character(model: nn.Module, windows: Tensor, tokenizer: PreTrainedTokenizerBase, cut: int | None) -> float:
    """What the characters at the COMPARED positions of all windows cost, on average."""
    characters = len(tokenizer.decode(windows[:, 1:][:, COMPARED].flatten()))
    nats = 0.0
    for some in windows.split(16):
        logits, labels = next_tokens(model.eval(), some, cut)
        logits, labels = logits[:, COMPARED], labels[:, COMPARED]
        nats += F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum").item()
    return nats / math.log(2) / characters


def held_out(corpus: Corpus) -> tuple[Tensor, Tensor]:
    """Windows to compare by, and windows to choose by, (count, WINDOW + 1) each: every token is compared once."""
    windows = corpus.held_out.unfold(0, WINDOW + 1, WINDOW - CUTS[-1])
    return windows[: len(windows) // 2], windows[len(windows) // 2 :]


def text_run(
    corpus: Corpus,
    tokenizer: PreTrainedTokenizerBase,
    way: str,
    layers: int,
    cut: int | str | None,
    rate: float,
    seed: int,
    steps: int = 600,
) -> tuple[list[dict], nn.Module]:
    """Train one model and test it at every cut. Returns a row of the results for each cut, and the model.

    way  "encoder-decoder", "positions begin anew", "one stack", or "asked behind the cut", which is one stack, too
    cut  one of CUTS; or "random", one of 32 to 96 for each step; or None, for one stack
    """
    model = new_text_model(way, layers, len(tokenizer), seed)

    def draw(generator: torch.Generator) -> tuple[Tensor, int | None]:
        windows = corpus.draw(generator, count=8)
        drawn = int(torch.randint(CUTS[0], CUTS[-1] + 1, (), generator=generator))  # by all, so that all see the same
        return windows, drawn if cut == "random" else cut

    history = train(
        model,
        lambda model, batch: mean_loss(*next_tokens(model, *batch)),
        draw,
        train_step,
        name=f"{way}, {layers} layers, cut {cut}, seed {seed}",
        steps=steps,
        learning_rate=rate,
        seed=seed,
    )
    tests, validations = held_out(corpus)
    bits = {
        part is tests: {
            tested: bits_per_character(model, part, tokenizer, tested) for tested in (CUTS if cut else [None])
        }
        for part in (tests, validations)
    }
    chosen_by = [bits[False][tested] for tested in ([cut] if cut in CUTS else bits[False])]
    rows = [
        {
            "way": way,
            "layers": layers,
            "cut": cut,
            "tested at": tested,
            "rate": rate,
            "seed": seed,
            "steps": history.steps,
            "validation": mean(chosen_by),  # bits a character, at the cuts that it was trained for
            "test": found,  # bits a character
        }
        for tested, found in bits[True].items()
    ]
    return rows, model


# %% reader=true
corpus = Corpus(documents(library=not under_grading()), tokenizer, WINDOW + 1)  # a part is enough to be graded
print(f"{len(corpus.train):,} tokens to learn from, {len(corpus.held_out):,} held out.")
same_text = fingerprint(documents(library=not under_grading())) == record["text"]
print(
    "It is the text of the file."
    if same_text
    else "It is another text than that of the file: Python's documentation differs by version. Numbers may differ a little."
)
TEXT_MODELS = [("one stack", 4, None), ("one stack", 2, None)]
TEXT_MODELS += [("encoder-decoder", 4, cut) for cut in (*CUTS, "random")]
TEXT_MODELS += [("positions begin anew", 4, cut) for cut in (32, 96)] + [
    ("asked behind the cut", 2, cut) for cut in (64, 96)
]


def text_label(way: str, layers: int, cut: int | str | None) -> str:
    if way == "one stack":
        return f"one stack, {layers} layers"
    if way == "asked behind the cut":
        return f"half a stack, asked behind {cut}"
    return f"{way}, cut {'at random' if cut == 'random' else cut}"


costs = {}
windows = corpus.draw(torch.Generator().manual_seed(0), count=8)
for way, layers, cut in TEXT_MODELS[:5]:
    model = new_text_model(way, layers, len(tokenizer), seed=0)
    asked_of = (
        supervised_fraction("causal", WINDOW) if cut is None else supervised_fraction("encoder-decoder", WINDOW, cut)
    )
    costs[text_label(way, layers, cut)] = {"tokens asked for": f"{100 * asked_of:.0f} %"} | costs_of(
        model, next_tokens, windows, cut
    )
comparison_table(costs)

# %% [markdown]
# The encoder-decoder has the weights of the whole stack, and computes about half as much: each token passes half of the layers. In its layers it computes as much as half a stack. But scores for the vocabulary are made behind the cut only, so its step is cheaper, the more so the later the cut.
#
# ## One seed, live
#
# Again two of them, now: the encoder-decoder that is cut in the middle, and half a stack. It takes one to two minutes.

# %% reader=true
STEPS = 600
table["text"] = chosen([run for run in runs["text"] if run["steps"] == STEPS], "way", "layers", "cut")
live_text = {}
for way, layers, cut in (("encoder-decoder", 4, 64), ("one stack", 2, None)):
    rate = of_model("text", way=way, layers=layers, cut=cut)[0]["rate"]
    print(f"{text_label(way, layers, cut)}: trained at the rate {rate}")
    rows, trained = text_run(corpus, tokenizer, way, layers, cut, rate, seed=0)
    if cut:
        text_in_two, at_cuts = trained, {row["tested at"]: row["test"] for row in rows}
    (live_text[text_label(way, layers, cut)],) = [row["test"] for row in rows if row["tested at"] == cut]
for name, bits in live_text.items():
    print(f"{name:28} {bits:.3f} bits a character")

# %% [markdown]
# ## All seeds, from the file

# %% reader=true
print("mean bits on validation, at each rate (the best one is chosen):")
own_cut = {}
for way, layers, cut in TEXT_MODELS:
    of_this = [
        run
        for run in runs["text"]
        if (run["way"], run["layers"], run["cut"], run["steps"]) == (way, layers, cut, STEPS)
    ]
    rates = sorted({run["rate"] for run in of_this})
    means = [mean(run["validation"] for run in of_this if run["rate"] == rate) for rate in rates]
    print(
        f"  {text_label(way, layers, cut):32}",
        "   ".join(f"{rate:g}: {value:.3f}" for rate, value in zip(rates, means, strict=True)),
    )
    found_there = of_model("text", way=way, layers=layers, cut=cut)
    own_cut[text_label(way, layers, cut)] = [
        mean(run["test"] for run in found_there if run["seed"] == seed and (run["tested at"] == cut or cut == "random"))
        for seed in sorted({run["seed"] for run in found_there})
    ]
run_dots(
    {"tested at the cut that it was trained at": own_cut}, xlabel="bits a character (less is better)", live=live_text
)
plt.show()
for name, bits in own_cut.items():
    print(f"{name:32} mean {mean(bits):.3f}  ", "  ".join(f"{value:.3f}" for value in sorted(bits)))
print(f"you predicted, best first: {prediction['continues text, best first']}")

# %% [markdown]
# *Ten rows of dots, with a bar for the mean and an orange diamond for the live runs. Those of one stack, with 4 layers and with 2, lie furthest to the left, and within each other. Those of the encoder-decoder lie further to the right the later its cut is. The last two rows, half a stack that is asked behind the cut only, lie between.*
#
# **One stack needs fewer bits, and half a stack as few.** The whole one weighs as much as the encoder-decoder, the half one computes about as much. So the encoder-decoder is behind on either account.
#
# **The later the cut, the more bits.** The encoder-decoders stand in the order of their supervised fractions. Is that the reason? The control stands in the last two rows: half a stack, without any encoder, that reads everything and is asked for what comes behind the cut only. Most of what the encoder-decoder is behind, that stack is behind, too. So **most of the cost of a cut is that so little is asked**. The rest is the encoder-decoder's own.
#
# Has it perhaps not had the time? It is asked for less in each step. Here are two of them after three times as many steps.

# %% reader=true
longer = chosen([run for run in runs["text"] if run["steps"] > STEPS], "way", "layers", "cut")
for way, layers, cut in (("encoder-decoder", 4, 64), ("one stack", 2, None)):
    print(text_label(way, layers, cut))
    for found_there in (of_model("text", way=way, layers=layers, cut=cut), longer):
        bits = [
            (run["steps"], run["test"])
            for run in found_there
            if (run["way"], run["layers"], run["tested at"]) == (way, layers, cut)
        ]
        print(
            f"  {bits[0][0]:5} steps: mean {mean(value for _, value in bits):.3f}  ",
            "  ".join(f"{value:.3f}" for _, value in sorted(bits)),
        )

# %% [markdown]
# The encoder-decoder gains more from the longer training than half a stack does, so the gap becomes smaller. It is still there. Whoever trains longer may see it close; we have stopped here.
#
# ## At another cut
#
# So far each model was tested at the cut that it was trained at. But who tells a text where it will be cut? Here is every model at every cut.

# %% reader=true
in_two = [model for model in TEXT_MODELS if model[0] in ("encoder-decoder", "positions begin anew")]
bits = torch.tensor(
    [
        [mean(run["test"] for run in of_model("text", way=way, cut=cut, **{"tested at": at})) for at in CUTS]
        for way, _, cut in in_two
    ]
)  # (models, cuts), in the mean of the seeds
figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
axis.imshow(bits, cmap="cividis_r", aspect="auto")
for i, j in torch.cartesian_prod(torch.arange(len(in_two)), torch.arange(len(CUTS))).tolist():
    dark = bits[i, j] > (bits.min() + bits.max()) / 2
    axis.text(j, i, f"{bits[i, j]:.2f}", ha="center", va="center", color="white" if dark else "black")
axis.set_xticks(range(len(CUTS)), CUTS)
axis.set_yticks(range(len(in_two)), [f"trained: {text_label(*model)}" for model in in_two])
axis.set(xlabel="tested: cut")
plt.show()
at_32 = {
    at: mean(run["test"] for run in of_model("text", way="encoder-decoder", cut=32, **{"tested at": at})) for at in CUTS
}
print(
    f"trained at 32, tested at 96: {at_32[96] - at_32[32]:+.2f} bits a character; you predicted {prediction['bits lost at another cut']}"
)

# %% [markdown]
# *A table of numbers, a row a model and a column a cut. They differ from row to row, and hardly within a row; a little more in the row whose positions begin anew after a cut at 96.*
#
# **Surprisingly little.** At a cut that it has never met a model needs hardly more than at its own. What lies between the models is far more. Is the encoder-decoder so flexible?
#
# How much of it comes from the encoder at all? Hide the memory from the model that you have just trained: its decoder then has nothing but its own tokens.

# %% reader=true
tests, _ = held_out(corpus)
encode = text_in_two.encode
text_in_two.encode = lambda source: (
    encode(source)[0],
    torch.zeros(len(source), 1, 1, source.shape[1], dtype=torch.bool),
)
for cut in CUTS:
    hidden = bits_per_character(text_in_two, tests, tokenizer, cut)
    print(f"cut {cut}: {at_cuts[cut]:.3f} bits a character with the memory, {hidden:.3f} without")
text_in_two.encode = encode

# %% [markdown]
# So that is why: **it hardly uses its encoder.** What the encoder has made is worth next to nothing, wherever the cut is. In so few steps a model learns to look at the nearest words, as you have seen at the end of notebook 4, and its decoder has those itself. A model that has learned to look far back could lose more at another cut. This experiment is too small to show that. What it measures is how fast one learns, and not what an encoder can do.
#
# ### Exercise 6 · `evidence_cut` (10 points, 20 minutes, ★★★)
#
# The last claim. Its number is what it costs, in the mean of all runs, to be tested at a cut that one was not trained at. It has two parts: whether the *place* of the cut matters, and whether a cut costs *quality*.
#
# <details><summary>Hint 1: own</summary>
# Make a dict of what each run needs at its own cut: <code>own = {(run["cut"], run["seed"]): run["test"] for run in ... if run["tested at"] == run["cut"]}</code>. A loss is then one subtraction.
# </details>
#
# <details><summary>Hint 2: means</summary>
# For the second part: the mean over the seeds for each cut, and the smallest of these means.
# </details>


# %% exercise="evidence_cut"
def evidence_cut(table: dict) -> tuple[float, str]:
    """Claim 7: continuous text would need an arbitrary cut.

    table["text"]  runs, already at the best rate of each model: "way" is "encoder-decoder", "one stack" or something
                   else; "layers" of one stack are 4 or 2; "cut", "tested at", "seed"; and "test", in bits a character
                   (lower is better). An encoder-decoder has a dict for each cut at which it was tested, and its "cut"
                   may be "random"; one stack has a single dict a seed, and None for both cuts.

    Only one stack of 4 layers, and the way "encoder-decoder" with one fixed "cut" count. A run loses at another cut
    what it needs more there than at its own cut, with the same seed.

    Returns the mean of all these losses, and the verdict, with two parts: every loss is above 0.05; and the mean of
    one stack is below that of the encoder-decoders of each cut, tested at their own.
    """
    ### BEGIN SOLUTION
    one_stack = mean(run["test"] for run in table["text"] if run["way"] == "one stack" and run["layers"] == 4)
    fixed = [run for run in table["text"] if run["way"] == "encoder-decoder" and run["cut"] != "random"]
    own = {(run["cut"], run["seed"]): run["test"] for run in fixed if run["tested at"] == run["cut"]}
    losses = [run["test"] - own[run["cut"], run["seed"]] for run in fixed if run["tested at"] != run["cut"]]
    means = [mean(bits for (cut, _), bits in own.items() if cut == each) for each in {cut for cut, _ in own}]
    return mean(losses), verdict(min(losses) > 0.05, one_stack < min(means))
    ### END SOLUTION


# %% check="evidence_cut" points=10
def text_rows(one_stack: list[float], ours: dict[tuple, float]) -> dict:
    """ours: {(cut, tested at, seed): bits}"""
    rows = [
        {
            "way": "encoder-decoder",
            "layers": 4,
            "cut": cut,
            "tested at": at,
            "seed": seed,
            "test": bits,
            "validation": 0.0,
        }
        for (cut, at, seed), bits in ours.items()
    ]
    rows += [
        {"way": "one stack", "layers": 4, "cut": None, "tested at": None, "seed": seed, "test": bits, "validation": 0.0}
        for seed, bits in enumerate(one_stack)
    ]
    others = [
        ("one stack", 2, None, None, 0, 0.5),
        ("encoder-decoder", 4, "random", 2, 5, 0.1),
        ("encoder-decoder", 4, "random", 6, 5, 9.0),
    ]
    others += [("positions begin anew", 4, 2, 2, 0, 0.2), ("positions begin anew", 4, 2, 6, 0, 0.1)]
    keys = ("way", "layers", "cut", "tested at", "seed", "test")
    return {
        "text": [dict(zip(keys, row, strict=True)) | {"validation": 0.0} for row in others[:3]]
        + rows[::-1]
        + [dict(zip(keys, row, strict=True)) | {"validation": 0.0} for row in others[3:]]
    }


apart = {
    (2, 2, 0): 2.0,
    (2, 6, 0): 2.5,
    (2, 2, 1): 2.2,
    (2, 6, 1): 2.4,
    (6, 6, 0): 1.8,
    (6, 2, 0): 2.8,
    (6, 6, 1): 1.9,
    (6, 2, 1): 2.3,
}
uneven = {(2, 2, 0): 2.0, (2, 6, 0): 2.1, (2, 9, 0): 3.0, (2, 2, 1): 2.4, (2, 6, 1): 2.5, (2, 9, 1): 2.6}
uneven |= {(6, 6, 0): 2.5, (6, 2, 0): 2.7, (6, 9, 0): 3.5, (9, 9, 0): 3.0, (9, 2, 0): 3.1, (9, 6, 0): 3.2}
for one_stack, ours_there, number, expected in [
    ([1.7, 1.8], apart, 0.525, "confirmed"),
    ([1.7, 2.1], apart, 0.525, "qualified"),
    ([1.9, 2.1], apart, 0.525, "qualified"),
    ([1.7, 1.8], apart | {(2, 6, 1): 2.1}, 0.45, "qualified"),
    ([1.7, 1.8], apart | {(2, 6, 1): 2.24}, 0.485, "qualified"),
    ([1.95, 2.1], apart | {(2, 6, 1): 2.1}, 0.45, "refuted"),
    ([2.1], uneven, 0.3625, "confirmed"),
    ([2.1], {(2, 2, 0): 2.0, (2, 6, 0): 2.0, (2, 2, 1): 2.4, (2, 6, 1): 2.8}, 0.2, "qualified"),
    ([2.25], {(2, 2, 0): 2.0, (2, 6, 0): 2.5, (2, 2, 1): 2.5, (2, 6, 1): 2.6}, 0.3, "qualified"),
]:
    try:
        found_there = evidence_cut(text_rows(one_stack, ours_there))
    except ValueError as error:  # a mean of nothing is one
        raise AssertionError(
            f"Nothing is left to take the mean of ({error}). The cuts stand in the table; they need not be 32, 64 and 96."
        ) from None
    except KeyError as error:
        raise AssertionError(
            f'There is no {error} among the runs at their own cut. Are models with "random" cuts left out of the losses?'
        ) from None
    assert isinstance(found_there, tuple) and len(found_there) == 2, (
        f"Return two things, the number and the verdict; you returned {found_there!r}."
    )
    assert math.isclose(found_there[0], number, abs_tol=1e-6), (
        f"The number should be {number}, and yours is {found_there[0]:.4f}: the mean of (bits at another cut − bits at the own cut, same seed), *one* mean over all of them, of the way "
        '"encoder-decoder" with one fixed cut. Is "random" left out, and "positions begin anew"?'
    )
    assert found_there[1] == expected, (
        f"One stack needs {one_stack}, and {{(cut, tested at, seed): bits}} is {ours_there}: the claim is {expected!r}, not {found_there[1]!r}. Part one: every loss is above 0.05. "
        "Part two: the mean of one stack, of 4 layers, is below the mean over the seeds of *each* cut, tested at its own."
    )
print("evidence_cut: the visible check passes.")

# %% reader=true
print(evidence_cut(table))

# %% [markdown]
# Qualified. A cut has a *cost*: what stands before it is not learned from, and one stack gets further in as many steps. And a model with a cut cannot say how probable a whole text is, only what stands behind the cut. But that the *place* of the cut matters, once a model is trained: of that there is next to nothing to be seen here.

# %% [markdown]
# ## Part 7 · What it costs to serve
#
# Training is one bill, and answering is another.
# We count the answers of two models with equally many layers $L$: an encoder-decoder of $L/2 + L/2$, and GPT-2 with $L$ blocks.
# A **position-layer** is one position that passes one layer. Both models keep the keys and values of what stays.
#
# A chat has several **turns**. In each, the user adds $S$ tokens, and the model answers with $A$ tokens.
#
# **GPT-2** reads every token once, with the cache of notebook 5. Only the very last token of the chat is written and never read. So there are
#
# $$P = \text{turns} \cdot (S + A) - 1 \qquad L\,P \text{ position-layers} \qquad 2\,d\,L\,P \text{ numbers in the cache}$$
#
# **The encoder-decoder** has a source that must be complete before it is read, and every position of it sees every other.
# The source of turn $k$ is the whole chat so far, $H_k = k\,S + (k - 1)\,A$ tokens. It has changed, so it is encoded anew.
# Then the decoder reads BOS and all tokens of the answer except the last: $A$ positions.
#
# $$\frac L2 \sum_k (H_k + A) \text{ position-layers} \qquad 2\,d\,\frac L2\,(H_\text{turns} + A) \text{ numbers in the cache}$$
#
# Its cache holds the keys and values of cross-attention, computed once for the $H_k$ positions of the source, and those of self-attention for the $A$ positions of the answer. Once they are there, the memory is not needed any more. The next turn begins with an empty cache.
#
# ### Exercise 7 · `serving_cost` (20 points, 20 minutes, ★★☆)
#
# <details><summary>Hint</summary>
# Write down what is read in each of two turns, for S = 3 and A = 2, token by token. GPT-2: 3 tokens, 1 of the answer; then the last one of the answer, 3 new ones, and 1 of the next answer.
# </details>


# %% exercise="serving_cost"
def serving_cost(
    architecture: str, layers: int, d_model: int, source: int, answer: int, turns: int = 1
) -> tuple[int, int]:
    """Count what it takes to answer, with a cache, token by token.

    architecture  "GPT-2", or "encoder-decoder" with layers / 2 layers in each stack
    layers        of both stacks together; even
    source        tokens that the user adds in each turn, at least 1
    answer        tokens that the model writes in each turn, at least 1
    turns         of the chat, at least 1; a new turn sees all turns before it

    One position that passes one layer or block counts as 1. GPT-2 keeps its cache from turn to turn, and reads the last
    token of an answer when the next turn begins; it has no BOS. The encoder-decoder encodes the whole chat so far in
    each turn, and its decoder reads BOS first.

    Returns the position-layers of all turns, and how many numbers the cache holds at the end: keys and values of
    width d_model, in every layer that has them. The encoder-decoder keeps those of its decoder's self-attention and
    cross-attention, for the last turn only, and no memory.

    Raises ValueError for another architecture.
    """
    ### BEGIN SOLUTION
    if architecture == "GPT-2":
        read = turns * (source + answer) - 1  # all but the last token
        return layers * read, 2 * d_model * layers * read
    if architecture == "encoder-decoder":
        stack = layers // 2
        chats = [turn * source + (turn - 1) * answer for turn in range(1, turns + 1)]  # what each turn encodes
        computed = sum(chat + answer for chat in chats)
        kept = chats[-1] + answer
        return stack * computed, 2 * d_model * stack * kept
    raise ValueError(f"nobody knows what {architecture!r} costs")
    ### END SOLUTION


# %% check="serving_cost" points=20
with visible_check("serving_cost"):
    found = serving_cost("GPT-2", 4, 8, source=3, answer=2)
    assert isinstance(found, tuple) and len(found) == 2, f"Return two numbers. You returned {found!r}."
    assert found[0] != 4 * 5, "GPT-2: the last token of the answer is written, and nobody reads it."
    assert found[0] == 4 * 4, (
        f"GPT-2, source 3, answer 2: it reads 3 + 1 positions, each in 4 blocks, 16. You return {found[0]}."
    )
    assert found[1] != 8 * 16, "GPT-2's cache: there are keys *and* values."
    assert found[1] == 2 * 8 * 16, (
        f"GPT-2's cache holds a key and a value of 8 numbers for each of 16 position-layers, 256. You return {found[1]}."
    )
    found = serving_cost("GPT-2", 4, 8, source=3, answer=2, turns=2)
    assert found[0] != 4 * 8, "GPT-2, two turns: the last token of the first answer *is* read, in the second turn."
    assert found[0] != 4 * (4 + 9), "GPT-2, two turns: the cache stays, so that the first turn is not read again."
    assert found == (4 * 9, 2 * 8 * 4 * 9), f"GPT-2, two turns of 3 and 2: 9 positions. You return {found}."
    found = serving_cost("encoder-decoder", 4, 8, source=3, answer=2)
    assert found[0] != 4 * 5, "encoder-decoder: a position passes one stack only, and that has half of the layers."
    assert found[0] == 2 * 5, (
        f"encoder-decoder: 3 positions in 2 encoder layers and 2 in 2 decoder layers, 10. You return {found[0]}."
    )
    assert found[1] != 2 * 8 * 2 * 2, "encoder-decoder: the keys and values of cross-attention are kept, too."
    assert found[1] == 2 * 8 * 2 * 5, f"encoder-decoder: its cache holds 160 numbers. You return {found[1]}."
    found = serving_cost("encoder-decoder", 4, 8, source=3, answer=2, turns=2)
    assert found[0] != 2 * (5 + 5), "encoder-decoder: the second turn encodes the whole chat, and not only what is new."
    assert found[0] == 2 * (5 + 8 + 2), (
        f"encoder-decoder, two turns: it encodes 3 and then 8 positions, and decodes 2 each time. You return {found[0]}."
    )
    assert found[1] == 2 * 8 * 2 * 10, (
        f"encoder-decoder, two turns: at the end only the second turn is kept, 8 + 2 positions. You return {found[1]}."
    )
    try:
        wrong = serving_cost("encoder", 4, 8, 3, 2)
    except ValueError:
        print("serving_cost: the visible check passes.")
    except Exception as error:
        raise AssertionError(f"For another architecture raise ValueError. Yours raises {error!r}.") from None
    else:
        raise AssertionError(f"There is no formula for 'encoder': raise ValueError. Yours returns {wrong}.")

# %% reader=true
CASES = {
    "a source of 400, an answer of 20": (400, 20, 1),
    "a source of 20, an answer of 400": (20, 400, 1),
    "a chat of ten turns, 30 and 30 tokens": (30, 30, 10),
}
LAYERS, D_MODEL = 12, 256
costs = {}
for architecture in ("encoder-decoder", "GPT-2"):
    costs[architecture] = {}
    for case, (source, answer, turns) in CASES.items():
        computed, cached = serving_cost(architecture, LAYERS, D_MODEL, source, answer, turns)
        costs[architecture][case] = f"{computed:,} position-layers, {cached:,} numbers cached"
comparison_table(costs)

# %% [markdown]
# For a single answer the encoder-decoder computes half as many position-layers, and its cache is half as large, because each position passes one of the two stacks.
# (A decoder layer has cross-attention, too: $16\,d^2$ weights against $12\,d^2$. So what it computes is more than half of GPT-2's.)
# In a chat it is the other way round for the computation: each turn encodes everything anew, and after ten turns that is 19,800 position-layers against 7,188.
# GPT-2 reads every token once, because what a position has computed never changes: no later token can reach it. That is the causal mask again.

# %% [markdown]
# ## Part 8 · The account
#
# ## What others have measured
#
# Our models are small, and our texts are few. Here is what was found at a scale where it counts.
#
# **Raffel et al. 2020** (T5, [arXiv:1910.10683](https://arxiv.org/abs/1910.10683), section 3.2, table 2) trained architectures on the same text, with the same objective (they fill in spans of words), and then on tasks. $P$ are the parameters of a stack of 12 layers, and $M$ is what the encoder-decoder computes:
#
# | architecture | parameters | computation | GLUE | SuperGLUE | English to German (BLEU) |
# |---|---|---|---|---|---|
# | encoder-decoder | $2P$ | $M$ | 83.28 | 71.36 | 26.98 |
# | encoder-decoder, both stacks share their weights | $P$ | $M$ | 82.81 | 70.73 | 26.72 |
# | encoder-decoder, half as deep | $P$ | $M/2$ | 80.88 | 68.42 | 26.38 |
# | prefix-LM | $P$ | $M$ | 81.82 | 68.11 | 26.43 |
# | decoder-only, causal | $P$ | $M$ | 74.70 | 55.02 | 25.09 |
#
# So where there *is* a source, and a task is learned from examples of it, their encoder-decoder is ahead. Most of the way from the causal model to it is the view of the prompt from both sides, which the prefix-LM has too, without an encoder. And note the second line, which has as many parameters as the prefix-LM: *different weights for each* stack buy about half a point, and two stacks with the same weights are a point ahead of one.
#
# **Wang et al. 2022** ([arXiv:2204.05832](https://arxiv.org/abs/2204.05832)) compared with more than 5 billion parameters. After training on text alone, causal decoder-only models that predict the next token did best on tasks that nobody had trained them for. After further training on many tasks, models that see their input from both sides, trained by filling in blanks, did best.
#
# **Liu et al. 2018** ([arXiv:1801.10198](https://arxiv.org/abs/1801.10198)) left the encoder out before GPT did, to write articles of Wikipedia from their sources: source and article are one text, read by one stack. So, and with an attention that compresses what it keeps, it could attend to sources much longer than an encoder-decoder could.
#
# Nobody found that GPT-2 *lacks* something for what it was made for. And nobody found that encoders are of no use.
#
# ## The comparison table, complete

# %% reader=true
PROMPT, NEW = 12, 20  # a prompt, and words to write after it


class Positions(Passes):
    """Counts the positions that a GPT-2 computes."""

    def add(self, _, __, embedded: Tensor) -> None:
        self.count += embedded.shape[1]


with Positions(ours) as positions:
    generate_cached(ours, text[:, :PROMPT], NEW, temperature=0)


def sees(name: str) -> str:
    return ", ".join(map(str, reached(five[name]).sum(dim=1).tolist()))


def changed(name: str) -> str:
    """Earlier outputs that change when the last word does."""
    return f"{int(reached(five[name])[:-1, -1].sum())} of {SOURCE + TARGET - 1}"


def percent(objective: str, **options: int) -> str:
    return f"{100 * supervised_fraction(objective, SOURCE + TARGET, **options):.0f} %"


ROWS = {
    f"inputs that each of {SOURCE} + {TARGET} outputs sees": sees,
    "earlier outputs that a new word changes": changed,
    f"positions computed to write {NEW} words after a prompt of {PROMPT}, if what stays is kept": {
        "encoder": f"{sum(range(PROMPT, PROMPT + NEW))}: all, at each step",
        "encoder-decoder": f"{PROMPT} by the encoder, {NEW} by the decoder",
        "prefix-LM": f"{positions.count}: as GPT-2",
        "GPT-2": f"{positions.count}: the prompt once, and then one each",
    }.get,
    "words that the loss looks at": {
        "encoder": f"{percent('masked')}, the blanks",
        "encoder-decoder": f"{percent('encoder-decoder', cut=SOURCE)}, those of the target",
        "prefix-LM": f"{percent('encoder-decoder', cut=SOURCE)}, those of the target",
        "GPT-2": percent("causal"),
    }.get,
    "probability of a whole text": {
        "encoder": "only by filling in blanks, and another in each order",
        "encoder-decoder": "of the target, given the source",
        "prefix-LM": "of the target, given the source",
        "GPT-2": "in one pass",
    }.get,
    "stacks": lambda name: "two, and cross-attention" if name == "encoder-decoder" else "one",
}
comparison_table(
    {
        name: {row: value(name) for row, value in ROWS.items()}
        for name in ("encoder", "encoder-decoder", "prefix-LM", "GPT-2")
    }
)

# %% [markdown]
# ## In your own words
#
# ### Question 8 (10 points, 25 minutes, ★★☆)
#
# A friend who knows the transformer of 2017 asks you: *why does GPT-2 not require the encoder?* Answer in about 200 words, before you read the last page, with at least three numbers that you have measured in this course. (With fewer it is 8 points at most.) Say
#
# 1. what the encoder's layers and GPT-2's layers have in common, and what the difference is (3 points),
# 2. what takes the place of the source, what one gives up by that, and what one gains (3 points),
# 3. for what you would still take an encoder or an encoder-decoder, and why (2 points),
# 4. one thing that the experiments of this notebook *cannot* show (2 points).
#
# A person reads and grades it.

# %% [markdown] answer="synthesis" points=10
# ### BEGIN SOLUTION
# 1. They are the same layers: a decoder layer without cross-attention and its norm gives exactly what an encoder layer with a causal mask gives, difference 0.0. The difference is the mask; and GPT-2 also norms first, has GELU and learned positions, none of which has to do with the encoder. None of its 12 blocks has parts for an encoder.
# 2. The text itself: its beginning is the source of what comes next, seen by every later token through the same blocks, and its keys and values are kept as the encoder's memory was. What one gives up is the small triangle: inside the prompt no token sees those after it (in our translation that cost nothing). What is gained: every token is asked for (100 %, against 75, 50 or 25 % behind a cut), a whole text has a probability, there is no cut to choose.
# 3. Where a source is given, complete, and of another kind, and there are examples of the task (translation: T5's encoder-decoder is ahead of its decoder-only); or where nothing is to be written and a text is to be understood or blanks are to be filled in: both sides count there. Also: an encoder-decoder computes half as much for as many parameters.
# 4. For instance: they are small, with few steps, one language each and easy tasks, so nothing follows for large models; what happens after convergence of the text models; tasks of understanding; long sources; other positions; more than three to five seeds.
#
# **Mark scheme.** 1: the same layers but for the mask, with the number 0.0 or the pictures (2), cross-attention had to go or the other changes named (1). 2: the text's own beginning as the source (1), a cost, the view inside the prompt (1), a gain, by a number (1). 3: a case (1) with its reason (1). 4: a limit (1) and why it matters (1). At most 8 points with fewer than three measured numbers.
# ### END SOLUTION

# %% [markdown]
# ## The last page
#
# ## The answer
#
# **GPT-2 needs no encoder, because an encoder has no other kind of layer, and because a text that is continued is its own source.**
#
# Take cross-attention and its norm out of a decoder of 2017, norm alike, give an encoder its causal mask and its weights: their outputs agree to the last digit. The encoder is there to read a *source*, complete before anything is written. When a text is continued, its beginning is the source. Every new token sees all of it, through the blocks that write, and what they computed is kept.
#
# The mask costs the look ahead inside the prompt. It buys that every token is learned from, that every text has a probability in one pass, and that no cut has to be chosen.
#
# Where a source is given and examples are few, two stacks were a little ahead. But to *write*, one stack is enough.

# %% reader=true
emblem()

# %% [markdown]
# *The five pictures once more: encoder, all blue; decoder and GPT-2, the same triangle; encoder-decoder and prefix-LM, the same picture with a full block for the source.*
#
# ## The ledger

# %% reader=true
CLAIMS = [
    (
        "GPT-2 is decoder blocks only, with masked self-attention and no attention to an encoder.",
        evidence_no_encoder_attention,
        "blocks with parts for an encoder: {:.0f}",
    ),
    (
        "The decoder is equivalent to the encoder, except for the mask.",
        evidence_mask_alone,
        "largest difference of outputs, without cross-attention and with norms alike: {:.1f}",
    ),
    ("It works one token at a time.", evidence_one_at_a_time, "tokens that training predicts in a pass: {:.0f}"),
    (
        "BERT sees the whole context at once, and is not autoregressive.",
        evidence_bert,
        "sum over all texts of the products of its answers: {:.1f}, and not 1",
    ),
    (
        "GPT-2's context vector is zero-initialised for the first word.",
        evidence_zero_context,
        "length of the shortest context vector at position 0: {:.2f}",
    ),
    (
        "Encoder-decoders serve mappings between two kinds of sequence, with different weights for each.",
        evidence_two_kinds,
        "share of numbers right, minus that of the best single stack: {:+.3f}",
    ),
    ("Continuous text would need an arbitrary cut.", evidence_cut, "bits a character lost at another cut: {:+.2f}"),
]
ledger([(claim, says.format(evidence(table)[0]), evidence(table)[1]) for claim, evidence, says in CLAIMS])

# %% [markdown]
# One claim is confirmed, one is refuted, and five are half true. That is what claims mostly are: somebody has seen something, and has said a little more than that. (The first number comes from the module tree of `transformers`, the last two from the committed runs, and the others you have measured just now.)
