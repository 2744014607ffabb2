"""Makes right notebooks that also reach torch's own attention, each by another way. A person must look at all of them.

Every last cell ends with torch's function or class as ``found``.
"""

from .kind import Kind, variant

NAMES = 'name, layer = "scaled_dot_product" + "_attention", "Multihead" + "Attention"\n'
WAYS = {
    "an annotated attribute": "class Box: pass\nbox = Box()\nbox.f: object = nn.MultiheadAttention\nfound = box.f",
    "a target of a loop": "class Box: pass\nfor Box.f in [nn.MultiheadAttention]: pass\nfound = Box.f",
    "the rest of a match": "match vars(nn):\n    case {'Linear': _, **rest}: found = rest[layer]",
    "arguments of a match": "class Any(type):\n    def __instancecheck__(cls, x): return True\nclass Has(metaclass=Any): __match_args__ = (layer,)\nmatch nn:\n    case Has(found): pass",
    "type hints": "import typing\ndef f(x): pass\nf.__annotations__['x'] = 'nn.' + layer\nfound = typing.get_type_hints(f)['x']",
    "_pickle": "import _pickle\nfound = _pickle.loads(b'ctorch.nn\\n' + layer.encode() + b'\\n.')",
    "jinja2": "import jinja2\nkept = []\njinja2.Template('{{ kept.append(nn[layer]) }}').render(kept=kept, nn=nn, layer=layer)\n(found,) = kept",
    "logging's resolver": "import logging.config\nfound = logging.config.BaseConfigurator({}).resolve('torch.nn.' + layer)",
    "an interpreter": "import code\nspace = {'nn': nn}\ncode.InteractiveInterpreter(space).runsource('found = nn.' + layer)\nfound = space['found']",
    "fx": "import torch.fx\nfound = torch.fx.graph_module.torch.nn.MultiheadAttention",
    "an entry point": "from importlib.metadata import EntryPoint\nfound = EntryPoint('a', 'torch.nn:' + layer, 'b').load()",
    "traitlets' importstring": "from traitlets.utils.importstring import import_item\nfound = import_item('torch.nn.' + layer)",
    "a mode of torch's functions": """\
from torch.overrides import TorchFunctionMode
kept = []
class Listen(TorchFunctionMode):
    def __torch_function__(self, f, types, args=(), kwargs=None):
        kept.append(f)
        return f(*args, **(kwargs or {}))
with Listen():
    nn.TransformerEncoderLayer(8, 2, batch_first=True)(torch.zeros(1, 3, 8))
found = next(f for f in kept if f.__name__ == 'multi_head_attention_forward')""",
    "a part of a permitted whole": "found = type(nn.Transformer(8, 2, 1, 1, 16).encoder.layers[0].self_attn)",
    "a layer out of transformers": "import transformers\nfound = transformers.models.gpt2.modeling_gpt2.nn.MultiheadAttention",
    "a module called self": "import torch.nn.functional as self\nfound = self.scaled_dot_product_attention",
    "a method of another class": "class Mine:\n    def MultiheadAttention(self): return self.MultiheadAttention\nfound = Mine.MultiheadAttention(nn)",
    "a reduction": "from functools import reduce\nfound = reduce(getattr, ['nn', layer], torch)",
    "a formatter": "import string\nfound, _ = string.Formatter().get_field('0.' + layer, [nn], {})",
    "pyplot's modules": "found = plt.sys.modules['torch.nn'].MultiheadAttention",
    "numpy's tests": "import numpy as np\nspace = {'nn': nn}\nnp.testing.runstring('found = nn.' + layer, space)\nfound = space['found']",
    "a generator's frame": "found = (_ for _ in ()).gi_frame.f_globals['nn'].MultiheadAttention",
    "a comment that is code": "# half of it\u2028!true\u2028found = nn.MultiheadAttention",
    "a command without its sign": "timeit ({'globals().update(found=nn.MultiheadAttention)' and 1})",
}  # fmt: skip

READYMADE: list[Kind] = [
    variant(
        f"{way} leads to torch's own",
        "anomalies",
        90.0,
        last=code if "\u2028" in code or "timeit" in code else NAMES + code,
    )
    for way, code in WAYS.items()
]
