"""Lists what every notebook's code may use without a person having to look at it.

What is listed is elementary: numbers, shapes, loops, and the layers that everything is made of. What an exercise asks
for, and what contains it, is not. An assignment adds its own in ``ALLOWS``: see ``autograder.authoring.assignment``.

A name is a name, wherever it stands: one that is harmless in one module must be harmless in all of them.
"""

import builtins
import importlib
import types

import numpy
import torch

# The modules that may be imported, and names in them. Tensors' own methods come in addition: see PERMITTED.
MODULES = {
    "torch": """
        BoolTensor DoubleTensor FloatTensor Generator IntTensor LongTensor Size Tensor arange as_tensor atleast_1d
        atleast_2d atleast_3d autocast autograd binomial block_diag broadcast_shapes broadcast_tensors bucketize
        can_cast cartesian_prod cat cdist chain_matmul column_stack combinations complex concat concatenate
        contiguous_format cumulative_trapezoid default_generator device dstack dtype e einsum empty empty_like
        empty_strided enable_grad eps eye finfo from_numpy full full_like get_default_device get_default_dtype
        get_float32_matmul_precision get_num_threads get_rng_state gradient hstack iinfo inf inference_mode
        is_grad_enabled is_inference_mode_enabled is_tensor isin linspace logspace manual_seed meshgrid nan newaxis
        no_grad normal ones ones_like pairwise_distance pi poisson polar preserve_format promote_types rand rand_like
        randint randint_like randn randn_like randperm range result_type row_stack scalar_tensor searchsorted seed
        set_default_device set_default_dtype set_float32_matmul_precision set_grad_enabled set_num_threads
        set_printoptions set_rng_state stack std_mean strided tensor tensordot tiny trapezoid trapz tril_indices
        triu_indices typename unravel_index use_deterministic_algorithms vander var_mean view_as_complex view_as_real
        vmap vstack zeros zeros_like""",
    "torch.nn": """
        AlphaDropout BCELoss BCEWithLogitsLoss Bilinear CELU ConstantPad1d Conv1d CosineSimilarity CrossEntropyLoss
        Dropout Dropout1d Dropout2d Dropout3d ELU Embedding Flatten GLU Hardswish Hardtanh HuberLoss Identity
        KLDivLoss L1Loss LeakyReLU Linear LogSigmoid LogSoftmax MSELoss Mish Module ModuleDict ModuleList NLLLoss
        PReLU Parameter ParameterDict ParameterList ReLU ReLU6 SELU Sequential SiLU Sigmoid SmoothL1Loss Softmax
        Softmin Softplus Softsign Tanh Threshold Unflatten ZeroPad1d add_module append apply bias buffers children
        embedding_dim eval extend extra_repr forward get_parameter half in_features load_state_dict modules
        named_buffers named_children named_modules named_parameters num_embeddings out_features padding_idx parameters
        register_buffer register_forward_hook register_forward_pre_hook register_module register_parameter remove
        reset_parameters state_dict train training weight zero_grad""",
    "torch.nn.functional": """
        alpha_dropout bilinear binary_cross_entropy binary_cross_entropy_with_logits celu conv1d cosine_similarity
        cross_entropy dropout dropout1d dropout2d elu embedding glu gumbel_softmax hardsigmoid hardswish hardtanh
        huber_loss kl_div l1_loss leaky_relu linear logsigmoid mish mse_loss nll_loss normalize one_hot pad relu6 selu
        silu smooth_l1_loss softmin softplus softshrink softsign tanhshrink threshold""",
    "torch.nn.init": """
        constant_ kaiming_normal_ kaiming_uniform_ ones_ orthogonal_ trunc_normal_ xavier_normal_ xavier_uniform_
        zeros_""",
    "torch.nn.parameter": "",
    "torch.nn.utils": "clip_grad_norm_ clip_grad_value_",
    "torch.nn.utils.rnn": "pad_sequence",
    "torch.optim": "Adam AdamW Optimizer SGD param_groups",
    "torch.autograd": "grad",
    "torch.cuda": "is_available manual_seed_all",
    "torch.backends": "",
    "torch.backends.mps": "is_available",
    "torch.linalg": "norm vector_norm",
    "torch.testing": "assert_close",
    "torch.random": "",
    "math": "*",
    "time": "*",
    "itertools": "*",
    "typing": """
        Annotated Any Callable ClassVar Dict Final Generic Iterable Iterator List Literal NamedTuple Optional Protocol
        Sequence Set Tuple Type TypeAlias TypeVar TypedDict Union cast overload""",
    "types": "SimpleNamespace",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple most_common",
    "collections.abc": "Callable Generator Iterable Iterator Mapping MutableMapping Sequence",
    "functools": "cache cached_property cmp_to_key lru_cache partial reduce total_ordering wraps",
    "contextlib": "ExitStack contextmanager nullcontext suppress",
    "copy": "copy deepcopy",
    "random": "Random choice choices gauss getrandbits random sample shuffle uniform",
    "statistics": "fmean mean median mode pstdev pvariance stdev variance",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits punctuation whitespace",
    "textwrap": "dedent fill indent shorten wrap",
    "re": """
        DOTALL IGNORECASE MULTILINE compile end escape findall finditer fullmatch group groups match search span sub""",
    "json": "dumps loads",
    "dataclasses": "asdict astuple dataclass field fields",
    "enum": "Enum IntEnum auto",
    "abc": "ABC abstractmethod",
    "numbers": "Integral Number Real",
    "fractions": "Fraction denominator numerator",
    "decimal": "Decimal",
    "operator": "add and_ eq floordiv ge gt itemgetter le lt mod mul ne neg or_ sub truediv xor",
    "bisect": "bisect bisect_left bisect_right insort",
    "heapq": "heapify heappop heappush nlargest nsmallest",
    "pprint": "pprint",
    "warnings": "catch_warnings filterwarnings simplefilter warn",
    "__future__": "annotations",
    "numpy": """
        allclose apply_along_axis arange argpartition around array array2string array_equal array_equiv asarray
        ascontiguousarray average bool_ broadcast_arrays c_ concatenate delete diag_indices divmod dot einsum empty
        errstate expand_dims eye fill_diagonal flatnonzero float32 float64 floating fromfunction fromiter full
        full_like geomspace identity indices int64 integer interp intersect1d isclose isscalar issubdtype ix_ linspace
        maximum mean mgrid minimum nanmax nanmin nanstd nanvar ndarray ndindex number ogrid ones ones_like percentile
        polyfit power printoptions ptp put_along_axis r_ random rint s_ set_printoptions setdiff1d sqrt stack std
        take_along_axis tri tril triu union1d vectorize where zeros zeros_like""",
    "numpy.linalg": "norm",
    "numpy.random": "default_rng integers permutation standard_normal",
    "matplotlib": "",
    "matplotlib.pyplot": """
        annotate axes axhline axis axvline bar barh cla clf cm close colorbar figure fill_between flat gca gcf grid
        hist imshow legend loglog margins matshow pcolormesh plot rcParams savefig scatter semilogx semilogy set_aspect
        set_title set_xlabel set_xlim set_xscale set_xticklabels set_xticks set_ylabel set_ylim set_yscale
        set_yticklabels set_yticks show spines step subplot subplots subplots_adjust suptitle text tick_params
        tight_layout title twinx viridis xlabel xlim xscale xticks ylabel ylim yscale yticks invert_yaxis invert_xaxis
        set_axis_off set_visible flatten""",
    "tqdm": "tqdm trange set_description set_postfix write",
    "tqdm.auto": "",
    "tqdm.notebook": "",
    "IPython.display": "HTML Markdown Math clear_output display",
}
BUILTINS = frozenset(
    """abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict dir display
    divmod enumerate filter float format frozenset hasattr hash help hex id input int isinstance issubclass iter len
    list map max min next object oct ord pow print property range repr reversed round set slice sorted
    staticmethod str sum super tuple type zip Ellipsis NotImplemented False None True __debug__ __name__""".split()
) | {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}
NOT_PERMITTED_BUILTINS = frozenset(dir(builtins)) - BUILTINS - {"_"} | {"get_ipython"}

