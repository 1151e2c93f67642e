"""The words of CEL and its types (the language definition, sections Syntax and Values): no name may be one."""

from __future__ import annotations

RESERVED_WORDS = frozenset(
    {
        "as",
        "bool",
        "break",
        "bytes",
        "const",
        "continue",
        "double",
        "dyn",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "int",
        "let",
        "list",
        "loop",
        "map",
        "namespace",
        "null",
        "null_type",
        "package",
        "return",
        "string",
        "true",
        "type",
        "uint",
        "var",
        "void",
        "while",
    }
)
