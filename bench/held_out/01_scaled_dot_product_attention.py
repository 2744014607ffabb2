from heldout import Right, Two, Wrong

A, X = "01_attention", "scaled_dot_product_attention"
CASES = [
    Right(
        A,
        X,
        "softmax by hand",
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query / math.sqrt(d_k), key.mT)
    if mask is None:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=query.device)
    scores = torch.where(mask, scores, -math.inf)
    largest = scores.detach().amax(dim=-1, keepdim=True)
    largest = torch.where(largest == -math.inf, 0.0, largest)  # a row that may see nothing
    powers = (scores.double() - largest.double()).exp()
    total = powers.sum(dim=-1, keepdim=True)
    total = torch.where(total == 0, 1.0, total)
    weights = (powers / total).to(query.dtype)
    return weights @ value, weights
""",
    ),
    Right(
        A,
        X,
        "einsum, the root split over query and key",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scale = query.shape[-1] ** -0.25
    scores = torch.einsum("...id,...jd->...ij", query * scale, key * scale)
    if mask is None:
        w = torch.softmax(scores, dim=-1)
    else:
        blocked = torch.logical_not(mask)
        w = torch.softmax(scores.masked_fill(blocked, -float("inf")), dim=-1).masked_fill(blocked, 0)
    return torch.einsum("...ij,...jd->...id", w, value), w
""",
    ),
    Right(
        A,
        X,
        "open rows first, blind queries afterwards",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    scores = (query * (1.0 / query.shape[-1] ** 0.5)) @ key.transpose(-1, -2)
    if mask is not None:
        mask = mask.expand(scores.shape)
        blind = ~mask.any(dim=-1, keepdim=True)  # queries that see nothing
        scores = scores.masked_fill(~(mask | blind), -torch.inf)  # for them, first let everything through
    weights = nn.functional.softmax(scores, dim=-1)
    if mask is not None:
        weights = torch.where(blind, torch.zeros_like(weights), weights)
    return torch.matmul(weights, value), weights
""",
    ),
    Wrong(
        A,
        X,
        "no scaling",
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1))
    if mask is not None:
        scores = scores.masked_fill(mask == False, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask == False, 0.0)
    return torch.matmul(weights, value), weights
""",
    ),
    Wrong(
        A,
        X,
        "scaled after the product",
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    p_attn = scores.softmax(dim=-1)
    if mask is not None:
        p_attn = p_attn.masked_fill(~mask, 0.0)
    return torch.matmul(p_attn, value), p_attn
""",
    ),
    Wrong(
        A,
        X,
        "root of the number of keys",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    q = query / math.sqrt(key.shape[-2])
    scores = q @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
        weights = scores.softmax(-1).masked_fill(~mask, 0.0)
    else:
        weights = scores.softmax(-1)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "root of the width of the values",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    *_, d_model = value.shape
    scores = torch.einsum("...qd,...kd->...qk", query / d_model**0.5, key)
    hidden = torch.zeros_like(scores, dtype=torch.bool) if mask is None else ~mask
    weights = scores.masked_fill(hidden, -math.inf).softmax(dim=-1).masked_fill(hidden, 0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "divided by d_k and not by its root",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scaled = query / query.shape[-1]
    scores = scaled @ key.mT
    if mask is None:
        weights = scores.softmax(dim=-1)
    else:
        weights = scores.masked_fill(~mask, -math.inf).softmax(dim=-1).nan_to_num(0.0)
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "multiplied by the root",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    factor = query.shape[-1] ** 0.5
    scores = (query * factor) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    attn = nn.functional.softmax(scores, dim=-1)
    if mask is not None:
        attn = torch.where(mask, attn, 0.0)
    return attn @ value, attn
""",
    ),
    Wrong(
        A,
        X,
        "softmax over the queries",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-2)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "softmax over dim=1, right only for tensors of two dimensions",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "mask after the softmax",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    query = query / math.sqrt(query.shape[-1])
    weights = (query @ key.transpose(-2, -1)).softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    output = weights @ value
    return output, weights
""",
    ),
    Wrong(
        A,
        X,
        "mask after the softmax, renormalised",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    w = ((query / query.shape[-1] ** 0.5) @ key.mT).softmax(-1)
    if mask is not None:
        w = w * mask
        total = w.sum(-1, keepdim=True)
        w = w / total.masked_fill(total == 0, 1.0)
    return w @ value, w
""",
    ),
    Wrong(
        A,
        X,
        "masked with -1e4",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = torch.matmul(query / math.sqrt(query.size(-1)), key.transpose(-2, -1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e4)
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask == 0, 0.0)
    return torch.matmul(weights, value), weights
""",
    ),
    Wrong(
        A,
        X,
        "masked with -1e9, which float16 cannot hold",
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    "Compute 'Scaled Dot Product Attention'"
    d_k = query.size(-1)
    query = query / math.sqrt(d_k)
    scores = torch.matmul(query, key.transpose(-2, -1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = scores.softmax(dim=-1)
    if mask is not None:
        p_attn = p_attn.masked_fill(mask == 0, 0)
    return torch.matmul(p_attn, value), p_attn
""",
    ),
    Wrong(
        A,
        X,
        "a row that sees nothing is NaN",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / query.size(-1) ** 0.5) @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "a row that sees nothing has equal weights (lowest finite number)",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "NaN repaired in the output only",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(dim=-1)
    output = weights @ value
    if mask is not None:
        output = output.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return output, weights
