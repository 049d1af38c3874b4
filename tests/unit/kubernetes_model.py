"""What Kubernetes does with `$` in command, args and env."""

from __future__ import annotations

from collections.abc import Mapping


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text as a container gets it (k8s.io/kubernetes third_party/forked/golang/expansion).

    `$$` is a dollar; `$(NAME)` is the variable if there is one, else it stays; `$` stays.
    """
    out = ""
    position = 0
    while position < len(text):
        if text.startswith("$$", position):
            out += "$"
            position += 2
        elif text.startswith("$(", position) and ")" in text[position:]:
            end = text.index(")", position)
            name = text[position + 2 : end]
            out += variables.get(name, f"$({name})")
            position = end + 1
        else:
            out += text[position]
            position += 1
    return out
