#!/usr/bin/env python3
"""Writes what a script measured into a page: all of it, or the text between two marks. On an error the page
is unchanged.

`page.py PAGE` replaces the page by its standard input, for scripts in other languages.
"""
import os
import sys


def replace(page, text):
    """Replaces the whole of `page`, which need not exist."""
    with open(page + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(page + ".part", page)


def replace_between(page, marks, text):
    """Replaces the text between the two `marks` of `page`; on an error the page is unchanged."""
    begin, end = marks
    with open(page, encoding="utf-8") as file:
        before, rest = file.read().split(begin)
    behind = rest.split(end, 1)[1]
    replace(page, before + begin + text + end + behind)


if __name__ == "__main__":
    replace(sys.argv[1], sys.stdin.read())
