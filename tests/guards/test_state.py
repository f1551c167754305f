"""No module of the product keeps state: what a process owns hangs on its `Process` object.

Found are `global` statements; module-level containers that are made empty or that a function
changes; and module-level threads, locks and queues. A cache of a pure function is no state.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.guards.tree import parsed, python_files

CONTAINERS = {
    "Counter",
    "OrderedDict",
    "WeakKeyDictionary",
    "WeakSet",
    "WeakValueDictionary",
    "bytearray",
    "defaultdict",
    "deque",
    "dict",
    "list",
    "set",
}
RUNNING = {
    "BoundedSemaphore",
    "Condition",
    "Event",
    "Lock",
    "PriorityQueue",
    "Queue",
    "RLock",
    "Semaphore",
    "SimpleQueue",
    "Thread",
    "ThreadPoolExecutor",
    "local",
}
CHANGES = {
    "add",
    "append",
    "appendleft",
    "clear",
    "discard",
    "extend",
    "insert",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "setdefault",
    "update",
}
# Where module state is meant, and why.
MEANT = {
    "sessions/people/mail.py": "its two threads serve every loop and page of the process",
    "sessions/web/circuit_breaker.py": "one number that middleware and views share",
}


def test_no_module_keeps_state() -> None:
    found = {
        str(path): names
        for path in python_files("server", "sessions")
        if (names := sorted(state_of(parsed(path))))
    }
    assert found.keys() - MEANT.keys() == set(), found
    assert MEANT.keys() - found.keys() == set(), "no reason is kept for what is gone"


def state_of(module: ast.Module) -> set[str]:
    """The module-level names that change, or that hold what runs."""
    names = dict(assigned(module))
    made = {name for name, value in names.items() if is_empty(value) or is_running(value)}
    changed = {name for name in changes(module) if name in names}
    return made | changed


def assigned(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in module.body:
        if isinstance(node, ast.Assign):
            targets = [target for target in node.targets if isinstance(target, ast.Name)]
            yield from ((target.id, node.value) for target in targets)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def is_empty(value: ast.expr) -> bool:
    """A container with nothing in it: a constant would have something."""
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    name = called(value)
    return (
        name in CONTAINERS
        and isinstance(value, ast.Call)
        and len(value.args) < 1 + (name == "defaultdict")
    )


def is_running(value: ast.expr) -> bool:
    return called(value) in RUNNING


def called(value: ast.expr) -> str:
    """The last word of what is called: `weakref.WeakSet[int]()` is WeakSet."""
    if not isinstance(value, ast.Call):
        return ""
    function = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    return ast.unparse(function).rpartition(".")[2]


def changes(module: ast.Module) -> Iterator[str]:
    """Names that are declared global, or whose container a function changes."""
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        own = own_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield from node.names
            elif (name := changed_by(node)) and name not in own:
                yield name


def own_names(function: ast.AST) -> set[str]:
    """Its arguments and what it assigns: they hide the module's names."""
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return arguments | {node.id for node in names if isinstance(node.ctx, ast.Store)}


def changed_by(node: ast.AST) -> str:
    """`name[…] = …`, `del name[…]` and `name.append(…)` change `name`."""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        holder: ast.expr = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in CHANGES:
            return ""
        holder = node.func.value
    else:
        return ""
    return holder.id if isinstance(holder, ast.Name) else ""


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("LIMIT = 3\nTABLE = {'a': 1}\nNAMES = ['a']\n", set()),
        ("seen = set()\n", {"seen"}),
        ("by_loop: WeakKeyDictionary[int, str] = WeakKeyDictionary()\n", {"by_loop"}),
        ("counts = defaultdict(int)\n", {"counts"}),
        ("pool = ThreadPoolExecutor(2)\n", {"pool"}),
        ("at = 0\ndef f():\n    global at\n    at = 1\n", {"at"}),
        ("table = {'a': 1}\ndef f():\n    table['b'] = 2\n", {"table"}),
        ("table = {'a': 1}\ndef f():\n    del table['a']\n", {"table"}),
        ("names = ['a']\ndef f():\n    names.append('b')\n", {"names"}),
        ("names = ['a']\ndef f(names):\n    names.append('b')\n", set()),
        ("names = ['a']\ndef f():\n    names = []\n    names.append('b')\n", set()),
        ("KEPT = set(['a'])\n@cache\ndef f(): ...\n", set()),
    ],
)
def test_state_is_told_from_constants(source: str, found: set[str]) -> None:
    assert state_of(ast.parse(source)) == found
