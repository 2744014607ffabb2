"""The made-up class of `make demo`: twelve students, each with a way of their own to hand in notebook 01."""

from autograder.classroom.demo import MadeUpStudent

WRITTEN = "It is the same: the sum of all exponentials cancels when each row is divided by its own sum."
TYPING_ERROR = """\
def scaled_dot_product_attention(query, key, value, mask=None):
    weights = (qurey @ key.transpose(-2, -1)).softmax(dim=-1)
    return weights @ value, weights
"""
ENDLESS_LOOP = """\
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        head = 0
        while head < num_heads:
            self.query_proj = nn.Linear(d_model, d_model)
"""


def student(name: str, *mistakes: str, hands_in: str = "solution", **exercises: str) -> MadeUpStudent:
    """A student who makes these mistakes, and wrote these texts in place of an exercise."""
    return MadeUpStudent(name, mistakes, {"renormalised": WRITTEN, **exercises}, hands_in)


STUDENTS = [
    student("ada"),
    student("alan", hands_in="release"),
    student("barbara", scaled_dot_product_attention=TYPING_ERROR),
    student("claude", MultiHeadAttention=ENDLESS_LOOP),
    student("donald", hands_in="half a file"),
    student("edsger", "mask after the softmax"),
    student("frances", "no scaling", "heads merged without a transpose"),
    student("grace", "diagonal masked"),
    student("hedy", "True for padding", "mask the wrong way round", "mask not passed on"),
    student("john", "overflow in half precision", "another error than ValueError"),
    student("katherine", "NaN where nothing can be seen"),
    student("margaret", "one token too many", "scaled by d_k, without the root", "weights not detached"),
]
LOOK_AT = "frances"  # whose feedback is worth a look
