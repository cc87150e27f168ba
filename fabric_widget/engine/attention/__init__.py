"""Self-attention to a picture's own keys and to those of references. Knows tensors only.

core          the method as algebra: attend, blend, the gate
kernels       attention kernels that return the log-sum-exp
place         one attention call: its arguments, its place in the denoiser, what it borrows
calls         attention calls as torch sees them: softmax and linear, blended with loans
find_sites    the self-attention calls of a denoiser, found by measuring
site          one such call that records its keys and values, or borrows those of references
tokens        what a reference lends to one layer: all of its tokens, or some
token_budget  how many tokens references lend, and at which steps
"""

from fabric_widget.engine.attention.core import Loan, attend, blend

__all__ = ["Loan", "attend", "blend"]
