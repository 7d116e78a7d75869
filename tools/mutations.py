"""Small faults that can be put into a Python file: where they are, and the file's text with one of them in it."""

import ast
from dataclasses import dataclass

FLIPS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}
REMOVABLE = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutation:
    """One fault: what kind, in which line, and the bytes that are replaced."""

    kind: str
    line: int
    start: int
    end: int
    by: str


def mutations(source: str) -> list[Mutation]:
    """Every fault that can be put into a file; none in a docstring, an annotation, a message or a default of typer."""
    tree = ast.parse(source)
    lines = [0]
    for line in source.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    found = _Finder(source.encode(), lines)
    found.visit(tree)
    return found.found


def mutated(source: str, one: Mutation) -> str:
    """The file's text with the fault in it."""
    text = source.encode()
    return (text[: one.start] + one.by.encode() + text[one.end :]).decode()


def is_python(text: str) -> bool:
    """Whether a text can be run at all; a fault that cannot is none."""
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Finder(ast.NodeVisitor):
    """Walks a file and notes the faults; what nobody executes is not entered."""

    def __init__(self, text: bytes, lines: list[int]) -> None:
        self.text, self.lines = text, lines
        self.found: list[Mutation] = []

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._statements(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A decorator's options (frozen, slots) change nothing that is computed."""
        self._statements(node.body)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
            return
        self.visit(node.test)
        self._statements(node.body)
        self._statements(node.orelse)

    def visit_Raise(self, node: ast.Raise) -> None:
        """The words of a message are no fault."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Nor is what is printed into a text."""

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, sign, right in zip((node.left, *node.comparators), node.ops, node.comparators, strict=False):
            self._between("comparison", left, right, *FLIPS[type(sign)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        was, by = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        if len(node.values) == 2:
            self._between("and/or", node.values[0], node.values[1], was, by)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in ARITHMETIC and not any(isinstance(one, ast.JoinedStr) for one in (node.left, node.right)):
            self._between("arithmetic", node.left, node.right, *ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._note("not removed", node, self._source(node.operand))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._note("boolean", node, str(not node.value))
        elif isinstance(node.value, int):
            self._note("number + 1", node, str(node.value + 1))
            self._note("number - 1", node, f"({node.value - 1})")
        elif isinstance(node.value, float):
            self._note("number changed", node, repr(node.value * 1.1 + 0.1))

    def generic_visit(self, node: ast.AST) -> None:
        """Bodies of statements are gone through one by one, so that one can be left out."""
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self._statements(value)
            elif isinstance(value, list):
                for one in value:
                    if isinstance(one, ast.AST):
                        self.visit(one)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def _statements(self, body: list[ast.stmt]) -> None:
        for one in body:
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                continue
            if isinstance(one, REMOVABLE):
                self._note("statement removed", one, "pass")
            self.visit(one)

    def _between(self, kind: str, left: ast.expr, right: ast.expr, was: str, by: str) -> None:
        start, end = self._span(left)[1], self._span(right)[0]
        at = self.text.find(was.encode(), start, end)
        if at >= 0:
            self.found.append(Mutation(kind, left.lineno, at, at + len(was), by))

    def _note(self, kind: str, node: ast.expr | ast.stmt, by: str) -> None:
        self.found.append(Mutation(kind, node.lineno, *self._span(node), by))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.lines[node.lineno - 1] + node.col_offset, self.lines[node.end_lineno - 1] + node.end_col_offset

    def _source(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self.text[start:end].decode()
