"""Self-attention to a picture's own and to borrowed keys. Tensors only: no diffusers, no votes.

core          the method as algebra: attend, blend, the gate
sites         the self-attention layers that record or borrow, found by measuring
tokens        what a reference lends to one layer: all of its tokens, or some
token_budget  how many tokens references lend, and at which steps
"""

from fabric_widget.engine.attention.core import Loan, attend, blend

__all__ = ["Loan", "attend", "blend"]
