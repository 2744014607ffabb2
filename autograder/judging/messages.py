"""Knows the messages of Python's and PyTorch's exceptions that may be repeated, since they have a known form.

Each has few numbers in it: see ``test_an_explanation_holds_few_bits``. Groups are names.
"""

import re
from collections.abc import Iterator

# ruff: noqa: E501 -- messages are not ours to shorten

N = r"\d{1,6}"
SHAPE = rf"\[(?:-?{N}(?:, )?){{0,4}}\]"
PAIR = rf"\[{N}, {N}\]"
KIND = r"(?:float|double|c10::Half|c10::BFloat16|long int|long long|long|int|bool)"
TYPE = r"(?:Float|Double|Half|BFloat16|Long|Int|Bool)"
GIVEN = r"(\w{1,40})(?:\.(\w{1,40}))?\(\)"  # the function that was called
PYTHON = (
    r"name '(\w{1,40})' is not defined",
    r"cannot access local variable '(\w{1,40})' where it is not associated with a value",
    r"(?:module |type object )?'(\w{1,40})'(?: object)? has no attribute '(\w{1,40})'",
    r"'(\w{1,40})' object is not (?:callable|iterable|subscriptable)",
    r"unsupported operand type\(s\) for [-+*/@&|%<>=]{1,2}: '(\w{1,40})' and '(\w{1,40})'",
    r"'[<>]=?' not supported between instances of '(\w{1,40})' and '(\w{1,40})'",
    rf"{GIVEN} takes (?:from )?{N}(?: to {N})? positional arguments? but {N} (?:was|were) given",
    rf"{GIVEN} missing {N} required positional arguments?: '(\w{{1,40}})'",
    rf"{GIVEN} got an unexpected keyword argument '(\w{{1,40}})'",
    rf"not enough values to unpack \(expected {N}, got {N}\)",
    rf"too many values to unpack \(expected {N}\)",
    r"(?:list|tuple) index out of range",
    r"(?:float |integer )?(?:division|modulo)(?: or modulo)?(?: by zero)?",
    r"max\(\) (?:arg|iterable argument) is (?:an )?empty(?: sequence)?",
)
SIZES = (
    rf"mat1 and mat2 shapes cannot be multiplied \({N}x{N} and {N}x{N}\)",
    rf"The size of tensor a \({N}\) must match the size of tensor b \({N}\) at non-singleton dimension {N}",
    rf"The expanded size of the tensor \({N}\) must match the existing size \({N}\) at non-singleton dimension {N}\.",
    rf"Expected size for first two dimensions of batch2 tensor to be: {PAIR} but got: {PAIR}\.?",
    r"batch[12] must be a 3D tensor",
    rf"shape '{SHAPE}' is invalid for input of size {N}",
    rf"permute\(sparse_coo\): number of dimensions in the tensor input does not match the length of the desired ordering "
    rf"of dimensions i\.e\. input\.dim\(\) = {N} is not equal to len\(dims\) = {N}",
    rf"einsum\(\): the number of subscripts in the equation \({N}\) does not match the number of dimensions \({N}\) for "
    rf"operand {N} and no ellipsis was given",
    rf"einsum\(\): subscript [a-zA-Z] has size {N} for operand {N} which does not broadcast with previously seen size {N}",
    rf"Dimension out of range \(expected to be in range of \[-{N}, {N}\], but got -?{N}\)",
    rf"index {N} is out of bounds for dimension {N} with size {N}",
    r"index out of range in self",
    r"selected index k out of range",
    rf"Tensors must have same number of dimensions: got {N} and {N}",
    rf"Sizes of tensors must match except in dimension {N}\. Expected size {N} but got size {N} for tensor number {N} in the "
    r"list\.",
    rf"split_with_sizes expects split_sizes to sum exactly to {N} \(input tensor's size at dimension -?{N}\), but got "
    rf"split_sizes=\[{N}, {N}\]",
    rf"Expected input batch_size \({N}\) to match target batch_size \({N}\)\.",
    rf"Expected target size {PAIR}, got {PAIR}",
    r"view size is not compatible with input tensor's size and stride \(at least one dimension spans across two "
    r"contiguous subspaces\)\. Use \.reshape\(\.\.\.\) instead\.",
)
KINDS = (
    rf"expected (?:m1 and m2|mat1 and mat2) to have the same dtype, but got: {KIND} != {KIND}",
    rf"expected scalar type {TYPE} but found {TYPE}",
    rf"result type {TYPE} can't be cast to the desired output type {TYPE}",
    rf"masked_fill_? only supports boolean masks, but got mask with dtype {KIND}",
    r"value cannot be converted to type (?:at|c10)::Half without overflow",
    r"Boolean value of Tensor with more than one value is ambiguous",
    r"only integer tensors of a single element can be converted to an index",
    r"only one element tensors can be converted to Python scalars",
    rf"a Tensor with {N} elements cannot be converted to Scalar",
    r"~ \(operator\.invert\) is only implemented on integer and Boolean-type tensors",
    r"Subtraction, the `-` operator, with (?:a|two) bool tensors? is not supported\.",
    r"len\(\) of a 0-d tensor",
    r"Module \[(\w{1,40})\] is missing the required \"forward\" function",
)
GRADIENTS = (
    r"element 0 of tensors does not require grad and does not have a grad_fn",
    r"one of the variables needed for gradient computation has been modified by an inplace operation",
    r"a leaf Variable that requires grad is being used in an in-place operation\.",
    r"grad can be implicitly created only for scalar outputs",
    r"Can't call numpy\(\) on Tensor that requires grad\.",
)
OURS = (r"(\w{1,40}) did not come to an end, and is not called again",)
MESSAGES = [re.compile(pattern) for pattern in (*PYTHON, *SIZES, *KINDS, *GRADIENTS, *OURS)]
# What PyTorch tells behind it: the sizes of the tensor, and advice.
TAIL = re.compile(r"\n|: \[torch\.|  Target sizes: | Use tensor\.| If you are trying")


def known_forms(message: str) -> Iterator[re.Match]:
    """Yield the matches of a message, without its tail, with the forms that are known."""
    yield from filter(None, (pattern.fullmatch(TAIL.split(message, maxsplit=1)[0]) for pattern in MESSAGES))
