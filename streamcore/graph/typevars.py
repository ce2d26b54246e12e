"""The type variables of transforms.

`K` and `V` are those of pairs, `T` what goes in, `U` and `R` what comes out.

A transform is made before it is applied, so a type checker often cannot know what it will be applied to:
`pcoll | "label" >> Keys()`. With Any as bound and default such a transform fits every input, and the parameter of
a lambda is Any where the checker does not find out more, instead of something that has no attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    K = TypeVar("K", bound=Any, default=Any)
    R = TypeVar("R", bound=Any, default=Any)
    T = TypeVar("T", bound=Any, default=Any)
    U = TypeVar("U", bound=Any, default=Any)
    V = TypeVar("V", bound=Any, default=Any)
else:
    from typing import TypeVar

    K, R, T, U, V = (TypeVar(name) for name in "KRTUV")
