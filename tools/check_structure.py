"""Check the structure and the language of the package against fixed limits; part of `make lint`.

Usage: python -m tools.check_structure [--figures]

Every rule below counts places. A count above its limit in LIMITS fails, with the places; a count below it asks for the
lower limit, so that what was mended stays mended. The goal of every limit but the comment share is zero.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import sys
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

PACKAGE = Path("callcenter_etl")
DOCS = ("README.md", "CONTRIBUTING.md", "docs/**/*.md")
MAX_FUNCTION_LINES = 40
MAX_MODULE_LINES = 300
MIN_COMMENT_SHARE = 0.03

# Words of no technical meaning here, each with the ones that the field uses; style follows the anchors of the docs.
PRIVATE_WORDS = re.compile(
    r"\b(?:tells?|told|telling|whose|anew|unharmed|stands|gone on with|goes on|go on from|going on with|hangs? on|held to)\b",
    re.IGNORECASE,
)
OPENING = re.compile(r"(?:Gives?|Tells?|Takes?|Says?|Whose|What|Which|How|Why|One)\b")
PRIVATE_NAMES = re.compile(
    r"(?:^|_)(?:told|tell|telling|whose|anew|twin|grounds?|unfit|heal|healing|leftovers|patience|court|hearing|bench|trial|MOST|LEAST|LONGEST)(?:_|$)"
)
FILE_METHODS = {"tell"}  # of Python's file protocol, which a class that replaces a file has to define
# One name for a command and for the tool that it runs: the command is one thin file, named as users type it.
SHARED_MODULE_NAMES = {"doctor", "contract_test", "backtest"}
SHARED_CLASS_NAMES: set[str] = set()


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package, parsed once."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self.text.count("\n")


Places = Iterator[str]


def duplicate_modules(modules: list[Module]) -> Places:
    """Yield file names that occur in more than one room."""
    homes = defaultdict(list)
    for module in modules:
        if not module.path.stem.startswith("__") and module.path.stem not in SHARED_MODULE_NAMES:
            homes[module.path.stem].append(module.path)
    for name, paths in sorted(homes.items()):
        # A command is one thin file, named as users type it, so cli/<command>.py may repeat the name of its tool.
        tools = [path for path in paths if path.parts[1] != "cli"]
        if len(tools) > 1:
            yield f"{name}: {', '.join(map(str, tools))}"


def duplicate_classes(modules: list[Module]) -> Places:
    """Yield class names that are defined more than once."""
    homes = defaultdict(list)
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef) and node.name not in SHARED_CLASS_NAMES:
                homes[node.name].append(f"{module.path}:{node.lineno}")
    for name, places in sorted(homes.items()):
        if len(places) > 1:
            yield f"{name}: {', '.join(places)}"


def docstrings(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def opening_words(modules: list[Module]) -> Places:
    """Yield docstrings that do not begin with a verb of the field."""
    for module in modules:
        for line, text in docstrings(module):
            if OPENING.match(text):
                yield f"{module.path}:{line}: {text.splitlines()[0]}"


def comments(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def private_words(modules: list[Module]) -> Places:
    """Yield words of the private dialect in docstrings and comments."""
    for module in modules:
        for line, text in (*docstrings(module), *comments(module)):
            for match in PRIVATE_WORDS.finditer(text):
                yield f"{module.path}:{line}: {match[0]}"


def private_words_in_docs(_: list[Module]) -> Places:
    """Yield words of the private dialect in README and docs."""
    for pattern in DOCS:
        for path in sorted(Path().glob(pattern)):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                for match in PRIVATE_WORDS.finditer(line):
                    yield f"{path}:{number}: {match[0]}"


def private_names(modules: list[Module]) -> Places:
    """Yield names of modules, classes, functions and constants in the private dialect."""
    for module in modules:
        if PRIVATE_NAMES.search(module.path.stem):
            yield str(module.path)
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.ClassDef | ast.FunctionDef)
                and node.name not in FILE_METHODS
                and PRIVATE_NAMES.search(snake(node.name))
            ):
                yield f"{module.path}:{node.lineno}: {node.name}"
            elif (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Store)
                and PRIVATE_NAMES.search(node.id)
            ):
                yield f"{module.path}:{node.lineno}: {node.id}"


def snake(name: str) -> str:
    """Return a class name in lower case with underscores."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() if not name.isupper() else name


