"""The documentation's site: the pages of ``docs/``, and those that follow from the program itself.

What a recipe may say, what the commands take and what the catalogue makes is written once, in the
program; here it is turned into pages. ``python -m website references`` writes those that are kept
in ``docs/``, ``python -m website build`` makes the whole site, with a page for each task.
"""