# Of the names with two underscores on both sides, those that a class may define and code may call.
SPECIAL = frozenset(
    f"__{name}__"
    for name in """abs add all and bool call class contains debug delitem enter eq exit float floordiv future ge getitem
    gt hash iadd imul index init int invert isub iter itruediv le len lt main matmul mod mul name ne neg new next or pos
    post_init pow qualname radd repr reversed rmatmul rmul round rpow rsub rtruediv setitem slots str sub truediv
    version xor""".split()
)

# Objects whose names mean themselves. Code that gives one of them to something of its own is looked at.
OF_PYTHON = (types.CodeType, types.CoroutineType, types.FrameType, types.FunctionType, types.GeneratorType)
OF_PYTHON += (types.AsyncGeneratorType, types.MethodType, types.ModuleType, types.TracebackType, AttributeError)
OF_TORCH = (torch, torch.nn, torch.nn.functional, torch.nn.Module, numpy.ndarray)
SIMPLE = (str, bytes, list, tuple, dict, set, frozenset, int, float, complex, range, slice, property, StopIteration)


def _public(*things: object) -> set[str]:
    return {name for thing in things for name in dir(thing) if not name.startswith("_")}


_ELSEWHERE_ONLY = {"cpu", "cuda", "ipu", "module_load", "mtia", "storage", "xpu"}  # of the names of tensors
PERMITTED = frozenset(
    {name for names in MODULES.values() for name in names.split() if name != "*"}
    | _public(*(importlib.import_module(name) for name, names in MODULES.items() if names == "*"))
    | (_public(torch.Tensor, torch.Generator, torch.optim.Optimizer) - _ELSEWHERE_ONLY)
    | {"cpu", "cuda", "send", "close"}
    | {name for name, value in vars(torch).items() if isinstance(value, torch.dtype)}
    | _public(*SIMPLE)
)

# Variables often have the names of these modules, so that they may stand anywhere. No other module may be a value.
NAMED_LIKE_VARIABLES = ("copy", "random", "string", "time")

# The names that mean something inside Python and torch. If students call something of their own so, it is known only
# where it is taken from the object itself.
TAKEN = frozenset(
    name
    for thing in (*OF_PYTHON, *OF_TORCH, *map(importlib.import_module, NAMED_LIKE_VARIABLES))
    for name in dir(thing)
)


def is_module(path: str) -> bool:
    """Return whether a dotted path, all but the last part of which is a listed module, is a module, too."""
    parent, _, name = path.rpartition(".")
    if parent not in MODULES or parent.startswith(("matplotlib", "tqdm", "IPython")):
        return path in MODULES
    return path in MODULES or isinstance(getattr(importlib.import_module(parent), name, None), types.ModuleType)


def is_guarded(path: str) -> bool:
    """Return whether a module may stand only in front of a dot."""
    return path not in NAMED_LIKE_VARIABLES
