"""Writes what a script measured into a page, between two marks."""
import os


def replace_between(page, marks, text):
    """Replaces what stands between the two `marks` of `page`; an error leaves the page as it was."""
    begin, end = marks
    with open(page, encoding="utf-8") as file:
        before, rest = file.read().split(begin)
    behind = rest.split(end, 1)[1]
    with open(page + ".part", "w", encoding="utf-8") as file:
        file.write(before + begin + text + end + behind)
    os.replace(page + ".part", page)
