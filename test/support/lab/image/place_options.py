#!/usr/bin/python3
"""Places the options of a fragment (standard input, ini form) into a configuration file as a careful administrator would.

An option goes where the file assigns it already; else below its commented example; else to the top of its section.
Every other byte of the file stays as the package ships it.
"""
import re
import sys


def section_bounds(lines, section):
    start = next((i for i, line in enumerate(lines) if line.strip() == f"[{section}]"), None)
    if start is None:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines += ["\n", f"[{section}]\n"]
        return len(lines) - 1, len(lines)
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("[")), len(lines))
    return start, end


def place(lines, section, key, value):
    start, end = section_bounds(lines, section)
    text = f"{key} = {value}\n" if value else f"{key} =\n"
    assigned = [i for i in range(start + 1, end) if re.match(rf"{re.escape(key)}\s*=", lines[i])]
    if assigned:
        lines[assigned[-1]] = text
        return
    example = [i for i in range(start + 1, end) if re.match(rf"#\s?{re.escape(key)}\s*=", lines[i])]
    lines.insert((example[-1] if example else start) + 1, text)


def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    section = None
    for line in sys.stdin:
        line = line.strip()
        if line.startswith("["):
            section = line[1:-1]
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            place(lines, section, key.strip(), value.strip())
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


main()