def long_functions(modules: list[Module]) -> Places:
    """Yield functions of more than MAX_FUNCTION_LINES lines, the docstring not counted."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node, clean=False)
                end = node.end_lineno or node.lineno
                lines = end - node.lineno + 1 - (text.count("\n") + 1 if text else 0)
                if lines > MAX_FUNCTION_LINES:
                    yield f"{module.path}:{node.lineno}: {node.name} has {lines} lines"


def long_modules(modules: list[Module]) -> Places:
    """Yield modules of more than MAX_MODULE_LINES lines."""
    for module in modules:
        if module.lines > MAX_MODULE_LINES:
            yield f"{module.path}: {module.lines} lines"


def import_cycles(_: list[Module]) -> Places:
    """Yield modules that import each other, imports inside functions included."""
    graph = grimp.build_graph(str(PACKAGE), exclude_type_checking_imports=True)
    for module in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            # A package's __init__ is the parent of its modules: an import of it is no way back.
            if imported > module and graph.find_shortest_chain(imported, module):
                yield f"{module} and {imported}"


def comment_share(modules: list[Module]) -> float:
    """Return the share of lines that are, or end in, a comment."""
    return sum(sum(1 for _ in comments(module)) for module in modules) / sum(m.lines for m in modules)


RULES: dict[str, Callable[[list[Module]], Places]] = {
    "duplicate module names": duplicate_modules,
    "duplicate class names": duplicate_classes,
    "docstrings that begin with no verb of the field": opening_words,
    "private words in docstrings and comments": private_words,
    "private words in docs": private_words_in_docs,
    "private names": private_names,
    "long functions": long_functions,
    "long modules": long_modules,
    "import cycles": import_cycles,
}
LIMITS: dict[str, int] = {
    "duplicate module names": 0,
    "duplicate class names": 0,
    "docstrings that begin with no verb of the field": 0,
    "private words in docstrings and comments": 0,
    "private words in docs": 6,
    "private names": 0,
    "long functions": 0,
    "long modules": 0,
    "import cycles": 0,
}


def figures(modules: list[Module]) -> str:
    """Return the size and the coupling of the package in one paragraph."""
    graph = grimp.build_graph(str(PACKAGE), exclude_type_checking_imports=True)
    imports = [len(graph.find_modules_directly_imported_by(module)) for module in graph.modules]
    sizes = [module.lines for module in modules]
    return (
        f"{len(modules)} modules, {sum(sizes):,} lines; lines a module: median {statistics.median(sizes):.0f}, most {max(sizes)}; "
        f"imports a module: median {statistics.median(imports):.0f}, most {max(imports)}; comments: {comment_share(modules):.1%} of lines"
    )


def main() -> int:
    """Print what is over its limit; return 1 where anything is."""
    parser = argparse.ArgumentParser(description="check structure and language of the package")
    parser.add_argument("--figures", action="store_true", help="print counts and sizes, and check nothing")
    parser.add_argument(
        "--places", metavar="RULE", choices=[*RULES], help="print every place that a rule counts"
    )
    options = parser.parse_args()
    modules = [
        Module(path, text := path.read_text("utf-8"), ast.parse(text))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]
    if options.places:
        print(*RULES[options.places](modules), sep="\n")
        return 0
    if options.figures:
        print(figures(modules))
    failed = False
    for name, rule in RULES.items():
        places = list(rule(modules))
        if options.figures:
            print(f"{name}: {len(places)} (limit {LIMITS[name]})")
        elif len(places) > LIMITS[name]:
            failed = True
            print(f"{name}: {len(places)}, at most {LIMITS[name]}", *places[-20:], sep="\n  ")
        elif len(places) < LIMITS[name]:
            failed = True
            print(
                f"{name}: {len(places)}, fewer than the limit of {LIMITS[name]}: lower it in tools/check_structure.py"
            )
    share = comment_share(modules)
    if not options.figures and share < MIN_COMMENT_SHARE:
        failed = True
        print(
            f"comments: {share:.1%} of lines, at least {MIN_COMMENT_SHARE:.0%}: say why where the code is not obvious"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