""",
    ),
    Wrong(
        A,
        X,
        "minus infinity is added, NaN is removed from the returned tensors only: gradients are NaN",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores + torch.zeros_like(scores).masked_fill(~mask, -math.inf)
    weights = scores.softmax(dim=-1)
    output = torch.nan_to_num(weights @ value)
    return output, torch.nan_to_num(weights)
""",
    ),
    Wrong(
        A,
        X,
        "exponentials without subtracting the maximum",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    powers = torch.exp(scores)
    if mask is not None:
        powers = powers.masked_fill(~mask, 0.0)
    total = powers.sum(dim=-1, keepdim=True)
    weights = powers / total.masked_fill(total == 0, 1.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "True means blocked",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = query / math.sqrt(query.shape[-1]) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "the weights are returned first",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    s = (query * query.shape[-1] ** -0.5) @ key.mT
    if mask is None:
        weights = s.softmax(-1)
    else:
        weights = s.masked_fill(~mask, -math.inf).softmax(-1).masked_fill(~mask, 0.0)
    return weights, weights @ value
""",
    ),
    Wrong(
        A,
        X,
        "computes in float32: half becomes float, double loses digits",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    q, k, v = query.float(), key.float(), value.float()
    scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights
""",
    ),
    Wrong(
        A,
        X,
        "softmax in float32, cast back: double loses digits",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = nn.functional.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "query is scaled in place",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    query /= math.sqrt(query.shape[-1])
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "detached weights are used for the output",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    with torch.no_grad():
        scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = scores.softmax(dim=-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "works only for tensors of three dimensions",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = torch.bmm(query / math.sqrt(query.shape[-1]), key.transpose(1, 2))
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return torch.bmm(weights, value), weights
""",
    ),
    Wrong(
        A,
        X,
        "masked scores are 0 and not minus infinity",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores * mask
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "the average is of the keys",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    q = query / query.shape[-1] ** 0.5
    scores = torch.einsum("...ik,...jk->...ij", q, key)
    if mask is not None:
        scores = scores.masked_fill(~mask, -float("inf"))
    a = scores.softmax(dim=-1)
    if mask is not None:
        a = a.masked_fill(~mask, 0.0)
    return torch.einsum("...ij,...jk->...ik", a, key), a
""",
    ),
    Wrong(
        A,
        X,
        "the mask is transposed",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is None:
        weights = scores.softmax(-1)
        return weights @ value, weights
    if mask.shape[-1] == mask.shape[-2]:
        mask = mask.mT
    weights = scores.masked_fill(~mask, -math.inf).softmax(-1).masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "the output is squeezed",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    q = query * (query.shape[-1] ** -0.5)
    scores = q @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return (weights @ value).squeeze(), weights
""",
    ),
    Wrong(
        A,
        X,
        "a causal mask of its own when none is given",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    Tq, Tk = query.shape[-2], key.shape[-2]
    if mask is None:
        mask = torch.tril(torch.ones(Tq, Tk, dtype=torch.bool))
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1).masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "masked_fill_ in place on the softmax",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores.masked_fill_(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights.masked_fill_(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "log_softmax is returned as weights",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    log_weights = scores.log_softmax(dim=-1)
    weights = log_weights.exp()
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, log_weights
""",
    ),
    Wrong(
        A,
        X,
        "a query that sees one key only counts as blind (any confused with all)",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        blind = ~mask.all(dim=-1, keepdim=True)
        weights = weights.masked_fill(blind, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "softmax by hand, the largest number of the whole tensor is subtracted",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    top = scores.max().detach()
    e = torch.exp(scores - (top if top > -math.inf else 0))
    total = e.sum(dim=-1, keepdim=True)
    weights = e / total.masked_fill(total == 0, 1)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "transpose(1, 2): right for three dimensions only",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    swapped = key.T if key.dim() == 2 else key.transpose(1, 2)
    scores = torch.matmul(query / math.sqrt(query.shape[-1]), swapped)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, -1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Wrong(
        A,
        X,
        "root of d_k as a float32 tensor",
        """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    d_k = torch.tensor([query.shape[-1]], dtype=torch.float32)
    scores = torch.matmul(query / torch.sqrt(d_k), key.transpose(-2, -1))
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, -1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
""",
    ),
    Two(
        A,
        X,
        ["scaled after the product", "a row that sees nothing is NaN"],
        """
def scaled_dot_product_attention(q, k, v, mask=None):
    attn_logits = torch.matmul(q, k.transpose(-2, -1))
    attn_logits = attn_logits / math.sqrt(q.size()[-1])
    if mask is not None:
        attn_logits = attn_logits.masked_fill(mask == 0, float("-inf"))
    attention = nn.functional.softmax(attn_logits, dim=-1)
    values = torch.matmul(attention, v)
    return values, attention
""",
    ),
    Two(
        A,
        X,
        ["no scaling", "masked with -1e9 and equal weights for a blind row"],
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    dots = query @ key.transpose(-2, -1)
    if mask is not None:
        dots = torch.where(mask, dots, torch.full_like(dots, -1e9))
    weights = dots.softmax(-1)
    return weights @ value, weights
""",
    ),
    Two(
        A,
        X,
        ["True means blocked", "weights first"],
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    q = query / math.sqrt(query.shape[-1])
    scores = q @ key.mT
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    weights = scores.softmax(-1).nan_to_num(0.0)
    return weights, weights @ value
""",
    ),
    Two(
        A,
        X,
        ["float32 inside", "softmax over the queries"],
        """
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = (query.float() / math.sqrt(query.shape[-1])) @ key.float().transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(dim=-2)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0)
    return weights @ value.float(), weights
""",
    ),
]
