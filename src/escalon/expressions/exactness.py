"""How readings in doubles reach the decisions of exact arithmetic.

An exact program is read for one visit with rational numbers, so a threshold on a decimal is met exactly when it is met
on paper. Columns, SQL and JavaScript have doubles only; there 1 + 1 + 0.7 + 0.1 is 2.8000000000000003. In exact
programs they therefore call two computed numbers equal when they are closer than half a billionth, that is, when they
agree to nine decimals, and they take a computed number that close to 0 for 0 before it divides or goes under a root
or logarithm.

That is the exact decision wherever two different values cannot come so close:

* Recorded values and literals are compared as they are: equal decimals of up to 15 digits are equal doubles.
* Sums and differences of values recorded to at most six decimals, times literals of at most two, lie on a grid of 10⁻⁸:
  different values differ by 10⁻⁸ at least, and doubles of magnitude below 10⁵ carry an error below 10⁻¹⁰ for a
  hundred terms.
* A fall by a share, (b - a)/b ≥ 20/100, differs from its limit by at least 1/(5·b) counted in units of the last
  recorded digit: safe while b has fewer than nine digits, decimals included.

Rounding both sides to nine decimals would mean the same but for values that lie on a rounding edge (…5 in the tenth
decimal), where the last bit of two equal numbers could round them apart; a distance has no edges there.
Roots, logarithms and powers are irrational, so even the reading for one visit compares those by this rule.
"""

from escalon.expressions.program import Program
from escalon.expressions.tree import Kind, Op

TOLERANCE = 5e-10
_IRRATIONAL = frozenset({"sqrt", "ln", "exp", "power"})
_PASSING = frozenset({"neg", "abs", "min", "max", "max_known", "otherwise", "case"})


def irrational_steps(program: Program) -> frozenset[int]:
    """The numbers of the steps whose value rests on a root, a logarithm or a power: doubles in every reading."""
    found: set[int] = set()
    for number, step in enumerate(program.steps):
        if isinstance(step.node, Op) and step.kind in (Kind.NUMBER, Kind.INTEGER):
            own = step.node.name in _IRRATIONAL
            if own or (step.node.name != "count_known" and any(part in found for part in step.parts)):
                found.add(number)
    return frozenset(found)


def computed_steps(program: Program) -> frozenset[int]:
    """The numbers of the steps whose double may differ in its last digits from the exact value."""
    found: set[int] = set()
    for number, step in enumerate(program.steps):
        if not isinstance(step.node, Op) or step.kind is not Kind.NUMBER:
            continue
        if step.node.name not in _PASSING or any(part in found for part in step.parts):
            found.add(number)
    return frozenset(found)
